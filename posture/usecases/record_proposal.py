"""Put a proposal on record, or why it was refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from posture.definitions.loaded_action import LoadedAction
from posture.domain.approval import require_may_propose
from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.blast_radius import A_DAY, refusal
from posture.domain.judgement import Value
from posture.domain.operator import Operator, as_on_record
from posture.domain.plan import Plan, PlanState, is_overdue
from posture.domain.switch import stop_of
from posture.errors import ActionRefused, NotAllowedToDecide
from posture.usecases.ports import ActingUnit, OpenActingUnit, PlanQuery
from posture.usecases.tell_of_plan import tell_of_plan


def recorded(
    plan: Plan,
    operator: Operator,
    *,
    closed: str | None,
    population: int | None,
    now: datetime,
    open_unit: OpenActingUnit,
) -> Plan:
    """Record a plan if every gate for proposals is open; a refused one is in the audit.

    Raises:
        NotAllowedToDecide: the operator may not propose this action.
        ActionRefused: a gate is closed.
    """
    with open_unit() as unit:
        refused = _refused(plan, operator, closed=closed, population=population, now=now, unit=unit)
        if refused is None:
            unit.add_plan(plan)
            tell_of_plan(plan, unit=unit, at=now, by=operator.name)
        kind = AuditKind.PLAN_PROPOSED if refused is None else AuditKind.PROPOSAL_REFUSED
        unit.record(_event(plan, operator, kind, now, because=None if refused is None else str(refused)))
    if refused is not None:
        raise refused
    return plan


def _refused(
    plan: Plan, operator: Operator, *, closed: str | None, population: int | None, now: datetime, unit: ActingUnit
) -> ActionRefused | NotAllowedToDecide | None:
    try:
        person = as_on_record(operator, unit.operators())
        require_may_propose(person, plan.rule, tenant=plan.tenant_name, now=now)
    except NotAllowedToDecide as error:
        return error
    if closed is not None:
        return ActionRefused(closed)
    stop = stop_of(unit.stops(), plan.tenant_id)
    if stop is not None:
        return ActionRefused(stop.sentence)
    same = _waiting(plan, now=now, unit=unit)
    if same is not None:
        return ActionRefused(f"plan {same.id} is the very same and waits for approval: approve or reject that one")
    if plan.undoes is not None:
        # What is taken back was within the limits when it was done. Counted again, nothing that came near to them
        # could be taken back on the same day.
        return None
    acted = unit.acted_since(plan.tenant_id, plan.action, now - A_DAY)
    too_much = refusal(plan.limits, targets=len(plan.targets), acted_today=acted, population=population)
    return None if too_much is None else ActionRefused(too_much)


def _waiting(plan: Plan, *, now: datetime, unit: ActingUnit) -> Plan | None:
    """Return the plan that waits for the same yes: approved both, the same would be done twice."""
    waiting = unit.plans(PlanQuery(tenant_ids=(plan.tenant_id,), states=(PlanState.PROPOSED,)))
    return next((one for one in waiting if one.digest == plan.digest and not is_overdue(one, now=now)), None)


def record_refusal(
    refused: ActionRefused,
    operator: Operator,
    loaded: LoadedAction,
    details: Mapping[str, Value],
    *,
    tenant_id: str,
    at: datetime,
    open_unit: OpenActingUnit,
) -> None:
    """Put on record that a proposal was refused before there was a plan."""
    with open_unit() as unit:
        unit.record(
            AuditEvent(
                at=at,
                actor=operator.name,
                kind=AuditKind.PROPOSAL_REFUSED,
                tenant_id=tenant_id,
                plan_id=None,
                details={"action": loaded.action.id, **details, "because": str(refused)},
            )
        )


def _event(plan: Plan, operator: Operator, kind: AuditKind, at: datetime, *, because: str | None) -> AuditEvent:
    return AuditEvent(
        at=at,
        actor=operator.name,
        kind=kind,
        tenant_id=plan.tenant_id,
        plan_id=plan.id,
        details={
            "action": plan.action,
            "digest": plan.digest,
            "targets": [target.resource.id for target in plan.targets],
            "reason": plan.reason,
            **({"undoes": plan.undoes} if plan.undoes else {}),
            **({} if because is None else {"because": because}),
        },
    )
