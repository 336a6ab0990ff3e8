"""Jobs: recorded, found when they may begin, changed only by whoever read them last."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, or_, select, update

from posture.domain.job import HANDED_OVER_FOR, Job, JobState
from posture.domain.job_kind import JobKind
from posture.store.batches import in_batches, insert_new
from posture.store.work_rows import job_from, job_row, standing_row
from posture.store.work_tables import JOBS, SLOTS

_WAITS: Final = JOBS.c.state == JobState.WAITING.value
_RUNS: Final = JOBS.c.state == JobState.RUNNING.value


def add(connection: Connection, jobs: Sequence[Job]) -> None:
    insert_new(connection, JOBS, [job_row(job) for job in jobs])


def by_id(connection: Connection, job_id: str) -> Job | None:
    row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).mappings().one_or_none()
    return None if row is None else job_from(row)


def like(connection: Connection, job: Job) -> Job | None:
    same_tenant = JOBS.c.tenant_id == job.tenant_id if job.tenant_id else JOBS.c.tenant_id.is_(None)
    conditions = [_WAITS, JOBS.c.kind == job.kind.value, same_tenant, JOBS.c.not_before <= job.not_before]
    if job.kind is JobKind.EXECUTE:
        conditions.append(JOBS.c.asked_by == job.asked_by)
    waiting = select(JOBS).where(*conditions).order_by(JOBS.c.number)
    # JSON has no equality that both databases know; few jobs of a kind wait in a tenant.
    found = map(job_from, connection.execute(waiting).mappings())
    return next((one for one in found if one.arguments == job.arguments), None)


def is_running(connection: Connection, lock: str) -> bool:
    running = select(JOBS.c.id).where(_RUNS, JOBS.c.lock == lock).limit(1)
    return connection.execute(running).first() is not None


def save(connection: Connection, job: Job, *, was: Job) -> bool:
    same_worker = JOBS.c.worker == was.worker if was.worker is not None else JOBS.c.worker.is_(None)
    as_read = (JOBS.c.id == was.id, JOBS.c.state == was.state.value, JOBS.c.tries == was.tries, same_worker)
    changed = standing_row(job)
    if job.state is JobState.WAITING:
        changed["handed_over_at"] = None
    return connection.execute(update(JOBS).where(*as_read).values(changed)).rowcount == 1


def report(connection: Connection, job_id: str, progress: str, *, worker: str) -> None:
    mine = (JOBS.c.id == job_id, JOBS.c.worker == worker, _RUNS)
    connection.execute(update(JOBS).where(*mine).values(progress=progress))


def due(connection: Connection, *, now: datetime, queues: Collection[str], limit: int) -> list[Job]:
    taken = select(JOBS.c.lock).where(_RUNS)
    conditions: list[ColumnElement[bool]] = [_WAITS, JOBS.c.not_before <= now, JOBS.c.lock.not_in(taken)]
    if queues:
        conditions.append(JOBS.c.queue.in_(sorted(queues)))
    ready = select(JOBS).where(*conditions).order_by(JOBS.c.priority.desc(), JOBS.c.number).limit(limit)
    return [job_from(row) for row in connection.execute(ready).mappings()]


def follow(connection: Connection, queues: Mapping[str, str]) -> int:
    """Let jobs that wait for tenants wait in their queues (id → queue), and return how many moved."""
    moved = 0
    found = select(JOBS.c.tenant_id, JOBS.c.queue).where(_WAITS, JOBS.c.tenant_id.is_not(None)).distinct()
    for tenant_id, queue in connection.execute(found).all():
        wanted = queues.get(tenant_id, queue)
        if wanted != queue:
            these = (_WAITS, JOBS.c.tenant_id == tenant_id, JOBS.c.queue == queue)
            changed = update(JOBS).where(*these).values(queue=wanted, handed_over_at=None)
            moved += connection.execute(changed).rowcount
    return moved


def running(connection: Connection) -> list[Job]:
    return [job_from(row) for row in connection.execute(select(JOBS).where(_RUNS).order_by(JOBS.c.number)).mappings()]


def unhanded(connection: Connection, *, now: datetime, limit: int) -> list[Job]:
    not_lately = or_(JOBS.c.handed_over_at.is_(None), JOBS.c.handed_over_at < now - HANDED_OVER_FOR)
    ordered = (
        select(JOBS)
        .where(_WAITS, not_lately, JOBS.c.not_before <= now)
        .order_by(JOBS.c.priority.desc(), JOBS.c.number)
        .limit(limit)
    )
    return [job_from(row) for row in connection.execute(ordered).mappings()]


def mark_handed_over(connection: Connection, jobs: Sequence[Job], *, at: datetime) -> None:
    # One that was brought and waits again by now was not handed over since.
    as_read = (
        JOBS.c.id == bindparam("one"),
        JOBS.c.tries == bindparam("tried"),
        JOBS.c.not_before == bindparam("then"),
    )
    marked = update(JOBS).where(*as_read).values(handed_over_at=at)
    for batch in in_batches([{"one": job.id, "tried": job.tries, "then": job.not_before} for job in jobs]):
        connection.execute(marked, batch)


def forget(connection: Connection, before: datetime, *, kinds: Collection[str]) -> int:
    """Delete jobs of these kinds that ended before then, with their slots; return how many."""
    old = (JOBS.c.ended_at < before, JOBS.c.kind.in_(sorted(kinds)))
    connection.execute(delete(SLOTS).where(SLOTS.c.job_id.in_(select(JOBS.c.id).where(*old))))
    return connection.execute(delete(JOBS).where(*old)).rowcount
