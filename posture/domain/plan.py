"""A plan: action, targets and parameters. It is what people approve, and it moves in one direction only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from posture.domain.action import ActionId, ApprovalRule, Limits, Risk
from posture.domain.check import CheckId, ParameterValue
from posture.domain.judgement import Resource, Value
from posture.domain.operator import Role
from posture.errors import WrongMove


class PlanState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    EXECUTING = "executing"
    DONE = "done"
    PARTLY_DONE = "partly_done"
    FAILED = "failed"


class TargetState(StrEnum):
    """``UNVERIFIED``: everything was sent, and the tenant does not show it, or nobody knows if it was sent."""

    WAITING = "waiting"
    REFUSED = "refused"
    ALREADY_DONE = "already_done"
    DONE = "done"
    UNVERIFIED = "unverified"
    FAILED = "failed"


FINAL: Final = frozenset(
    {PlanState.REJECTED, PlanState.EXPIRED, PlanState.DONE, PlanState.PARTLY_DONE, PlanState.FAILED}
)
_MOVES: Final[Mapping[PlanState, frozenset[PlanState]]] = {
    PlanState.PROPOSED: frozenset({PlanState.APPROVED, PlanState.REJECTED, PlanState.EXPIRED}),
    PlanState.APPROVED: frozenset({PlanState.EXECUTING, PlanState.REJECTED, PlanState.EXPIRED}),
    PlanState.EXECUTING: frozenset({PlanState.DONE, PlanState.PARTLY_DONE, PlanState.FAILED}),
}


@dataclass(frozen=True, kw_only=True)
class Target:
    """One resource of a plan and how it went. ``check``, ``fingerprint`` and ``identity`` are those of the finding
    that it comes from; None and empty if somebody named the resource itself. ``parameters`` are those that the
    finding fills; they win over the plan's. ``because`` is a sentence, set if the target was refused, failed or is
    unverified.

    ``undoes`` is the number of the target of the earlier plan that this one takes back, in a plan that undoes.
    """

    number: int
    resource: Resource
    check: CheckId | None
    fingerprint: str | None
    identity: Mapping[str, Value]
    parameters: Mapping[str, ParameterValue]
    undoes: int | None
    state: TargetState
    because: str | None
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One person's yes to one plan digest. ``account`` is that person's in the tenant, if known."""

    by: str
    account: str | None
    role: Role
    digest: str
    note: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is proposed. ``rule``, ``limits`` and ``risk`` are those in force when it was proposed, the settings
    included. ``expires_at`` is when a proposal that nobody decided on ends. ``undoes`` is the id of the plan that it
    takes back. ``ended_because`` says why it was rejected, expired or ended before its last target.
    """

    id: str
    tenant_id: str
    tenant_name: str
    action: ActionId
    action_version: str
    risk: Risk
    parameters: Mapping[str, ParameterValue]
    targets: tuple[Target, ...]
    reason: str
    undoes: str | None
    rule: ApprovalRule
    limits: Limits
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    state: PlanState
    approvals: tuple[Approval, ...]
    started_at: datetime | None
    ended_at: datetime | None
    ended_because: str | None

    @property
    def digest(self) -> str:
        """The hash of everything that is approved: 64 hexadecimal digits, equal on every machine."""
        approved = [
            self.tenant_id,
            self.action,
            self.action_version,
            _plain(self.parameters),
            [_approved_of(target) for target in self.targets],
            self.undoes,
        ]
        text = json.dumps(approved, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def approved_until(self) -> datetime | None:
        """When the first approval that was needed ends; None while the plan is not approved."""
        if self.state is PlanState.PROPOSED or not self.approvals:
            return None
        return min(approval.at for approval in self.approvals) + self.rule.valid_for

    @property
    def approved_at(self) -> datetime | None:
        """When the last approval came; None without one."""
        return max((approval.at for approval in self.approvals), default=None)


def moved(plan: Plan, state: PlanState, *, at: datetime, because: str | None = None) -> Plan:
    """Return the plan in another state.

    Raises:
        WrongMove: a plan cannot go from its state to this one.
    """
    if state not in _MOVES.get(plan.state, frozenset()):
        raise WrongMove(f"plan {plan.id} is {plan.state} and cannot become {state}")
    if state is PlanState.EXECUTING:
        return replace(plan, state=state, started_at=at)
    if state in FINAL:
        return replace(plan, state=state, ended_at=at, ended_because=because)
    return replace(plan, state=state)


def ended_target(target: Target, state: TargetState, *, at: datetime, because: str | None = None) -> Target:
    """Return the target after it ended.

    Raises:
        WrongMove: the target has ended already, or ``state`` is no end.
    """
    if target.state is not TargetState.WAITING or state is TargetState.WAITING:
        raise WrongMove(f"target {target.number} is {target.state} and cannot become {state}")
    return replace(target, state=state, because=because, ended_at=at)


def final_state(targets: Sequence[Target]) -> PlanState:
    """Return how an executed plan ends: done if every target is as wished, failed if none is."""
    good = [target for target in targets if target.state in (TargetState.DONE, TargetState.ALREADY_DONE)]
    if len(good) == len(targets):
        return PlanState.DONE
    return PlanState.PARTLY_DONE if good else PlanState.FAILED


def is_overdue(plan: Plan, *, now: datetime) -> bool:
    """Say whether a plan that waits, for approval or for execution, has waited too long."""
    if plan.state is PlanState.PROPOSED:
        return now >= plan.expires_at
    if plan.state is PlanState.APPROVED:
        return plan.approved_until is None or now >= plan.approved_until
    return False


PROPOSAL_LASTS: Final = timedelta(days=7)


def _approved_of(target: Target) -> list[Value]:
    """Return what a yes to a plan means for one target."""
    return [
        target.number,
        target.resource.type,
        target.resource.id,
        target.check,
        target.fingerprint,
        _plain(target.parameters),
        target.undoes,
    ]


def _plain(parameters: Mapping[str, ParameterValue]) -> Value:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()}
