"""Ask for jobs, and hand to the engine what was asked for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.job import Job, JobState, cancelled, new_job
from posture.domain.job_kind import JobKind
from posture.domain.judgement import Value
from posture.errors import NotThere, StoreError, UsageError
from posture.usecases.ports import Clock, Engine, JobBook, OpenJobBook

_AT_ONCE: Final = 500


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an operator asks a worker for. Arguments by kind: see ``Job``."""

    kind: JobKind
    tenant_id: str | None
    queue: str
    arguments: Mapping[str, Value]


def enqueue(
    wanted: Sequence[Wanted], *, asked_by: str, open_book: OpenJobBook, engine: Engine, clock: Clock
) -> Sequence[Job]:
    """Record the jobs that an operator asked for, hand them to the engine, and return them in their order.

    If the same waits already and can begin at once, that is what is returned: who asks twice gets one job. Those of
    the engine that could not be reached are handed over by the next sweep.

    Raises:
        StoreError: the database cannot be used; then nothing is recorded, or of very many only the first ones.
    """
    jobs: list[Job] = []
    for start in range(0, len(wanted), _AT_ONCE):
        with open_book() as book:
            jobs += (_recorded(one, asked_by, book, now=clock.now()) for one in wanted[start : start + _AT_ONCE])
    # They are on record; workers sweep up what could not be handed over.
    with suppress(StoreError):
        hand_over(open_book=open_book, engine=engine, clock=clock)
    return jobs


def _recorded(wanted: Wanted, asked_by: str, book: JobBook, *, now: datetime) -> Job:
    job = new_job(
        uuid.uuid4().hex,
        wanted.kind,
        tenant_id=wanted.tenant_id,
        queue=wanted.queue,
        arguments=wanted.arguments,
        asked_by=asked_by,
        slot=None,
        now=now,
        not_before=now,
    )
    same = book.like(job)
    if same is None:
        book.add(job)
    return same or job


def hand_over(*, open_book: OpenJobBook, engine: Engine, clock: Clock) -> int:
    """Hand the engine the jobs that may begin and that it does not have, and return how many.

    A crash in between hands a job over twice, which does no harm.

    Raises:
        StoreError: the database or the engine cannot be used.
    """
    handed = 0
    while True:
        with open_book() as book:
            jobs = book.unhanded(now=clock.now(), limit=_AT_ONCE)
        if not jobs:
            return handed
        engine.hand_over(jobs)
        with open_book() as book:
            book.mark_handed_over(jobs, at=clock.now())
        handed += len(jobs)


def follow_queues(queues: Mapping[str, str], *, open_book: OpenJobBook) -> int:
    """Let what waits follow tenants to the queues that they have now (id → queue); return how many jobs moved.
    Whoever took from the queue of before may be gone for good.

    Raises:
        StoreError: the database cannot be used.
    """
    with open_book() as book:
        return book.follow(queues)


def cancel_job(job_id: str, *, by: str, open_book: OpenJobBook, clock: Clock) -> Job:
    """Cancel a job that waits, and return it.

    Raises:
        NotThere: there is no such job.
        UsageError: it does not wait any more.
    """
    with open_book() as book:
        job = book.job(job_id)
        if job is None:
            raise NotThere(f"there is no job {job_id}")
        if job.state is not JobState.WAITING:
            raise UsageError(f"job {job_id} is {job.state} and cannot be cancelled any more")
        now = clock.now()
        ended = cancelled(job, f"cancelled by {by}", now=now)
        book.save(ended, was=job)
        book.record(_event_of_cancelling(job, by, at=now))
    return ended


def _event_of_cancelling(job: Job, by: str, *, at: datetime) -> AuditEvent:
    plan = job.arguments.get("plan")
    return AuditEvent(
        at=at,
        actor=by,
        kind=AuditKind.JOB_CANCELLED,
        tenant_id=job.tenant_id,
        plan_id=None if plan is None else str(plan),
        details={"job": job.id, "kind": job.kind.value},
    )
