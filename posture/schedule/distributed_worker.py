"""One worker of a fleet: takes jobs, shows that it lives, and takes over from those that do not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import psycopg
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.app import WorkerOptions
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as QueuedJob

from posture.errors import StoreError
from posture.schedule.distributed_manager import Outage, PatientManager, queues_in, words_of

if TYPE_CHECKING:
    from posture.usecases.ports.working import JobRunner, StopSign

_LOG: Final = logging.getLogger(__name__)
BRING: Final = "posture.bring"
"""The one task: bring a job of the book to a worker."""
_CONNECTIONS: Final = 3  # and one more that listens
_LOOK_SECONDS: Final = 0.1
_LONGEST_RETRY: Final = timedelta(minutes=1)
_NEVER_SECONDS: Final = 86_400.0
# Two workers that took over the same job would both bring it.
_ALONE: Final = "select pg_try_advisory_xact_lock(hashtext('posture stalled jobs'))"


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How often a worker does what it does, in seconds.

    It shows every ``heartbeat`` that it lives; after ``stalled`` without a sign others take over what it ran. New
    jobs wake it, others it looks for every ``poll``. For a connection it waits no longer than ``patience`` at a time.
    """

    heartbeat: float
    stalled: float
    poll: float
    patience: float


PUBLISHED: Final = Rhythm(heartbeat=10, stalled=30, poll=5, patience=5)
"""Procrastinate's own."""


class Later(Exception):
    """A job could not be run now, because the database could not be used."""


class _LaterEachTime(BaseRetryStrategy):
    """Brings a job again after 1, 2, 4 … seconds, at most a minute, whatever went wrong. The book knows when it has
    been tried often enough: a job that was dropped here might be on record as running for ever."""

    def get_retry_decision(self, *, exception: BaseException, job: QueuedJob) -> RetryDecision:  # noqa: ARG002
        pause = min(timedelta(seconds=2 ** min(job.attempts, 10)), _LONGEST_RETRY)
        return RetryDecision(retry_at=datetime.now(UTC) + pause)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Leave the traceback out of what Procrastinate logs about ``Later``: its sentence was logged already."""
    if record.exc_info and isinstance(record.exc_info[1], Later):
        record.exc_info = None
    return True


def bringing(runner: JobRunner) -> Callable[[JobContext, str], None]:
    """Return the task that brings a job to ``runner``."""

    def bring(context: JobContext, job_id: str) -> None:
        try:
            if context.job.attempts:
                # Jobs with its lock are never brought twice at once: whoever had it before has it no more.
                runner.take_over([job_id])
            # When it is to be brought again is in the book; who sweeps that hands it over anew.
            runner.run(job_id)
        except StoreError as error:
            _LOG.warning("Job %s waits: %s", job_id, error, extra={"action": "job_waits", "job": job_id})
            raise Later from error

    return bring


async def work(
    conninfo: str, runner: JobRunner, *, queues: Collection[str], threads: int, stop: StopSign, rhythm: Rhythm
) -> None:
    """Bring jobs to ``runner`` until ``stop`` is set and what was begun has come back.

    Raises:
        ConnectorException, psycopg.Error: there was no connection at the start, or none is left at the end.
    """
    logging.getLogger("procrastinate.worker").addFilter(_without_traceback)
    stopping = asyncio.Event()
    outage = Outage(stopping)
    connector = PsycopgConnector(
        conninfo=conninfo, min_size=1, max_size=_CONNECTIONS, timeout=rhythm.patience, name="fleet"
    )
    app = App(connector=connector)
    app.job_manager = manager = PatientManager(
        connector, outage=outage, stopping=stopping, threads=threads, poll=rhythm.poll
    )
    app.task(name=BRING, pass_context=True, retry=_LaterEachTime())(bringing(runner))
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads, "job"))
    async with app.open_async():
        working = asyncio.create_task(app.run_worker_async(**_options(queues, threads, rhythm)))
        beside = asyncio.create_task(_keep_house(manager, connector, rhythm))
        try:
            while not stop.is_set() and not working.done():
                await asyncio.wait([working], timeout=_LOOK_SECONDS)
            stopping.set()
            manager.wake()
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
        finally:
            beside.cancel()
            await asyncio.gather(beside, return_exceptions=True)


def _options(queues: Collection[str], threads: int, rhythm: Rhythm) -> WorkerOptions:
    options: WorkerOptions = {
        "concurrency": threads,
        "fetch_job_polling_interval": rhythm.poll,
        "abort_job_polling_interval": _NEVER_SECONDS,
        "update_heartbeat_interval": rhythm.heartbeat,
        "stalled_worker_timeout": rhythm.stalled,
        "delete_jobs": "always",
        "install_signal_handlers": False,
    }
    if queues:
        options["queues"] = queues_in(queues)
    return options


async def _keep_house(manager: PatientManager, connector: PsycopgConnector, rhythm: Rhythm) -> None:
    """Take over from the dead, and show that this worker lives also while it waits for its last jobs to end, when
    Procrastinate does not show it any more."""
    while True:
        try:
            await _take_over(manager, connector, rhythm)
        except (ConnectorException, psycopg.Error) as error:
            _LOG.info("Dead workers are looked for later: %s", words_of(error), extra={"action": "no_takeover"})
        await asyncio.sleep(rhythm.heartbeat)
        if manager.worker_id is not None:
            await manager.update_heartbeat(manager.worker_id)


async def _take_over(manager: PatientManager, connector: PsycopgConnector, rhythm: Rhythm) -> None:
    """Let the jobs of workers without a heartbeat be brought again, unless another worker does it just now."""
    async with connector.pool.connection() as connection:
        answer = await (await connection.execute(_ALONE)).fetchone()
        if answer is None or answer[0] is not True:
            return
        for job in await manager.get_stalled_jobs(task_name=BRING, seconds_since_heartbeat=rhythm.stalled):
            _LOG.warning(
                "Job %s is taken over: its worker shows no sign of life.",
                job.task_kwargs.get("job_id"),
                extra={"action": "take_over", "job": job.task_kwargs.get("job_id")},
            )
            await manager.let_others_have(job)
