"""One transaction over jobs, slots and pauses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from posture.domain.audit import AuditEvent
from posture.domain.job import Job
from posture.domain.schedule import SchedulePause
from posture.domain.slot import SlotKey
from posture.store import audit, jobs, slots


class SqlJobBook:
    """What is to be done and what came of it; what is written is kept or dropped together."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job: Job) -> None:
        """Record a job that waits; one that is on record is left alone."""
        jobs.add(self._connection, [job])

    def job(self, job_id: str) -> Job | None:
        return jobs.by_id(self._connection, job_id)

    def like(self, job: Job) -> Job | None:
        """Return a job on record that asks for the same, has not been begun and may begin no later: same kind, tenant
        and arguments. A plan is executed in the name of whoever asked: there, it is also of the same person."""
        return jobs.like(self._connection, job)

    def is_running(self, lock: str) -> bool:
        """Say whether a job with this lock runs now."""
        return jobs.is_running(self._connection, lock)

    def save(self, job: Job, *, was: Job) -> bool:
        """Write how a job stands, if it still stands as it ``was``: state, tries and worker; say whether it did.

        A job that waits again counts as not handed over.
        """
        return jobs.save(self._connection, job, was=was)

    def report(self, job_id: str, progress: str, *, worker: str) -> None:
        """Write how far a running job is, if this worker still runs it."""
        jobs.report(self._connection, job_id, progress, worker=worker)

    def due(self, *, now: datetime, queues: Collection[str], limit: int) -> Sequence[Job]:
        """Return jobs that wait and may begin now and whose lock is free, the most urgent first."""
        return jobs.due(self._connection, now=now, queues=queues, limit=limit)

    def follow(self, queues: Mapping[str, str]) -> int:
        """Let jobs that wait for these tenants wait in their queues (id → queue), and return how many moved; they
        count as not handed over."""
        return jobs.follow(self._connection, queues)

    def running(self) -> Sequence[Job]:
        """Return the jobs that somebody runs, or seems to."""
        return jobs.running(self._connection)

    def unhanded(self, *, now: datetime, limit: int) -> Sequence[Job]:
        """Return jobs that wait, may begin now and were not handed to the engine since they last began to wait."""
        return jobs.unhanded(self._connection, now=now, limit=limit)

    def mark_handed_over(self, handed: Sequence[Job], *, at: datetime) -> None:
        jobs.mark_handed_over(self._connection, handed, at=at)

    def looked_until(self, schedule: str) -> Mapping[str | None, datetime]:
        """Return up to when the due times of a schedule were looked at, by tenant."""
        return slots.looked_until(self._connection, schedule)

    def look_until(self, schedule: str, tenants: Collection[str | None], *, until: datetime) -> None:
        """Record up to when the due times of a schedule were looked at in these tenants."""
        slots.look_until(self._connection, schedule, tenants, until=until)

    def look_again(self, schedule: str, *, since: datetime) -> int:
        """Forget what was looked at beyond a moment, but for slots that made a job; return in how many tenants."""
        return slots.look_again(self._connection, schedule, since=since)

    def open_slots(self, wanted: Sequence[tuple[SlotKey, Job | None]], *, now: datetime) -> Sequence[Job]:
        """Record slots that are not on record, each with its job or, if it was missed, without; return these jobs."""
        return slots.open_slots(self._connection, wanted, now=now)

    def pauses(self) -> Sequence[SchedulePause]:
        return slots.pauses(self._connection)

    def pause(self, pause: SchedulePause) -> None:
        """Record a pause; an earlier one of the same schedule and tenant is replaced."""
        slots.pause(self._connection, pause)

    def resume(self, schedule: str, tenant_id: str | None) -> bool:
        """Delete a pause; say whether there was one."""
        return slots.resume(self._connection, schedule, tenant_id)

    def forget(self, before: datetime, *, kinds: Collection[str]) -> int:
        """Delete jobs of these kinds that ended before then, with their slots, and older slots without a job; return
        how many jobs."""
        slots.forget(self._connection, before)
        return jobs.forget(self._connection, before, kinds=kinds)

    def record(self, event: AuditEvent) -> None:
        """Append what a person changed to the audit."""
        audit.record(self._connection, event)
