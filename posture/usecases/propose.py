"""Propose a plan: from findings or named resources to something that people can approve."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from posture.definitions.loaded_action import LoadedAction
from posture.definitions.parameters import ParameterRefused, fitting_value
from posture.domain.action import ApprovalRule, Limits
from posture.domain.check import ParameterValue
from posture.domain.finding import Finding
from posture.domain.finding_view import FindingView, Standing
from posture.domain.judgement import Resource, Value
from posture.domain.operator import Operator
from posture.domain.plan import PROPOSAL_LASTS, Plan, PlanState, Target, TargetState
from posture.errors import ActionRefused, UsageError
from posture.usecases.parameter_text import value_of_text
from posture.usecases.ports import Clock, OpenActingUnit
from posture.usecases.record_proposal import record_refusal, recorded


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What somebody wants done in one tenant, for findings, or for resources named without one.

    ``parameters`` are as typed. ``rule`` and ``limits`` are those in force, the settings included. ``population``
    counts all resources of the kind in the latest snapshot; None if nobody knows. ``closed`` says why nothing can be
    done in the tenant at all; None if something can.
    """

    tenant_id: str
    tenant_name: str
    loaded: LoadedAction
    findings: Sequence[FindingView]
    resources: Sequence[Resource]
    parameters: Mapping[str, str]
    reason: str
    rule: ApprovalRule
    limits: Limits
    population: int | None
    closed: str | None


def propose_plan(proposal: Proposal, operator: Operator, *, open_unit: OpenActingUnit, clock: Clock) -> Plan:
    """Record a plan that waits for approval, and return it.

    Raises:
        UsageError: no target is given, or a parameter is missing, unknown or does not fit.
        NotAllowedToDecide: the operator may not propose this action.
        ActionRefused: a gate is closed: read-only tenant, stop switch, finding not open, too many targets, or the
            very same waits for approval already.
    """
    now = clock.now()
    try:
        plan = _plan(proposal, operator, now)
    except ActionRefused as refused:
        named = [*(view.finding.resource for view in proposal.findings), *proposal.resources]
        details: dict[str, Value] = {"targets": [resource.id for resource in named], "reason": proposal.reason}
        record_refusal(
            refused, operator, proposal.loaded, details, tenant_id=proposal.tenant_id, at=now, open_unit=open_unit
        )
        raise
    return recorded(
        plan, operator, closed=proposal.closed, population=proposal.population, now=now, open_unit=open_unit
    )


def _plan(proposal: Proposal, operator: Operator, now: datetime) -> Plan:
    action = proposal.loaded.action
    if not proposal.reason.strip():
        raise UsageError("a proposal needs a reason; those who approve read it")
    typed = _typed(proposal.loaded, proposal.parameters)
    targets = [
        *(_of_finding(view, proposal, typed) for view in proposal.findings),
        *(_of_resource(resource, proposal, typed) for resource in proposal.resources),
    ]
    _require_distinct(targets)
    return Plan(
        id=uuid.uuid4().hex,
        tenant_id=proposal.tenant_id,
        tenant_name=proposal.tenant_name,
        action=action.id,
        action_version=action.version,
        risk=action.risk,
        parameters=typed,
        targets=tuple(replace(target, number=number) for number, target in enumerate(targets, start=1)),
        reason=proposal.reason.strip(),
        undoes=None,
        rule=proposal.rule,
        limits=proposal.limits,
        proposed_by=operator.name,
        proposed_at=now,
        expires_at=now + PROPOSAL_LASTS,
        state=PlanState.PROPOSED,
        approvals=(),
        started_at=None,
        ended_at=None,
        ended_because=None,
    )


def _typed(loaded: LoadedAction, given: Mapping[str, str]) -> dict[str, ParameterValue]:
    """Return the plan's parameters: what was typed, else the default; what findings fill may be missing."""
    declared = {parameter.name: parameter for parameter in loaded.action.parameters}
    unknown = [name for name in given if name not in declared]
    if unknown:
        known = ", ".join(declared) or "none"
        raise UsageError(f"{loaded.action.id} has no parameter {unknown[0]}; it has: {known}")
    typed = {name: value_of_text(declared[name], text) for name, text in given.items()}
    defaults = {name: one.default for name, one in declared.items() if name not in typed and one.default is not None}
    return {**defaults, **typed}


def _of_finding(view: FindingView, proposal: Proposal, typed: Mapping[str, ParameterValue]) -> Target:
    finding, action = view.finding, proposal.loaded.action
    short = finding.fingerprint[:12]
    if finding.tenant_id != proposal.tenant_id:
        raise ActionRefused(f"finding {short} is of another tenant; a plan is for one")
    if view.standing is not Standing.OPEN:
        raise ActionRefused(f"finding {short} is {view.standing}; only an open finding is acted on")
    if finding.resource.type != action.resource:
        raise ActionRefused(
            f"{action.id} is for {action.resource}, but finding {short} is about {finding.resource.type}"
        )
    filled = _filled(finding, proposal)
    _require_complete(proposal.loaded, {**typed, **filled})
    return Target(
        number=0,
        resource=finding.resource,
        check=finding.check,
        fingerprint=finding.fingerprint,
        identity=finding.identity,
        parameters=filled,
        undoes=None,
        state=TargetState.WAITING,
        because=None,
        ended_at=None,
    )


def _filled(finding: Finding, proposal: Proposal) -> dict[str, ParameterValue]:
    """Return the parameters that the finding's identity or evidence fills; what was typed is not asked of it."""
    declared = {parameter.name: parameter for parameter in proposal.loaded.action.parameters}
    known = {**finding.evidence, **finding.identity}
    filled: dict[str, ParameterValue] = {}
    for name, column in proposal.loaded.sources.items():
        if name in proposal.parameters or known.get(column) is None:
            continue
        try:
            filled[name] = fitting_value(declared[name], known[column])
        except ParameterRefused as error:
            raise ActionRefused(f"{column} of finding {finding.fingerprint[:12]} does not fit: {error}") from error
    return filled


def _of_resource(resource: Resource, proposal: Proposal, typed: Mapping[str, ParameterValue]) -> Target:
    _require_complete(proposal.loaded, typed)
    return Target(
        number=0,
        resource=resource,
        check=None,
        fingerprint=None,
        identity={},
        parameters={},
        undoes=None,
        state=TargetState.WAITING,
        because=None,
        ended_at=None,
    )


def _require_complete(loaded: LoadedAction, parameters: Mapping[str, ParameterValue]) -> None:
    missing = [one.name for one in loaded.action.parameters if one.name not in parameters]
    if missing:
        raise UsageError(f"{loaded.action.id} needs the parameter {missing[0]}: add --param {missing[0]}=…")


def _require_distinct(targets: Sequence[Target]) -> None:
    """Refuse no target, and the same thing twice: one yes must not act two times."""
    if not targets:
        raise UsageError("there is nothing to act on: no open finding, and no resource was named")
    seen: set[str] = set()
    for target in targets:
        key = f"{target.resource.id.lower()} {sorted(target.parameters.items())!r}"
        if key in seen:
            raise UsageError(f"{target.resource.id} is named twice; a plan acts on everything once")
        seen.add(key)
