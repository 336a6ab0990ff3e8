"""Procrastinate's own statements for a worker that outlives a lost connection: it waits, and goes on where it was."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Final

from procrastinate import connector, exceptions, jobs, manager
from psycopg import OperationalError
from psycopg.errors import RaiseException

_LOG: Final = logging.getLogger(__name__)
_RECONNECT_SECONDS: Final = 1.0


def words_of(error: BaseException) -> str:
    """Return what the database said, in one line; the driver never repeats a password."""
    cause = error.__cause__ or error
    return " ".join(str(cause).split()) or type(cause).__name__


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

    def __init__(self, connector: connector.BaseConnector, *, outage: Outage, stopping: asyncio.Event) -> None:
        super().__init__(connector)
        self.worker_id: int | None = None
        self._outage = outage
        self._stopping = stopping
        self._held: set[int] = set()

    async def register_worker(self) -> int:
        self.worker_id = await super().register_worker()
        return self.worker_id

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> jobs.Job | None:
        """Take the most urgent job; None if there is none, or the worker is to stop."""
        is_unsure = False
        while not self._stopping.is_set():
            try:
                if is_unsure:
                    await self._give_back_unheard(worker_id)
                job = await super().fetch_job(queues, worker_id)
            except exceptions.ConnectorException as error:
                # The job may have been taken and only the answer lost.
                is_unsure = True
                await self._outage.wait(error)
                continue
            self._outage.is_over()
            if job is not None and job.id is not None:
                self._held.add(job.id)
            return job
        return None

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
        again = super().retry_job
        await self._if_held(job, lambda: again(job, retry_at, priority, queue, lock))

    async def let_others_have(self, job: jobs.Job) -> None:
        """Let a job that somebody took be brought again, unless it has ended meanwhile."""
        try:
            await super().retry_job(job)
        except exceptions.ConnectorException as error:
            if not isinstance(error.__cause__, RaiseException):
                raise

    async def update_heartbeat(self, worker_id: int) -> None:
        try:
            await super().update_heartbeat(worker_id)
        except exceptions.ConnectorException as error:
            _LOG.info("No heartbeat: %s", words_of(error), extra={"action": "no_heartbeat"})

    async def listen_for_jobs(
        self, *, on_notification: manager.NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        while True:
            try:
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
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
            self._held.discard(job.id or 0)
            return

    async def _give_back_unheard(self, worker_id: int) -> None:
        """Let others have what was taken for this worker without its having heard of it."""
        for job in await self.list_jobs_async(status="doing", worker_id=worker_id):
            if job.id not in self._held:
                await self.let_others_have(job)
