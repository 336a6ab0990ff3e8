"""Tell of a plan in the transaction that brings it to its state, so that neither is on record without the other."""

from __future__ import annotations

from datetime import datetime

from posture.domain.notices_of_plans import plan_notice
from posture.domain.plan import Plan
from posture.usecases.ports import ActingUnit


def tell_of_plan(plan: Plan, *, unit: ActingUnit, at: datetime, by: str) -> None:
    """Record what there is to tell about a plan that ``by`` has just brought to its state, if there is anything."""
    notice = plan_notice(plan, at=at, by=by)
    if notice is not None:
        unit.add_notices([notice])
