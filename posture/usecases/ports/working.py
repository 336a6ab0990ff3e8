"""What working on schedule needs from the world."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from posture.domain.audit import AuditEvent
from posture.domain.job import Job
from posture.domain.schedule import SchedulePause, Timing
from posture.domain.slot import SlotKey


class JobBook(Protocol):
    """One transaction over jobs, slots and pauses; leaving it without an exception commits.

    Two books never overlap: what one read is still true when it writes.
    """

    def add(self, job: Job) -> None:
        """Record a job that waits; one that is on record is left alone."""

    def job(self, job_id: str) -> Job | None: ...

    def like(self, job: Job) -> Job | None:
        """Return a job on record that asks for the same, has not been begun and may begin no later: same kind, tenant
        and arguments. A plan is executed in the name of whoever asked: there, it is also of the same person."""

    def is_running(self, lock: str) -> bool:
        """Say whether a job with this lock runs now."""

    def save(self, job: Job, *, was: Job) -> bool:
        """Write how a job stands, if it still stands as it ``was``: state, tries and worker; say whether it did.

        A job that waits again counts as not handed over.
        """

    def report(self, job_id: str, progress: str, *, worker: str) -> None:
        """Write how far a running job is, if this worker still runs it."""

    def due(self, *, now: datetime, queues: Collection[str], limit: int) -> Sequence[Job]:
        """Return jobs that wait and may begin now and whose lock is free, the most urgent first; of all queues if
        none is named."""

    def follow(self, queues: Mapping[str, str]) -> int:
        """Let jobs that wait for these tenants wait in their queues (id → queue), and return how many moved; they
        count as not handed over."""

    def running(self) -> Sequence[Job]:
        """Return the jobs that somebody runs, or seems to."""

    def unhanded(self, *, now: datetime, limit: int) -> Sequence[Job]:
        """Return jobs that wait, may begin now and were not handed to the engine since they last began to wait, or
        ``HANDED_OVER_FOR`` ago, the most urgent first."""

    def mark_handed_over(self, jobs: Sequence[Job], *, at: datetime) -> None:
        """Record that the engine has these jobs, but for those that were begun since they were read."""

    def looked_until(self, schedule: str) -> Mapping[str | None, datetime]:
        """Return up to when the due times of a schedule were looked at, by tenant."""

    def look_until(self, schedule: str, tenants: Collection[str | None], *, until: datetime) -> None:
        """Record up to when the due times of a schedule were looked at in these tenants."""

    def look_again(self, schedule: str, *, since: datetime) -> int:
        """Forget what was looked at beyond a moment: how far, and the slots beyond it that were missed; return in how
        many tenants. Slots beyond it that made a job stay."""

    def open_slots(self, slots: Sequence[tuple[SlotKey, Job | None]], *, now: datetime) -> Sequence[Job]:
        """Record slots, each with its job or, if it was missed, without; return the jobs that are new.

        A slot that is on record is left alone, and its job is not recorded a second time.
        """

    def pauses(self) -> Sequence[SchedulePause]: ...

    def pause(self, pause: SchedulePause) -> None:
        """Record a pause; an earlier one of the same schedule and tenant is replaced."""

    def resume(self, schedule: str, tenant_id: str | None) -> bool:
        """Delete a pause; say whether there was one."""

    def forget(self, before: datetime, *, kinds: Collection[str]) -> int:
        """Delete jobs of these kinds that ended before then, with their slots; return how many."""

    def record(self, event: AuditEvent) -> None:
        """Append what a person changed to the audit, kept or dropped together with the change."""


class OpenJobBook(Protocol):
    def __call__(self) -> AbstractContextManager[JobBook]: ...


class Timetable(Protocol):
    """When schedules are due."""

    def next_time(self, timing: Timing, *, after: datetime) -> datetime:
        """Return the first due time later than ``after``, in UTC."""

    def times(self, timing: Timing, *, after: datetime, until: datetime, limit: int) -> Sequence[datetime]:
        """Return the due times later than ``after`` and not later than ``until``, the earliest first; if there are
        more than ``limit``, the newest ones."""


class StopSign(Protocol):
    """Whether a worker was asked to stop. ``threading.Event`` is one."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, at most so many seconds; say whether it is."""


class JobRunner(Protocol):
    """What an engine calls for the jobs that it brings to this worker."""

    def run(self, job_id: str) -> None:
        """Run a job to its end, or until it waits once more: then it is handed over again when its time has come.

        It is safe to call it twice for the same job, at the same time and in several processes: all but one find that
        they need not do anything. What goes wrong in a job is written down with the job.

        Raises:
            StoreError: the database cannot be used: bring the job again later.
        """

    def take_over(self, job_ids: Collection[str] | None = None) -> Sequence[Job]:
        """Give running jobs whose worker is dead back to the book, all that run if None is given, and return those
        that wait now: they are to be brought again.

        Raises:
            StoreError: the database cannot be used.
        """


class Engine(Protocol):
    """What brings the ids of jobs to workers. The record of jobs is the book, not the engine.

    An engine never runs two jobs with the same ``Job.lock`` at once, brings what has a higher ``Job.priority`` first,
    and nothing before ``Job.not_before``. Bringing a job too often does no harm.
    """

    def hand_over(self, jobs: Sequence[Job]) -> None:
        """Take over the bringing of these jobs, which are on record and may begin now; any process may call it. A job
        that was handed over before and waits again is brought again.

        One that may begin only later stays in the book until then: an engine that held it would have to keep other
        jobs with its lock behind it, and would go by a clock of its own.

        Raises:
            StoreError: they could not be handed over; the next sweep tries it again.
        """

    def run(self, runner: JobRunner, *, queues: Collection[str], threads: int, stop: StopSign) -> None:
        """Bring jobs of these queues, of all if none is named, to this process, so many at a time, until ``stop`` is
        set and what was begun has come back.

        What dead workers had begun is given back to the book (``runner.take_over``) and brought again.

        Raises:
            WorkerRunning: another process holds the database, and the engine knows only one.
        """

    def close(self) -> None: ...
