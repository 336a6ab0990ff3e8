"""Workers of a fleet in threads, and a runner that notes what it was brought."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count

import psycopg

from posture.domain.job import DEFAULT_QUEUE, Job, new_job
from posture.domain.job_kind import JobKind
from posture.schedule.distributed import FleetEngine
from posture.schedule.distributed_worker import Rhythm

HASTY = Rhythm(heartbeat=0.1, stalled=1.0, poll=0.1, patience=1.0)
"""A worker without a sign for a second is dead: enough for a busy machine, and no long wait."""
LONGEST = 30.0
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_IDS = count(1)


def a_job(kind: JobKind = JobKind.SCAN, *, tenant: str | None = "contoso", queue: str = DEFAULT_QUEUE) -> Job:
    """A job that may begin; name only what the test is about."""
    return new_job(
        f"job-{next(_IDS)}",
        kind,
        tenant_id=tenant,
        queue=queue,
        arguments={},
        asked_by=None,
        slot=None,
        now=NOON,
        not_before=NOON,
    )


class Bench:
    """Notes which jobs began and ended, holds those that it was told to hold, and has no database of its own."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.taken_over: list[str] = []
        self.most_at_once: dict[str, int] = {}
        self._refusals: dict[str, Exception] = {}
        self._held: set[str] = set()
        self._running: list[str] = []
        self._locks: dict[str, str] = {}
        self._changed = threading.Condition()

    def expect(self, *jobs: Job) -> None:
        """Note with which locks these jobs run, to count how many of a lock run at once."""
        self._locks |= {job.id: job.lock for job in jobs}

    def hold(self, *jobs: Job) -> None:
        """Keep jobs running until they are released."""
        self._held |= {job.id for job in jobs}

    def release(self, *jobs: Job) -> None:
        with self._changed:
            self._held -= {job.id for job in jobs}
            self._changed.notify_all()

    def refuse(self, job: Job, error: Exception) -> None:
        """Let this happen when the job is to begin, once."""
        self._refusals[job.id] = error

    def run(self, job_id: str) -> None:
        with self._changed:
            if job_id in self._refusals:
                raise self._refusals.pop(job_id)
            self._note_begin(job_id)
            assert self._changed.wait_for(lambda: job_id not in self._held, LONGEST)
            self._running.remove(job_id)
            self.ended.append(job_id)
            self._changed.notify_all()

    def take_over(self, job_ids: Collection[str] | None = None) -> Sequence[Job]:
        with self._changed:
            self.taken_over += job_ids or ()
        return ()

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(is_so, LONGEST), "it did not come so"

    def _note_begin(self, job_id: str) -> None:
        self.begun.append(job_id)
        self._running.append(job_id)
        lock = self._locks.get(job_id, job_id)
        at_once = sum(self._locks.get(one, one) == lock for one in self._running)
        self.most_at_once[lock] = max(at_once, self.most_at_once.get(lock, 0))
        self._changed.notify_all()


@contextmanager
def working(
    engine: FleetEngine, bench: Bench, *, queues: Collection[str] = (), threads: int = 2
) -> Iterator[threading.Event]:
    """Let a worker work in a thread; on leaving it is stopped. Gives its stop sign."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            engine.run(bench, queues=queues, threads=threads, stop=stop)
        except BaseException as error:  # noqa: BLE001  (told to the test)
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(LONGEST)
    assert not thread.is_alive(), "the worker does not end"
    assert not failures, failures


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so in the database."""
    ends = time.monotonic() + LONGEST
    while not is_so():
        assert time.monotonic() < ends, "it did not come so"
        time.sleep(0.01)


def rows(database: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(question.encode()).fetchall()
