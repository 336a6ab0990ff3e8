"""Many workers on many machines: Procrastinate brings jobs to them, through PostgreSQL.

The book of jobs stays the record; Procrastinate holds only the ids of jobs that may begin now, each with its lock,
its priority and its queue, and forgets them once they have been brought. It wakes workers by LISTEN/NOTIFY, keeps two
jobs with one lock apart, and knows by their heartbeats which workers live.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import psycopg
from procrastinate import SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job as QueuedJob
from procrastinate.manager import JobManager
from psycopg.conninfo import make_conninfo

from posture.errors import StoreError
from posture.schedule.distributed_manager import queue_of, words_of
from posture.schedule.distributed_schema import prepare_queues
from posture.schedule.distributed_worker import BRING, PUBLISHED, Rhythm, work

if TYPE_CHECKING:
    from posture.domain.job import Job
    from posture.usecases.ports.working import JobRunner, StopSign

_LOG: Final = logging.getLogger(__name__)
_AT_ONCE: Final = 500
"""So many jobs are handed over by one statement."""
_WAITING: Final = """
    select queueing_lock from procrastinate_jobs where status = 'todo' and queueing_lock = any (%s)"""
# Of jobs with one lock only the first that waits is ever taken: in a queue that nobody takes from any more it would
# keep all others back. That queue is the one that the tenant had before the settings were changed.
_TOGETHER: Final = """
    update procrastinate_jobs
    set queue_name = now.queue
    from unnest(%s::varchar[], %s::varchar[]) as now (lock, queue)
    where procrastinate_jobs.status = 'todo'
        and procrastinate_jobs.lock = now.lock
        and procrastinate_jobs.queue_name <> now.queue"""
_RESTART_SECONDS: Final = 5.0
# Without these a worker would listen for hours to a server whose machine has lost its power.
# Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES-IDLE
_OPTIONS: Final = {
    "application_name": "posture",
    "connect_timeout": "10",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}


class FleetEngine:
    """Brings jobs to any number of workers that share a PostgreSQL database.

    ``conninfo`` is how libpq reaches it. A process that only hands over keeps no connection; one that works keeps at
    most four beside those of the store. A proxy in between must not share sessions, as that would lose notifications
    (pgbouncer: ``pool_mode = session``).
    """

    def __init__(self, conninfo: str, *, rhythm: Rhythm = PUBLISHED) -> None:
        self._conninfo = make_conninfo(conninfo, **_OPTIONS)
        self._rhythm = rhythm
        self._manager = JobManager(SyncPsycopgConnector(conninfo=self._conninfo))
        self._is_prepared = False

    def hand_over(self, jobs: Sequence[Job]) -> None:
        """Take over the bringing of these jobs, which are on record and may begin now; any process may call it. One
        that waits here already is not brought a second time. Jobs with one lock wait in one queue, that of the last.

        Raises:
            StoreError: the database does not answer, or its queues are not posture's.
        """
        with self._connected() as connection:
            for start in range(0, len(jobs), _AT_ONCE):
                batch = jobs[start : start + _AT_ONCE]
                queues = {job.lock: queue_of(job) for job in batch}
                connection.execute(_TOGETHER, [list(queues), list(queues.values())])
                waiting = {row[0] for row in connection.execute(_WAITING, [[job.id for job in batch]])}
                self._defer([_queued(job) for job in batch if job.id not in waiting], connection)

    def run(self, runner: JobRunner, *, queues: Collection[str], threads: int, stop: StopSign) -> None:
        """Bring jobs of these queues, of all if none is named, to this process, so many at a time, until ``stop`` is
        set and what was begun has come back. One of several threads is kept for what somebody waits for.

        A database that does not answer is waited for.

        Raises:
            StoreError: the queues are of a newer version, or of another program.
        """
        while not stop.is_set():
            try:
                with self._connected():
                    pass
                asyncio.run(
                    work(self._conninfo, runner, queues=queues, threads=threads, stop=stop, rhythm=self._rhythm)
                )
            except (ConnectorException, psycopg.Error, _Unreachable) as error:
                sentence = "The database does not answer (%s): this worker waits for it."
                _LOG.warning(sentence, words_of(error), extra={"action": "database_lost"})
                stop.wait(_RESTART_SECONDS)

    def close(self) -> None:
        """Nothing is kept open."""

    def _defer(self, queued: list[QueuedJob], connection: psycopg.Connection[Any]) -> None:
        if not queued:
            return
        try:
            self._manager.batch_defer_jobs(queued, connection=connection)
        except AlreadyEnqueued:
            # Another process handed one of them over just now, and the statement did nothing for the others either.
            for each in queued:
                with suppress(AlreadyEnqueued):
                    self._manager.defer_job(each, connection=connection)

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with psycopg.connect(self._conninfo, autocommit=True) as connection:
                if not self._is_prepared:
                    prepare_queues(connection)
                    self._is_prepared = True
                yield connection
        except (ConnectorException, psycopg.Error) as error:
            raise _Unreachable(f"the queues in the database cannot be used ({words_of(error)}): try again") from error


class _Unreachable(StoreError):
    """The database does not answer, which may pass."""


def _queued(job: Job) -> QueuedJob:
    return QueuedJob(
        id=None,
        queue=queue_of(job),
        lock=job.lock,
        queueing_lock=job.id,
        task_name=BRING,
        task_kwargs={"job_id": job.id},
        priority=job.priority,
    )
