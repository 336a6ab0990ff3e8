"""Notices about plans: they wait for somebody, were decided on, or came to an end."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final

from posture.domain.judgement import Value
from posture.domain.notice import Event, Notice, digest_of, iso
from posture.domain.plan import Plan, PlanState
from posture.domain.severity import Severity

_SHOWN_TARGETS: Final = 10
_EVENTS: Final = {
    PlanState.PROPOSED: (Event.PLAN_WAITING, Severity.MEDIUM),
    PlanState.APPROVED: (Event.PLAN_APPROVED, Severity.INFO),
    PlanState.REJECTED: (Event.PLAN_REJECTED, Severity.INFO),
    PlanState.EXPIRED: (Event.PLAN_EXPIRED, Severity.LOW),
    PlanState.DONE: (Event.PLAN_DONE, Severity.INFO),
    PlanState.PARTLY_DONE: (Event.PLAN_PARTLY_DONE, Severity.HIGH),
    PlanState.FAILED: (Event.PLAN_FAILED, Severity.HIGH),
}


def plan_notice(plan: Plan, *, at: datetime, by: str) -> Notice | None:
    """Return what there is to tell about a plan that has just come to its state; None while it is executed.

    A proposal is told of again after each approval that is not the last one needed. ``by`` is who brought it there.

    Facts: ``action``, ``risk``, ``reason``, ``by``, ``proposed_by``, ``because`` (why it ended), ``approvals`` and
    ``people`` (given and needed), ``until`` (when it expires), ``undoes``, ``targets`` (how many), ``first`` (the
    names of the first ten), ``ended`` (target state → how many).
    """
    if plan.state not in _EVENTS:
        return None
    event, severity = _EVENTS[plan.state]
    until = plan.expires_at if plan.state is PlanState.PROPOSED else plan.approved_until
    ended = Counter(target.state.value for target in plan.targets)
    facts: dict[str, Value] = {
        "action": plan.action,
        "risk": plan.risk.value,
        "reason": plan.reason,
        "by": by,
        "proposed_by": plan.proposed_by,
        "because": plan.ended_because,
        "approvals": len(plan.approvals),
        "people": plan.rule.people,
        "until": iso(until),
        "undoes": plan.undoes,
        "targets": len(plan.targets),
        "first": [target.resource.name or target.resource.id for target in plan.targets[:_SHOWN_TARGETS]],
        "ended": dict(ended),
    }
    return Notice(
        # Each yes of several is told of, even one that replaces another which does not count any more.
        id=digest_of(event.value, plan.id, [[yes.by, iso(yes.at)] for yes in plan.approvals]),
        event=event,
        at=at,
        tenant_id=plan.tenant_id,
        tenant_name=plan.tenant_name,
        severity=severity,
        check=None,
        resource_type=plan.targets[0].resource.type if plan.targets else None,
        about=plan.id,
        facts=facts,
    )
