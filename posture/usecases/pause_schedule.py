"""Pause schedules, and let them go on."""

from __future__ import annotations

from datetime import datetime

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.schedule import Schedule, SchedulePause
from posture.errors import NotThere, UsageError
from posture.usecases.ports import Clock, OpenJobBook


def pause_schedule(
    schedule: Schedule,
    *,
    tenant_id: str | None,
    by: str,
    reason: str,
    open_book: OpenJobBook,
    clock: Clock,
) -> SchedulePause:
    """Let a schedule make no jobs in a tenant, or in any (None), from now on. What waits already still runs.

    Raises:
        UsageError: no reason is given.
    """
    if not reason.strip():
        raise UsageError("a pause needs a reason, so that others know when it may end")
    pause = SchedulePause(schedule=schedule.name, tenant_id=tenant_id, by=by, reason=reason.strip(), at=clock.now())
    with open_book() as book:
        book.pause(pause)
        book.record(_event(AuditKind.SCHEDULE_PAUSED, schedule, tenant_id, by, at=pause.at, reason=pause.reason))
    return pause


def resume_schedule(
    schedule: Schedule,
    *,
    tenant_id: str | None,
    by: str,
    open_book: OpenJobBook,
    clock: Clock,
) -> None:
    """Let a paused schedule make jobs again. What it would have made meanwhile is not caught up.

    Raises:
        NotThere: it is not paused like this.
    """
    with open_book() as book:
        if not book.resume(schedule.name, tenant_id):
            where = "in this tenant" if tenant_id else "as a whole"
            raise NotThere(f'the schedule "{schedule.name}" is not paused {where}')
        book.record(_event(AuditKind.SCHEDULE_RESUMED, schedule, tenant_id, by, at=clock.now(), reason=None))


def _event(
    kind: AuditKind, schedule: Schedule, tenant_id: str | None, by: str, *, at: datetime, reason: str | None
) -> AuditEvent:
    details = {"schedule": schedule.name} | ({} if reason is None else {"reason": reason})
    return AuditEvent(at=at, actor=by, kind=kind, tenant_id=tenant_id, plan_id=None, details={**details})
