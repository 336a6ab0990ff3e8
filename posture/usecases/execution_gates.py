"""The gates of a plan as a whole: asked when it is claimed, and anew before each target."""

from __future__ import annotations

from dataclasses import replace

from posture.definitions.loaded_action import LoadedAction
from posture.domain.approval import effective_limits, effective_rule, is_enough, require_may_execute, still_approved
from posture.domain.blast_radius import A_DAY
from posture.domain.counted import counted
from posture.domain.operator import Operator, as_on_record
from posture.domain.plan import Plan, PlanState, Target, TargetState, is_overdue
from posture.domain.switch import stop_of
from posture.errors import ActionRefused, NotAllowedToDecide
from posture.usecases.action_permissions import missing_permissions
from posture.usecases.execution_tools import ExecutionTools
from posture.usecases.ports import ActingUnit, PlanQuery


def held_to(plan: Plan, loaded: LoadedAction) -> Plan:
    """Return the plan with the rule and limits that its action asks for at least: what was recorded with it may have
    been tampered with."""
    action = loaded.action
    rule = effective_rule(action.approval, action.risk, plan.rule)
    return replace(plan, rule=rule, limits=effective_limits(action.limits, plan.limits))


def closed_gate(
    plan: Plan,
    operator: Operator,
    loaded: LoadedAction,
    *,
    granted: frozenset[str] | None,
    unit: ActingUnit,
    tools: ExecutionTools,
) -> ActionRefused | NotAllowedToDecide | None:
    """Return the first gate that is closed to the whole plan."""
    now, people = tools.clock.now(), unit.operators()
    try:
        require_may_execute(plan, as_on_record(operator, people), now=now)
    except NotAllowedToDecide as error:
        return error
    if is_overdue(plan, now=now):
        return NotAllowedToDecide(f"the approval of plan {plan.id} has ended; propose it anew")
    # What was begun is asked for it target by target, or its targets would never come to an end.
    if not is_enough(plan if plan.state is PlanState.EXECUTING else still_approved(plan, people)):
        return NotAllowedToDecide(f"plan {plan.id} has not been approved by enough people as it is now")
    changed = changed_since(plan, loaded)
    if changed is not None:
        # What was begun must come to an end, or it would be in the way for ever; nothing more is sent.
        return None if plan.state is PlanState.EXECUTING else ActionRefused(changed)
    if not tools.is_switched_on:
        return ActionRefused("remediation is switched off for this tenant in the settings")
    missing = missing_permissions(loaded, granted)
    return ActionRefused(missing) if missing is not None else None


def reason_to_stop(
    plan: Plan, operator: Operator, failures: int, *, is_begun: bool, tools: ExecutionTools
) -> str | None:
    """Return why nothing is sent for a target; it is asked anew before each.

    What was begun is brought to its end, since half an action is worse than a whole one: unless nobody stands behind
    it any more.
    """
    now = tools.clock.now()
    with tools.open_unit() as unit:
        people = unit.operators()
        stop = stop_of(unit.stops(), plan.tenant_id)
        sent = unit.sent_since(plan.tenant_id, plan.action, now - A_DAY)
    if plan.approved_until is None or now >= plan.approved_until:
        return "the approval ended before this target's turn came"
    if not is_enough(still_approved(plan, people)):
        return (
            "somebody who approved the plan was revoked since, and without them it is not approved by enough people"
        )
    if not as_on_record(operator, people).is_active(now):
        return f"the token of {operator.name}, who executes the plan, has ended"
    if is_begun:
        return None
    if stop is not None:
        return f"actions were stopped by {stop.by}: {stop.reason}"
    if failures > plan.limits.failures:
        return f"{counted(failures, 'target')} failed or could not be verified; {plan.limits.failures} are allowed"
    if plan.undoes is None and sent >= plan.limits.per_day:
        return f"{sent} resources were changed by this action within a day; {plan.limits.per_day} are allowed"
    return None


def changed_since(plan: Plan, loaded: LoadedAction) -> str | None:
    """Return that the action is another one than what people have approved, as a sentence; None if it is the same."""
    if loaded.action.version == plan.action_version:
        return None
    return f"the action {plan.action} was changed since the plan was approved; propose it anew"


def in_other_hands(plan: Plan, tools: ExecutionTools) -> frozenset[str]:
    """Return what other plans may be changing in the tenant at this moment, by id in lower case.

    A plan is claimed before its first guard is asked: of two that go on at once, one at least sees the other.
    """
    wanted = PlanQuery(tenant_ids=(plan.tenant_id,), states=(PlanState.EXECUTING,))
    with tools.open_unit() as unit:
        others = [other for other in unit.plans(wanted) if other.id != plan.id]
    return frozenset(
        target.resource.id.lower()
        for other in others
        for target in other.targets
        if target.state is TargetState.WAITING or is_failure(target)
    )


def is_failure(target: Target) -> bool:
    """Say whether a target ended badly: with a failure, or with nobody knowing."""
    return target.state in (TargetState.FAILED, TargetState.UNVERIFIED)
