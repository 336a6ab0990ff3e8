"""Who may propose, approve and reject. Pure; every refusal is a sentence for the person who asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from posture.domain.action import ApprovalRule, Limits, Risk
from posture.domain.operator import Operator, Role, Scope
from posture.domain.plan import Approval, Plan, PlanState, moved
from posture.errors import NotAllowedToDecide, SignInTooOld

RECENT: Final = timedelta(minutes=15)
"""Who approves on the page must have proved who they are so lately."""


def effective_rule(rule: ApprovalRule, risk: Risk, *overrides: ApprovalRule | None) -> ApprovalRule:
    """Return the strictest of what the file, the risk and the settings ask for: settings can raise, never lower."""
    rules = [rule, *(override for override in overrides if override is not None)]
    return ApprovalRule(
        people=max(risk.people, *(one.people for one in rules)),
        role=max((one.role for one in rules), key=list(Role).index),
        valid_for=min(one.valid_for for one in rules),
    )


def effective_limits(limits: Limits, *overrides: Limits | None) -> Limits:
    """Return the smallest of every limit."""
    every = [limits, *(override for override in overrides if override is not None)]
    return Limits(
        per_run=min(one.per_run for one in every),
        per_day=min(one.per_day for one in every),
        share=min(one.share for one in every),
        failures=min(one.failures for one in every),
    )


def require_may_propose(operator: Operator, rule: ApprovalRule, *, tenant: str, now: datetime) -> None:
    """Raise unless the operator may propose an action with this rule in the tenant of this name.

    Raises:
        NotAllowedToDecide: the role is not enough, the token is not for that or not for the tenant, or it has ended.
    """
    _require_active(operator, now)
    if not operator.role.covers(rule.role):
        raise NotAllowedToDecide(
            f"{operator.name} is {operator.role}; proposing this action needs the role {rule.role}"
        )
    _require_may(operator, Scope.PROPOSE, tenant=tenant)


def approved(plan: Plan, operator: Operator, *, digest: str, note: str, now: datetime) -> Plan:
    """Return the plan with one more approval; it becomes approved once enough people have said yes.

    The proposer's own yes counts as one of several where more than one person is needed, but never alone.

    Raises:
        NotAllowedToDecide: see ``require_may_approve``; or the plan has changed since ``digest`` was shown, or there
            is no note.
        SignInTooOld: the person signed in too long ago.
    """
    require_may_approve(plan, operator, now=now)
    require_recent_sign_in(operator, now=now)
    if digest != plan.digest:
        raise NotAllowedToDecide(
            f"plan {plan.id} is not the one that was shown (digest {digest[:12]}…); look at it again and approve "
            f"{plan.digest[:12]}…"
        )
    if not note.strip():
        raise NotAllowedToDecide("an approval needs a note that says why")
    mine = Approval(
        by=operator.name, account=operator.account, role=operator.role, digest=digest, note=note.strip(), at=now
    )
    more = replace(plan, approvals=(*_counted(plan, now), mine))
    return moved(more, PlanState.APPROVED, at=now) if is_enough(more) else more


def require_may_approve(plan: Plan, operator: Operator, *, now: datetime) -> None:
    """Raise unless the operator is one whose yes the plan waits for.

    Raises:
        NotAllowedToDecide: the role is not enough, the token is not for that, the plan is not waiting, the same
            person has approved it before, or the only person needed would be its proposer.
    """
    if plan.state is not PlanState.PROPOSED:
        raise NotAllowedToDecide(f"plan {plan.id} is {plan.state}; only a proposed plan can be approved")
    _require_role(plan, operator, Scope.DECIDE, now)
    if any(_is_same(approval.by, operator.name) for approval in _counted(plan, now)):
        raise NotAllowedToDecide(f"{operator.name} has approved this plan already; somebody else must")
    if _is_same(operator.name, plan.proposed_by) and plan.rule.people == 1:
        raise NotAllowedToDecide(f"{operator.name} proposed this plan; somebody else must approve it")


def require_recent_sign_in(operator: Operator, *, now: datetime) -> None:
    """Raise if the operator is a person on the page who proved who they are too long ago: somebody else may sit there
    by now. A token proves it with every request.

    Raises:
        SignInTooOld: it was more than 15 minutes ago.
    """
    if operator.signed_in_at is not None and now >= operator.signed_in_at + RECENT:
        minutes = int(RECENT / timedelta(minutes=1))
        raise SignInTooOld(f"{operator.name} signed in more than {minutes} minutes ago; sign in again to approve")


def _counted(plan: Plan, now: datetime) -> tuple[Approval, ...]:
    """Return the approvals that have not ended."""
    return tuple(approval for approval in plan.approvals if now < approval.at + plan.rule.valid_for)


def is_enough(plan: Plan) -> bool:
    """Say whether the approvals suffice: enough people with the role, at least one of them not the proposer."""
    people = {
        approval.by.casefold()
        for approval in plan.approvals
        if approval.digest == plan.digest and approval.role.covers(plan.rule.role)
    }
    others = people - {plan.proposed_by.casefold()}
    return len(people) >= plan.rule.people and bool(others)


def still_approved(plan: Plan, operators: Iterable[Operator]) -> Plan:
    """Return the plan without the approvals of people who were revoked since they gave them.

    A token is revoked when it is in wrong hands: nobody knows whose yes it was. One that ended in its time was good.
    """
    known = tuple(operators)
    return replace(plan, approvals=tuple(yes for yes in plan.approvals if not _was_revoked_since(yes, known)))


def _was_revoked_since(yes: Approval, operators: Iterable[Operator]) -> bool:
    return any(
        one.is_called(yes.by) and one.revoked_at is not None and one.added_at <= yes.at <= one.revoked_at
        for one in operators
    )


def rejected(plan: Plan, operator: Operator, *, note: str, now: datetime) -> Plan:
    """Return the plan after somebody's no; that is final. Its proposer may take it back in the same way.

    Raises:
        NotAllowedToDecide: see ``require_may_reject``; or there is no note.
    """
    require_may_reject(plan, operator, now=now)
    if not note.strip():
        raise NotAllowedToDecide("a rejection needs a note that says why")
    return moved(plan, PlanState.REJECTED, at=now, because=f"{operator.name}: {note.strip()}")


def require_may_reject(plan: Plan, operator: Operator, *, now: datetime) -> None:
    """Raise unless the operator may reject the plan.

    Raises:
        NotAllowedToDecide: the role is not enough, the token is not for that, or it cannot be rejected any more.
    """
    if plan.state not in (PlanState.PROPOSED, PlanState.APPROVED):
        raise NotAllowedToDecide(f"plan {plan.id} is {plan.state}; it cannot be rejected any more")
    _require_role(plan, operator, Scope.DECIDE, now)


def require_may_execute(plan: Plan, operator: Operator, *, now: datetime) -> None:
    """Raise unless the operator may start an approved plan.

    Raises:
        NotAllowedToDecide: the role is not enough, the token is not for that, or the plan is not approved any more.
    """
    _require_role(plan, operator, Scope.EXECUTE, now)
    if plan.state not in (PlanState.APPROVED, PlanState.EXECUTING):
        raise NotAllowedToDecide(f"plan {plan.id} is {plan.state}; only an approved plan can be executed")


def _require_role(plan: Plan, operator: Operator, scope: Scope, now: datetime) -> None:
    _require_active(operator, now)
    if not operator.role.covers(plan.rule.role):
        raise NotAllowedToDecide(f"{operator.name} is {operator.role}; this plan needs the role {plan.rule.role}")
    _require_may(operator, scope, tenant=plan.tenant_name)


def _require_active(operator: Operator, now: datetime) -> None:
    if not operator.is_active(now):
        raise NotAllowedToDecide(f"the token of {operator.name} has ended; ask an administrator for a new one")


def _require_may(operator: Operator, scope: Scope, *, tenant: str) -> None:
    if not operator.may(scope):
        raise NotAllowedToDecide(f"this token of {operator.name} is not for {scope}")
    if not operator.sees(tenant):
        raise NotAllowedToDecide(f"{operator.name} is not for the tenant {tenant}")


def _is_same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
