"""A clock that is set by hand, an engine that only remembers, and what a worker does, for tests of use cases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from posture.domain.job import Job
from posture.domain.job_kind import JobKind
from posture.domain.schedule import Schedule
from posture.errors import StoreError
from posture.schedule.timetable import ScheduleTimetable
from posture.usecases.notice_slots import LookDone, TenantToWorkOn, notice_slots
from posture.usecases.ports import JobBook, JobRunner, StopSign
from posture.usecases.run_job import DoJob, RunJobs
from tests.domain.jobs import CONTOSO, FABRIKAM, NOON
from tests.ports.memory_working import MemoryWorking

TENANTS = (
    TenantToWorkOn(name="contoso", tenant_id=CONTOSO, queue="default"),
    TenantToWorkOn(name="fabrikam", tenant_id=FABRIKAM, queue="apart"),
)


@dataclass
class HandClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Remembering:
    """An engine that brings nothing; ``is_away`` makes it refuse."""

    handed: list[str] = field(default_factory=list)
    is_away: bool = False

    def hand_over(self, jobs: Sequence[Job]) -> None:
        if self.is_away:
            raise StoreError("the database does not answer")
        self.handed += [job.id for job in jobs]

    def run(self, runner: JobRunner, *, queues: Collection[str], threads: int, stop: StopSign) -> None:
        raise AssertionError("nothing is run here")

    def close(self) -> None:
        pass


@dataclass
class Watching:
    """Remembers how jobs ended."""

    ended: list[tuple[str, str]] = field(default_factory=list)
    unexpected: int = 0

    def span(self, name: str, **attributes: str) -> AbstractContextManager[None]:
        return nullcontext()

    def worked(self, *, kind: str, state: str, seconds: float) -> None:
        self.ended.append((kind, state))

    def failed_unexpectedly(self) -> None:
        self.unexpected += 1


@dataclass(kw_only=True)
class Workplace:
    """A book in memory, and one worker at it. ``lost`` makes the next transactions fail, one for each."""

    book: MemoryWorking = field(default_factory=MemoryWorking)
    clock: HandClock = field(default_factory=HandClock)
    engine: Remembering = field(default_factory=Remembering)
    watch: Watching = field(default_factory=Watching)
    stop: threading.Event = field(default_factory=threading.Event)
    lost: int = 0

    @contextmanager
    def open_work(self) -> Iterator[JobBook]:
        if self.lost:
            self.lost -= 1
            raise StoreError("the database does not answer")
        with self.book.open_work() as book:
            yield book

    def look(self, *schedules: Schedule, tenants: Sequence[TenantToWorkOn] = TENANTS) -> LookDone:
        return notice_slots(
            schedules, tenants, timetable=ScheduleTimetable(), open_book=self.open_work, clock=self.clock
        )

    def add(self, *jobs: Job) -> None:
        with self.book.open_work() as book:
            for job in jobs:
                book.add(job)

    def job(self, id: str = "j1") -> Job:
        return self.book.jobs[id]

    def worker(self, do: DoJob, *, kind: JobKind = JobKind.SCAN, name: str = "w1") -> RunJobs:
        kinds: Callable[[], dict[JobKind, DoJob]] = lambda: {kind: do}  # noqa: E731
        return RunJobs(
            kinds, worker=name, open_book=self.open_work, clock=self.clock, stop=self.stop, watch=self.watch
        )
