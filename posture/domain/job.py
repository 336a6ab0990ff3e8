"""Jobs: what a worker does, one thing at a time, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from posture.domain.job_kind import JobKind
from posture.domain.judgement import Value
from posture.domain.slot import SlotKey

DEFAULT_QUEUE: Final = "default"
"""The queue of tenants that name no other one, and of jobs that are about no tenant."""
HANDED_OVER_FOR: Final = timedelta(minutes=10)
"""A job that was handed to the engine and still waits after so long is handed over again: queues get lost, and clocks
of machines differ. One that the engine still has is not brought twice."""
MOST_TRIES: Final = 8
"""A job that was begun so often without an end takes its workers down with it: it is not begun once more."""


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_end(self) -> bool:
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


# A failed notification or retention needs no try of its own: the next slot is one.
_PAUSES: Final[Mapping[JobKind, tuple[timedelta, ...]]] = {
    JobKind.SCAN: (timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1)),
    JobKind.EXECUTE: (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15)),
    JobKind.EXAMINE: (timedelta(minutes=5),),
    JobKind.EXPORT: (timedelta(minutes=5), timedelta(minutes=20)),
}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One thing for a worker to do. ``tenant_id`` None: it is about no single tenant.

    ``arguments`` by kind: scan ``tags``, ``checks`` (lists of texts); execute ``plan`` (its id); test_channel
    ``channel`` (its name); the others have none. ``asked_by`` is the operator's name, None if a schedule asked;
    ``slot`` is the due time that it was made for, None if somebody asked.

    It is not begun before ``not_before``. ``tries`` counts how often it was begun, ``failures`` how often it ended in
    trouble and was to be tried again; ``worker`` names who began it last. ``progress`` is a sentence for people about
    a running one, ``result`` what came of it, ``error`` a sentence about the last trouble.
    """

    id: str
    kind: JobKind
    tenant_id: str | None
    queue: str
    arguments: Mapping[str, Value]
    asked_by: str | None
    priority: int
    slot: SlotKey | None
    state: JobState
    tries: int
    failures: int
    enqueued_at: datetime
    not_before: datetime
    started_at: datetime | None
    ended_at: datetime | None
    worker: str | None
    progress: str | None
    result: Mapping[str, Value] | None
    error: str | None

    @property
    def lock(self) -> str:
        """Jobs with the same lock never run at the same time: one scan of a tenant, one plan in a tenant."""
        kind = JobKind.NOTIFY if self.kind is JobKind.DIGEST else self.kind
        about = self.tenant_id or self.arguments.get("channel")
        return f"{kind} {about}" if about else str(kind)


def new_job(
    id: str,
    kind: JobKind,
    *,
    tenant_id: str | None,
    queue: str,
    arguments: Mapping[str, Value],
    asked_by: str | None,
    slot: SlotKey | None,
    now: datetime,
    not_before: datetime,
) -> Job:
    """Return a job that waits."""
    return Job(
        id=id,
        kind=kind,
        tenant_id=tenant_id,
        queue=queue,
        arguments=arguments,
        asked_by=asked_by,
        priority=kind.priority,
        slot=slot,
        state=JobState.WAITING,
        tries=0,
        failures=0,
        enqueued_at=now,
        not_before=not_before,
        started_at=None,
        ended_at=None,
        worker=None,
        progress=None,
        result=None,
        error=None,
    )


def begun(job: Job, *, worker: str, now: datetime) -> Job:
    """Return the job as one that this worker runs."""
    return replace(job, state=JobState.RUNNING, tries=job.tries + 1, worker=worker, started_at=now, progress=None)


def done(job: Job, result: Mapping[str, Value], *, now: datetime) -> Job:
    """Return the job as one that has ended well."""
    return replace(job, state=JobState.DONE, ended_at=now, progress=None, result=result, error=None)


def failed(job: Job, error: str, *, result: Mapping[str, Value] | None, may_pass: bool, now: datetime) -> Job:
    """Return the job after trouble. Trouble that ``may_pass`` is waited out, each time longer, until its kind has had
    enough of that; then, or if it will not pass, the job has failed."""
    pauses = _PAUSES.get(job.kind, ())
    after = replace(job, failures=job.failures + 1, progress=None, result=result, error=error)
    if may_pass and job.failures < len(pauses):
        return replace(after, state=JobState.WAITING, not_before=now + pauses[job.failures])
    return replace(after, state=JobState.FAILED, ended_at=now)


def parked(job: Job, *, now: datetime) -> Job:
    """Return the job as one that waits to go on, because its worker was asked to stop; that is no try."""
    return replace(job, state=JobState.WAITING, tries=job.tries - 1, not_before=now, progress=None)


def taken_over(job: Job, *, now: datetime) -> Job:
    """Return a job whose worker has died: it waits to go on, unless it has had too many workers."""
    if job.tries < MOST_TRIES:
        return replace(job, state=JobState.WAITING, not_before=now, progress=None)
    error = f"the worker that ran it died, {job.tries} times now: look at the worker's log, then ask for it again"
    return replace(job, state=JobState.FAILED, ended_at=now, progress=None, error=error)


def cancelled(job: Job, because: str, *, now: datetime) -> Job:
    """Return a job that nobody is to begin."""
    return replace(job, state=JobState.CANCELLED, ended_at=now, progress=None, error=because)
