"""Plans that have waited too long end by themselves, when somebody looks at them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.plan import Plan, PlanState, moved
from posture.usecases.ports import ActingUnit
from posture.usecases.tell_of_plan import tell_of_plan

_NOBODY: Final = "posture"


def expired(plan: Plan, *, unit: ActingUnit, now: datetime) -> Plan:
    """End a plan that is overdue; that is final."""
    because = "nobody decided in time" if plan.state is PlanState.PROPOSED else "its approval ended before it began"
    ended = moved(plan, PlanState.EXPIRED, at=now, because=because)
    if unit.save_plan(ended, was=plan.state):
        unit.record(
            AuditEvent(
                at=now,
                actor=_NOBODY,
                kind=AuditKind.PLAN_EXPIRED,
                tenant_id=plan.tenant_id,
                plan_id=plan.id,
                details={"because": because},
            )
        )
        tell_of_plan(ended, unit=unit, at=now, by=_NOBODY)
    return ended
