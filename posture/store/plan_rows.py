"""Rows of plans, their targets and approvals ↔ values of the domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import RowMapping

from posture.domain.action import ActionId, ApprovalRule, Limits, Risk
from posture.domain.check import CheckId, ParameterValue
from posture.domain.judgement import Resource, Value
from posture.domain.operator import Role
from posture.domain.plan import Approval, Plan, PlanState, Target, TargetState
from posture.store.rows import Row


def plan_row(plan: Plan) -> Row:
    return {
        "id": plan.id,
        "tenant_id": plan.tenant_id,
        "tenant_name": plan.tenant_name,
        "action": plan.action,
        "action_version": plan.action_version,
        "risk": plan.risk.value,
        "parameters": _stored(plan.parameters),
        "reason": plan.reason,
        "undoes": plan.undoes,
        "rule_people": plan.rule.people,
        "rule_role": plan.rule.role.value,
        "rule_seconds": plan.rule.valid_for.total_seconds(),
        "limit_per_run": plan.limits.per_run,
        "limit_per_day": plan.limits.per_day,
        "limit_share": plan.limits.share,
        "limit_failures": plan.limits.failures,
        "proposed_by": plan.proposed_by,
        "proposed_at": plan.proposed_at,
        "expires_at": plan.expires_at,
    } | progress_row(plan)


def progress_row(plan: Plan) -> Row:
    """Return what changes on a plan after it was proposed."""
    return {
        "state": plan.state.value,
        "started_at": plan.started_at,
        "ended_at": plan.ended_at,
        "ended_because": plan.ended_because,
    }


def plan_from(row: RowMapping, *, targets: Iterable[Target], approvals: Iterable[Approval]) -> Plan:
    return Plan(
        id=row["id"],
        tenant_id=row["tenant_id"],
        tenant_name=row["tenant_name"],
        action=ActionId(row["action"]),
        action_version=row["action_version"],
        risk=Risk(row["risk"]),
        parameters=_parameters_from(row["parameters"]),
        targets=tuple(targets),
        reason=row["reason"],
        undoes=row["undoes"],
        rule=ApprovalRule(
            people=row["rule_people"],
            role=Role(row["rule_role"]),
            valid_for=timedelta(seconds=row["rule_seconds"]),
        ),
        limits=Limits(
            per_run=row["limit_per_run"],
            per_day=row["limit_per_day"],
            share=row["limit_share"],
            failures=row["limit_failures"],
        ),
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        expires_at=row["expires_at"],
        state=PlanState(row["state"]),
        approvals=tuple(approvals),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        ended_because=row["ended_because"],
    )


def target_row(plan_id: str, target: Target) -> Row:
    return {
        "plan_id": plan_id,
        "number": target.number,
        "resource_type": target.resource.type,
        "resource_id": target.resource.id,
        "resource_name": target.resource.name,
        "check_id": target.check,
        "fingerprint": target.fingerprint,
        "identity": dict(target.identity),
        "parameters": _stored(target.parameters),
        "undoes": target.undoes,
    } | end_row(target)


def end_row(target: Target) -> Row:
    """Return what changes on a target when it ends."""
    return {"state": target.state.value, "because": target.because, "ended_at": target.ended_at}


def target_from(row: RowMapping) -> Target:
    return Target(
        number=row["number"],
        resource=Resource(type=row["resource_type"], id=row["resource_id"], name=row["resource_name"]),
        check=CheckId(row["check_id"]) if row["check_id"] else None,
        fingerprint=row["fingerprint"],
        identity=row["identity"],
        parameters=_parameters_from(row["parameters"]),
        undoes=row["undoes"],
        state=TargetState(row["state"]),
        because=row["because"],
        ended_at=row["ended_at"],
    )


def approval_row(plan_id: str, position: int, approval: Approval) -> Row:
    return {
        "plan_id": plan_id,
        "position": position,
        "given_by": approval.by,
        "account": approval.account,
        "role": approval.role.value,
        "digest": approval.digest,
        "note": approval.note,
        "at": approval.at,
    }


def approval_from(row: RowMapping) -> Approval:
    return Approval(
        by=row["given_by"],
        account=row["account"],
        role=Role(row["role"]),
        digest=row["digest"],
        note=row["note"],
        at=row["at"],
    )


def _stored(parameters: Mapping[str, ParameterValue]) -> Mapping[str, Value]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()}


def _parameters_from(stored: Mapping[str, Any]) -> Mapping[str, ParameterValue]:
    # A list is a tuple in the domain; nothing else that a parameter can be is changed by JSON.
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
