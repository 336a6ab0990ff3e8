"""Propose to take an executed plan back. What comes of it goes through the same gates as every plan."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from posture.definitions.loaded_action import LoadedAction
from posture.domain.action import ApprovalRule, Limits
from posture.domain.operator import Operator
from posture.domain.plan import FINAL, PROPOSAL_LASTS, Plan, PlanState, Target, TargetState
from posture.errors import ActionRefused
from posture.usecases.ports import Clock, OpenActingUnit
from posture.usecases.record_proposal import record_refusal, recorded


def propose_undo(
    plan: Plan,
    loaded: LoadedAction,
    operator: Operator,
    *,
    reason: str,
    rule: ApprovalRule,
    limits: Limits,
    closed: str | None,
    open_unit: OpenActingUnit,
    clock: Clock,
) -> Plan:
    """Record a plan that takes back every target of ``plan`` that was changed and can be changed back.

    ``rule``, ``limits`` and ``closed`` are as in ``Proposal``.

    Raises:
        ActionRefused: the action cannot be undone, the time for it is over, nothing was changed, or the plan undoes
            another itself; and whatever refuses a proposal.
        NotAllowedToDecide: the operator may not propose this action.
    """
    now = clock.now()
    try:
        undo = _undoable(plan, loaded, now, open_unit)
    except ActionRefused as refused:
        details = {"undoes": plan.id}
        record_refusal(refused, operator, loaded, details, tenant_id=plan.tenant_id, at=now, open_unit=open_unit)
        raise
    return recorded(
        replace(undo, reason=reason.strip() or undo.reason, proposed_by=operator.name, rule=rule, limits=limits),
        operator,
        closed=closed,
        population=None,  # what is taken back is not held to a share
        now=now,
        open_unit=open_unit,
    )


def undo_refusal(plan: Plan, loaded: LoadedAction, *, now: datetime) -> str | None:
    """Return why a plan cannot be taken back, whatever it changed, as a sentence; None if it can."""
    undo = loaded.action.undo
    if plan.undoes is not None:
        return f"plan {plan.id} takes another back itself; propose {plan.action} anew instead"
    if undo is None:
        return f"{plan.action} cannot be undone: {loaded.action.undo_impossible_because}"
    if plan.state not in FINAL or plan.ended_at is None:
        return f"plan {plan.id} is {plan.state}; only what was carried out can be undone"
    if now > plan.ended_at + undo.within:
        return f"plan {plan.id} ended on {plan.ended_at:%Y-%m-%d}; that is too long ago to undo it"
    return None


def _undoable(plan: Plan, loaded: LoadedAction, now: datetime, open_unit: OpenActingUnit) -> Plan:
    refusal = undo_refusal(plan, loaded, now=now)
    if refusal is not None:
        raise ActionRefused(refusal)
    changed = _changed(plan, open_unit)
    if not changed:
        raise ActionRefused(f"plan {plan.id} changed nothing that could be undone")
    return replace(
        plan,
        id=uuid.uuid4().hex,
        action_version=loaded.action.version,
        targets=tuple(
            replace(
                target,
                number=number,
                undoes=target.number,
                state=TargetState.WAITING,
                because=None,
                ended_at=None,
            )
            for number, target in enumerate(changed, start=1)
        ),
        reason=f"undo plan {plan.id}",
        undoes=plan.id,
        proposed_at=now,
        expires_at=now + PROPOSAL_LASTS,
        state=PlanState.PROPOSED,
        approvals=(),
        started_at=None,
        ended_at=None,
        ended_because=None,
    )


def _changed(plan: Plan, open_unit: OpenActingUnit) -> list[Target]:
    """Return the targets that something was sent for and of which the state before was kept."""
    with open_unit() as unit:
        return [
            target
            for target in plan.targets
            if target.state in (TargetState.DONE, TargetState.UNVERIFIED, TargetState.FAILED)
            and unit.image(plan.id, target.number) is not None
        ]
