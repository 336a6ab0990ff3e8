"""Slots, each recorded once with its job; how far was looked; pauses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from posture.domain.job import Job
from posture.domain.schedule import SchedulePause
from posture.domain.slot import SlotKey
from posture.store import jobs
from posture.store.batches import in_batches, insert_new, upsert
from posture.store.work_rows import NO_TENANT, pause_from, pause_row, slot_row
from posture.store.work_tables import LOOKS, PAUSES, SLOTS


def looked_until(connection: Connection, schedule: str) -> Mapping[str | None, datetime]:
    looks = select(LOOKS).where(LOOKS.c.schedule == schedule)
    return {row["tenant_id"] or None: row["until"] for row in connection.execute(looks).mappings()}


def look_until(connection: Connection, schedule: str, tenants: Collection[str | None], *, until: datetime) -> None:
    rows = [{"schedule": schedule, "tenant_id": tenant or NO_TENANT, "until": until} for tenant in tenants]
    upsert(connection, LOOKS, rows, key=("schedule", "tenant_id"))


def look_again(connection: Connection, schedule: str, *, since: datetime) -> int:
    """Forget what was looked at beyond a moment, but for slots that made a job; return in how many tenants."""
    missed = (SLOTS.c.schedule == schedule, SLOTS.c.due_at > since, SLOTS.c.job_id.is_(None))
    connection.execute(delete(SLOTS).where(*missed))
    beyond = update(LOOKS).where(LOOKS.c.schedule == schedule, LOOKS.c.until > since)
    return connection.execute(beyond.values(until=since)).rowcount


def open_slots(
    connection: Connection, slots: Sequence[tuple[SlotKey, Job | None]], *, now: datetime
) -> Sequence[Job]:
    """Record slots that are not on record, each with its job, and return these jobs."""
    known = _known(connection, [key for key, _ in slots])
    new = {key: job for key, job in slots if key not in known}
    made = [job for job in new.values() if job is not None]
    jobs.add(connection, made)
    insert_new(connection, SLOTS, [slot_row(key, job) | {"noticed_at": now} for key, job in new.items()])
    return made


def _known(connection: Connection, keys: Sequence[SlotKey]) -> set[SlotKey]:
    """Return those of the slots that are on record; they are of few schedules and few moments."""
    found: set[SlotKey] = set()
    for schedule in {key.schedule for key in keys}:
        moments = sorted({key.due_at for key in keys if key.schedule == schedule})
        for batch in in_batches(moments):
            those = select(SLOTS).where(SLOTS.c.schedule == schedule, SLOTS.c.due_at.in_(batch))
            found |= {
                SlotKey(schedule=schedule, tenant_id=row["tenant_id"] or None, due_at=row["due_at"])
                for row in connection.execute(those).mappings()
            }
    return found


def pauses(connection: Connection) -> list[SchedulePause]:
    ordered = select(PAUSES).order_by(PAUSES.c.schedule, PAUSES.c.tenant_id)
    return [pause_from(row) for row in connection.execute(ordered).mappings()]


def pause(connection: Connection, wanted: SchedulePause) -> None:
    upsert(connection, PAUSES, [pause_row(wanted)], key=("schedule", "tenant_id"))


def resume(connection: Connection, schedule: str, tenant_id: str | None) -> bool:
    this = (PAUSES.c.schedule == schedule, PAUSES.c.tenant_id == (tenant_id or NO_TENANT))
    return connection.execute(delete(PAUSES).where(*this)).rowcount == 1


def forget(connection: Connection, before: datetime) -> None:
    """Delete slots that were noticed before then and have no job."""
    connection.execute(delete(SLOTS).where(SLOTS.c.noticed_at < before, SLOTS.c.job_id.is_(None)))
