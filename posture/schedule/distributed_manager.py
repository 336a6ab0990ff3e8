"""Procrastinate's own statements for a worker that outlives a lost connection: it waits, and goes on where it was."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final

from procrastinate import connector, exceptions, jobs, manager
from psycopg import OperationalError
from psycopg.errors import RaiseException

from posture.domain.job_kind import JobKind

if TYPE_CHECKING:
    from posture.domain.job import Job

_LOG: Final = logging.getLogger(__name__)
_RECONNECT_SECONDS: Final = 1.0
_LONG: Final = JobKind.SCAN.priority
"""Jobs that are no more urgent than this may take hours."""
_URGENT: Final = " urgent"
_QUEUES_LIKE: Final = """
    select distinct queue_name from procrastinate_jobs where status = 'todo' and queue_name like %(pattern)s"""


def words_of(error: BaseException) -> str:
    """Return what the database said, in one line; the driver never repeats a password."""
    cause = error.__cause__ or error
    return " ".join(str(cause).split()) or type(cause).__name__


def queue_of(job: Job) -> str:
    """Return the queue in which a job waits: what somebody waits for is not in one with what may take hours, so that
    a worker can take the one and leave the other."""
    return job.queue if job.priority <= _LONG else job.queue + _URGENT


def queues_in(queues: Collection[str]) -> list[str]:
    """Return every queue in which jobs of these queues wait."""
    return [name for queue in sorted(queues) for name in (queue, queue + _URGENT)]


class Outage:
    """Tells the log once when the database is lost, and once when it is back."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self._is_lost = False

    async def wait(self, error: Exception) -> None:
        """Let some time pass after a statement that found no connection, less if the worker is to stop.

        Raises:
            ConnectorException: something else than the connection is wrong.
        """
        if not isinstance(error.__cause__, OperationalError):
            raise error
        if not self._is_lost:
            self._is_lost = True
            sentence = "The database does not answer (%s): this worker takes no new jobs and waits for it."
            _LOG.warning(sentence, words_of(error), extra={"action": "database_lost"})
        try:
            await asyncio.wait_for(self._stopping.wait(), _RECONNECT_SECONDS)
        except TimeoutError:
            return

    def is_over(self) -> None:
        """Note that the database answers."""
        if self._is_lost:
            self._is_lost = False
            _LOG.warning("The database answers again: this worker goes on.", extra={"action": "database_back"})


