"""Rows of the database ↔ jobs, slots and pauses."""

from __future__ import annotations

from sqlalchemy import RowMapping

from posture.domain.job import Job, JobState
from posture.domain.job_kind import JobKind
from posture.domain.schedule import SchedulePause
from posture.domain.slot import SlotKey
from posture.store.rows import Row

NO_TENANT = ""
"""What stands for None in the keys of slots, looks and pauses."""


def job_row(job: Job) -> Row:
    return {
        "id": job.id,
        "kind": job.kind.value,
        "tenant_id": job.tenant_id,
        "queue": job.queue,
        "arguments": dict(job.arguments),
        "asked_by": job.asked_by,
        "priority": job.priority,
        "lock": job.lock,
        "slot_schedule": job.slot.schedule if job.slot else None,
        "slot_due_at": job.slot.due_at if job.slot else None,
        "enqueued_at": job.enqueued_at,
    } | standing_row(job)


def standing_row(job: Job) -> Row:
    """Return what of a job changes."""
    return {
        "state": job.state.value,
        "tries": job.tries,
        "failures": job.failures,
        "not_before": job.not_before,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "worker": job.worker,
        "progress": job.progress,
        "result": dict(job.result) if job.result is not None else None,
        "error": job.error,
    }


def job_from(row: RowMapping) -> Job:
    return Job(
        id=row["id"],
        kind=JobKind(row["kind"]),
        tenant_id=row["tenant_id"],
        queue=row["queue"],
        arguments=row["arguments"],
        asked_by=row["asked_by"],
        priority=row["priority"],
        slot=_slot_from(row),
        state=JobState(row["state"]),
        tries=row["tries"],
        failures=row["failures"],
        enqueued_at=row["enqueued_at"],
        not_before=row["not_before"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        worker=row["worker"],
        progress=row["progress"],
        result=row["result"],
        error=row["error"],
    )


def _slot_from(row: RowMapping) -> SlotKey | None:
    if row["slot_schedule"] is None:
        return None
    return SlotKey(schedule=row["slot_schedule"], tenant_id=row["tenant_id"], due_at=row["slot_due_at"])


def slot_row(key: SlotKey, job: Job | None) -> Row:
    return {
        "schedule": key.schedule,
        "tenant_id": key.tenant_id or NO_TENANT,
        "due_at": key.due_at,
        "job_id": job.id if job else None,
    }


def pause_row(pause: SchedulePause) -> Row:
    return {
        "schedule": pause.schedule,
        "tenant_id": pause.tenant_id or NO_TENANT,
        "by": pause.by,
        "reason": pause.reason,
        "at": pause.at,
    }


def pause_from(row: RowMapping) -> SchedulePause:
    return SchedulePause(
        schedule=row["schedule"],
        tenant_id=row["tenant_id"] or None,
        by=row["by"],
        reason=row["reason"],
        at=row["at"],
    )
