"""Ask for jobs, and hand to the engine what was asked for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Final

from posture.domain.job import Job, JobState, cancelled, new_job
from posture.domain.job_kind import JobKind
from posture.domain.judgement import Value
from posture.errors import NotThere, StoreError, UsageError
from posture.usecases.ports import Clock, Engine, OpenJobBook

_AT_ONCE: Final = 500


def enqueue(
    kind: JobKind,
    *,
    tenant_id: str | None,
    queue: str,
    arguments: Mapping[str, Value],
    asked_by: str,
    open_book: OpenJobBook,
    engine: Engine,
    clock: Clock,
) -> Job:
    """Record a job that an operator asked for, and hand it to the engine.

    If the same waits already and can begin at once, that is what is returned: who asks twice gets one job. Those of
    the engine that could not be reached are handed over by the next sweep.

    Raises:
        StoreError: the database cannot be used; then nothing is recorded.
    """
    now = clock.now()
    job = new_job(
        uuid.uuid4().hex,
        kind,
        tenant_id=tenant_id,
        queue=queue,
        arguments=arguments,
        asked_by=asked_by,
        slot=None,
        now=now,
        not_before=now,
    )
    with open_book() as book:
        same = book.like(job)
        # A plan is executed in the name of whoever asked: the same plan asked for by another is another job.
        if same is not None and same.not_before <= now and (kind is not JobKind.EXECUTE or same.asked_by == asked_by):
            return same
        book.add(job)
    try:
        hand_over(open_book=open_book, engine=engine, clock=clock)
    except StoreError:
        # It is on record; workers sweep up what was not handed over.
        return job
    return job


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
        ended = cancelled(job, f"cancelled by {by}", now=clock.now())
        book.save(ended, was=job)
    return ended