class PatientManager(manager.JobManager):
    """What a worker says to the database. One that lost its connection neither ends nor forgets a job over it.

    Procrastinate's worker ends when one of its statements fails; its heart stops without a word, as it watches that
    only until the first of its side tasks has ended, and one of them ends at once where no task is periodic. Both
    would make others take over jobs that are still run here.
    """

    def __init__(
        self,
        connector: connector.BaseConnector,
        *,
        outage: Outage,
        stopping: asyncio.Event,
        threads: int,
        poll: float,
    ) -> None:
        super().__init__(connector)
        self.worker_id: int | None = None
        self._outage = outage
        self._stopping = stopping
        self._threads = threads
        self._poll = poll
        self._held: dict[int, jobs.Job] = {}
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Look for jobs now, should this be waiting for some."""
        self._news.set()

    async def register_worker(self) -> int:
        self.worker_id = await super().register_worker()
        return self.worker_id

    async def unregister_worker(self, worker_id: int) -> None:
        try:
            await super().unregister_worker(worker_id)
        except exceptions.ConnectorException as error:
            # Others find that it is dead when it shows no sign of life any more.
            _LOG.warning("This worker cannot sign off: %s", words_of(error), extra={"action": "no_sign_off"})

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> jobs.Job | None:
        """Take the most urgent job; None if there is none, or the worker is to stop.

        Of several threads one is kept for what somebody waits for: while the others have what may take hours, nothing
        else is taken.
        """
        is_unsure = False
        while not self._stopping.is_set():
            self._news.clear()
            is_reserved = self._is_reserved
            try:
                if is_unsure:
                    await self._give_back_unheard(worker_id)
                job = await super().fetch_job(await self._urgent(queues) if is_reserved else queues, worker_id)
            except exceptions.ConnectorException as error:
                # The job may have been taken and only the answer lost.
                is_unsure = True
                await self._outage.wait(error)
                continue
            is_unsure = False
            self._outage.is_over()
            if job is not None and job.id is not None:
                self._held[job.id] = job
            if job is not None or not is_reserved:
                return job
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._poll)
        return None

    @property
    def _is_reserved(self) -> bool:
        """Say whether the only free thread is the one that is kept."""
        return self._threads > 1 and sum(job.priority <= _LONG for job in self._held.values()) >= self._threads - 1

    async def _urgent(self, queues: Iterable[str] | None) -> list[str]:
        """Return those of the queues, of all if None, that hold what somebody waits for."""
        if queues is not None:
            return [queue for queue in queues if queue.endswith(_URGENT)]
        found = await self.connector.execute_query_all_async(_QUEUES_LIKE, pattern=f"%{_URGENT}")
        return [row["queue_name"] for row in found]

    async def finish_job(self, job: jobs.Job, status: jobs.Status, delete_job: bool) -> None:
        end = super().finish_job
        await self._if_held(job, lambda: end(job=job, status=status, delete_job=delete_job))

    async def retry_job(
        self,
        job: jobs.Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        await self._if_held(job, lambda: self._let_wait(job, retry_at, priority, queue, lock))

    async def let_others_have(self, job: jobs.Job) -> None:
        """Let a job that somebody took be brought again, unless it has ended meanwhile."""
        try:
            await self._let_wait(job)
        except exceptions.ConnectorException as error:
            if not isinstance(error.__cause__, RaiseException):
                raise

    async def _let_wait(
        self,
        job: jobs.Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        while True:
            try:
                await super().retry_job(job, retry_at, priority, queue, lock)
            except exceptions.UniqueViolation:
                # It was handed over once more. What was brought already stays: it tells that it may have been begun.
                for other in await self.list_jobs_async(queueing_lock=job.queueing_lock, status="todo"):
                    await self.cancel_job_by_id_async(other.id or 0, delete_job=True)
            else:
                return

    async def update_heartbeat(self, worker_id: int) -> None:
        try:
            await super().update_heartbeat(worker_id)
        except exceptions.ConnectorException as error:
            _LOG.info("No heartbeat: %s", words_of(error), extra={"action": "no_heartbeat"})

    async def listen_for_jobs(
        self, *, on_notification: manager.NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        async def heard(*, channel: str, notification: jobs.Notification) -> None:
            self.wake()
            await on_notification(channel=channel, notification=notification)

        while True:
            try:
                await super().listen_for_jobs(on_notification=heard, queues=queues)
            except exceptions.ConnectorException as error:
                await self._outage.wait(error)

    async def _if_held(self, job: jobs.Job, end: Callable[[], Awaitable[None]]) -> None:
        """Write how a job ended, as soon as that is possible, unless somebody else has it by now.

        That is so if this worker was thought dead, or if the database wrote it and only its answer was lost.
        """
        while True:
            try:
                if await self.list_jobs_async(id=job.id, status="doing", worker_id=job.worker_id):
                    await end()
            except exceptions.ConnectorException as error:
                await self._outage.wait(error)
                if not self._stopping.is_set():
                    continue
                # How it ended is in the book; who takes it over finds nothing left to do.
                _LOG.warning("The end of job %s is not written: %s", job.task_kwargs.get("job_id"), words_of(error))
            self._held.pop(job.id or 0, None)
            self.wake()
            return

    async def _give_back_unheard(self, worker_id: int) -> None:
        """Let others have what was taken for this worker without its having heard of it."""
        for job in await self.list_jobs_async(status="doing", worker_id=worker_id):
            if job.id not in self._held:
                await self.let_others_have(job)
