"""Run one job: begin it if nobody else has, do what it asks for step by step, write down what came of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from posture.domain.job import Job, JobState, begun, done, failed, parked, taken_over
from posture.domain.job_kind import JobKind
from posture.domain.judgement import Value
from posture.domain.printable import printable
from posture.errors import (
    ActionRefused,
    ClaimLost,
    NotAllowed,
    NotAllowedToDecide,
    PostureError,
    StoreError,
    UsageError,
)
from posture.usecases.ports import Clock, OpenJobBook, StopSign

_LOG: Final = logging.getLogger(__name__)
_REPORT_EVERY: Final = timedelta(seconds=1)
_DATABASE_AWAITED: Final = 2.0
"""Seconds between tries to write down the end of a job when the database is away."""
# Nothing of this goes away by waiting.
_LASTING: Final = (ActionRefused, ClaimLost, NotAllowed, NotAllowedToDecide, UsageError)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a job is done. ``progress`` is a sentence about how far it is, None if there is nothing new to say.

    ``may_park``: if the worker is to stop, it may stop here; what is done is kept, and the job goes on later.
    """

    progress: str | None
    may_park: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a job. ``error`` says why it has failed, None if it has not; trouble that ``may_pass`` is waited
    out."""

    result: Mapping[str, Value]
    error: str | None = None
    may_pass: bool = False


class DoJob(Protocol):
    """How jobs of one kind are done."""

    def __call__(self, job: Job) -> Generator[Step, None, Outcome]:
        """Do what the job asks for, yield after each step, and return what came of it.

        Closing the generator early stops the work where it stands.

        Raises:
            PostureError: it could not be done.
        """


class JobWatch(Protocol):
    """Who looks at a worker from outside: metrics and traces."""

    def span(self, name: str, **attributes: str) -> AbstractContextManager[None]:
        """Follow what is done inside."""

    def worked(self, *, kind: str, state: str, seconds: float) -> None:
        """Count a job that ended, or was put back."""

    def failed_unexpectedly(self) -> None:
        """Count an error that nobody had foreseen."""


class RunJobs:
    """Runs the jobs that an engine brings to this worker."""

    def __init__(
        self,
        kinds: Callable[[], Mapping[JobKind, DoJob]],
        *,
        worker: str,
        open_book: OpenJobBook,
        clock: Clock,
        stop: StopSign,
        watch: JobWatch,
    ) -> None:
        """``kinds`` is asked for each job, so that it is done by the settings in force when it is begun."""
        self._kinds = kinds
        self._worker = worker
        self._open_book = open_book
        self._clock = clock
        self._stop = stop
        self._watch = watch

    def run(self, job_id: str) -> None:
        """Run a job, if it waits and may begin, and nothing with its lock runs.

        Raises:
            StoreError: the database cannot be used.
        """
        job = self._begin(job_id)
        if job is None:
            return
        _LOG.info("%s begins", _named(job), extra=_about(job, "job_begun"))
        with self._watch.span(f"job {job.kind}", job=job.id, tenant=job.tenant_id or ""):
            ended = self._done(job)
        taken = (self._clock.now() - (job.started_at or job.enqueued_at)).total_seconds()
        self._watch.worked(kind=str(job.kind), state=str(ended.state), seconds=taken)
        if self._write_down(ended, was=job):
            _tell(ended)
        else:
            _LOG.warning("%s was taken over by another worker", _named(job), extra=_about(job, "job_lost"))

    def take_over(self, job_ids: Collection[str] | None = None) -> Sequence[Job]:
        """Give running jobs whose worker is dead back to the book, all that run if None is given, and return those
        that wait now.

        Raises:
            StoreError: the database cannot be used.
        """
        with self._open_book() as book:
            dead = [job for job in book.running() if job_ids is None or job.id in job_ids]
            after = [taken_over(job, now=self._clock.now()) for job in dead]
            for job, was in zip(after, dead, strict=True):
                book.save(job, was=was)
        for job in after:
            _LOG.warning("%s is taken over: its worker died", _named(job), extra=_about(job, "job_taken_over"))
        return [job for job in after if job.state is JobState.WAITING]

    def _begin(self, job_id: str) -> Job | None:
        now = self._clock.now()
        with self._open_book() as book:
            job = book.job(job_id)
            if job is None or job.state is not JobState.WAITING:
                return None
            if job.not_before > now or book.is_running(job.lock):
                # The clock of whoever handed it over is ahead, or a worker that was thought dead is not: it is handed
                # over anew, as any job that is saved while it waits.
                book.save(job, was=job)
                return None
            mine = begun(job, worker=self._worker, now=now)
            return mine if book.save(mine, was=job) else None

    def _done(self, job: Job) -> Job:
        """Return the job as it ended, or as it waits once more."""
        try:
            outcome = self._steps(job)
        except PostureError as error:
            passing = not isinstance(error, _LASTING)
            return failed(job, str(error), result=None, may_pass=passing, now=self._clock.now())
        except Exception as error:  # noqa: BLE001 - a bug in one job must not end the worker, which has others to do
            self._watch.failed_unexpectedly()
            _LOG.exception("%s broke", _named(job), extra=_about(job, "job_broke"))
            sentence = f"this is a fault of posture ({type(error).__name__}): the worker's log says more; report it"
            return failed(job, sentence, result=None, may_pass=True, now=self._clock.now())
        now = self._clock.now()
        if outcome is None:
            return parked(job, now=now)
        if outcome.error is None:
            return done(job, outcome.result, now=now)
        return failed(job, outcome.error, result=outcome.result, may_pass=outcome.may_pass, now=now)

    def _steps(self, job: Job) -> Outcome | None:
        """Do the steps of a job; return None if it was parked between two of them."""
        steps = self._kinds()[job.kind](job)
        reported_at: datetime | None = None
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            if step.may_park and self._stop.is_set():
                steps.close()
                return None
            now = self._clock.now()
            if step.progress and (reported_at is None or now - reported_at >= _REPORT_EVERY):
                self._report(job, step.progress)
                reported_at = now

    def _report(self, job: Job, progress: str) -> None:
        try:
            with self._open_book() as book:
                book.report(job.id, progress, worker=self._worker)
        except StoreError:
            # It is only for people to look at; whether the database is back shows at the end.
            _LOG.warning("the progress of %s could not be kept", _named(job), extra=_about(job, "report_lost"))

    def _write_down(self, job: Job, *, was: Job) -> bool:
        """Write how the job stands, however long the database is away, unless the worker is to stop."""
        while True:
            try:
                with self._open_book() as book:
                    return book.save(job, was=was)
            except StoreError as error:
                _LOG.warning("the end of %s waits: %s", _named(job), error, extra=_about(job, "end_waits"))
                if self._stop.wait(_DATABASE_AWAITED):
                    raise


def described(job: Job) -> str:
    """Return what a job is, for people: ``scan``, ``execute a1b2``."""
    return f"{job.kind} {str(job.arguments['plan'])[:12]}" if "plan" in job.arguments else str(job.kind)


def _tell(job: Job) -> None:
    error = printable(job.error or "", longest=500)
    if job.state is JobState.FAILED:
        _LOG.error("%s failed: %s", _named(job), error, extra=_about(job, "job_failed"))
    elif job.state is JobState.DONE:
        _LOG.info("%s is done", _named(job), extra=_about(job, "job_done"))
    elif error:
        again = job.not_before.isoformat(timespec="seconds")
        _LOG.warning("%s is tried again at %s: %s", _named(job), again, error, extra=_about(job, "job_waits"))
    else:
        _LOG.info("%s is parked", _named(job), extra=_about(job, "job_parked"))


def _named(job: Job) -> str:
    return f"job {job.id[:12]} ({described(job)})"


def _about(job: Job, action: str) -> dict[str, object]:
    """Return what a line of the log holds for machines."""
    return {"action": action, "job": job.id, "kind": str(job.kind), "tenant_id": job.tenant_id, "tries": job.tries}
