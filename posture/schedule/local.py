"""One worker process with threads of its own: it asks the book what may begin."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from posture.domain.job import Job
from posture.domain.job_kind import JobKind
from posture.errors import StoreError

if TYPE_CHECKING:
    from posture.usecases.ports.working import JobRunner, StopSign

_LOG: Final = logging.getLogger(__name__)
_POLL_SECONDS: Final = 0.5
"""How often the book is asked: another process may have written a job into it."""
_LONG: Final = JobKind.SCAN.priority
"""Jobs that are no more urgent than this may take hours."""


class _Book(Protocol):
    def due(self, *, now: datetime, queues: Collection[str], limit: int) -> Sequence[Job]: ...


class _Clock(Protocol):
    def now(self) -> datetime: ...


class LocalEngine:
    """The engine of an embedded database. Jobs stay in the book until a thread is free for them."""

    def __init__(
        self,
        *,
        open_book: Callable[[], AbstractContextManager[_Book]],
        hold: Callable[[], AbstractContextManager[None]],
        clock: _Clock,
        poll_seconds: float = _POLL_SECONDS,
    ) -> None:
        """``hold`` makes this process the only worker of the database, and raises WorkerRunning if it is not."""
        self._open_book = open_book
        self._hold = hold
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._bell = threading.Event()
        self._is_waiting = False

    def hand_over(self, jobs: Sequence[Job]) -> None:
        """Look into the book at once, if this process is the worker; any other one looks soon."""
        if jobs:
            self._bell.set()

    def run(self, runner: JobRunner, *, queues: Collection[str], threads: int, stop: StopSign) -> None:
        """Run jobs of these queues, of all if none is named, so many at a time, until ``stop`` is set and what was
        begun has come back. One of several threads is kept for what somebody waits for.

        Raises:
            WorkerRunning: another process holds the database.
            StoreError: the database cannot be used at the start.
        """
        with self._hold(), ThreadPoolExecutor(threads, "job") as pool:
            runner.take_over()
            underway = _Underway(threads)
            while not stop.is_set():
                self._bell.clear()
                for job in self._startable(underway, queues):
                    underway.add(job, pool.submit(runner.run, job.id), bell=self._bell)
                self._bell.wait(self._poll_seconds)

    def close(self) -> None:
        """Nothing is held."""

    def _startable(self, underway: _Underway, queues: Collection[str]) -> Iterator[Job]:
        """Yield jobs that may be begun now, each of which is to be added before the next one is asked for."""
        underway.drop_ended()
        if underway.free == 0:
            return
        try:
            with self._open_book() as book:
                # Those that were brought and not begun yet are among them.
                due = book.due(now=self._clock.now(), queues=queues, limit=underway.free + len(underway))
        except StoreError as error:
            if not self._is_waiting:
                _LOG.warning("Jobs wait: %s", error, extra={"action": "jobs_wait"})
            self._is_waiting = True
            return
        self._is_waiting = False
        yield from (job for job in due if underway.takes(job))


class _Underway:
    """What was brought to the threads and has not come back."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._jobs: dict[Future[None], Job] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def free(self) -> int:
        return self._threads - len(self._jobs)

    def takes(self, job: Job) -> bool:
        """Say whether there is a thread for the job, and nothing with its lock is underway."""
        if self.free == 0 or any(other.lock == job.lock for other in self._jobs.values()):
            return False
        if job.priority > _LONG or self._threads == 1:
            return True
        return sum(other.priority <= _LONG for other in self._jobs.values()) < self._threads - 1

    def add(self, job: Job, future: Future[None], *, bell: threading.Event) -> None:
        self._jobs[future] = job
        future.add_done_callback(lambda _: bell.set())

    def drop_ended(self) -> None:
        for future in [each for each in self._jobs if each.done()]:
            job = self._jobs.pop(future)
            if (error := future.exception()) is not None:
                _LOG.error("Job %s waits: %s", job.id[:12], error, extra={"action": "job_waits", "job": job.id})
