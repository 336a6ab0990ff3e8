"""Builders of plans and people; name only what the test is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from posture.domain.action import ActionId, ApprovalRule, Limits, Risk
from posture.domain.judgement import Resource
from posture.domain.operator import Operator, Role, scopes_of
from posture.domain.plan import Approval, Plan, PlanState, Target, TargetState

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_rule(**changes: Any) -> ApprovalRule:
    fields: dict[str, Any] = {"people": 1, "role": Role.HELPDESK, "valid_for": 24 * HOUR}
    return ApprovalRule(**(fields | changes))


def limits(**changes: Any) -> Limits:
    fields: dict[str, Any] = {"per_run": 10, "per_day": 20, "share": 0.5, "failures": 1}
    return Limits(**(fields | changes))


def an_operator(name: str = "grace", **changes: Any) -> Operator:
    fields: dict[str, Any] = {
        "name": name,
        "role": Role.ADMIN,
        "account": None,
        "added_at": MONDAY,
        "expires_at": MONDAY + 90 * 24 * HOUR,
        "revoked_at": None,
        "tenants": None,
        "scopes": scopes_of(changes.get("role", Role.ADMIN)),
        "subject": None,
        "signed_in_at": None,
    }
    return Operator(**(fields | changes))


def a_target(number: int = 1, **changes: Any) -> Target:
    fields: dict[str, Any] = {
        "number": number,
        "resource": Resource(type="user", id=f"u{number}", name=f"user{number}@example.com"),
        "check": None,
        "fingerprint": None,
        "identity": {},
        "parameters": {},
        "undoes": None,
        "state": TargetState.WAITING,
        "because": None,
        "ended_at": None,
    }
    return Target(**(fields | changes))


def a_plan(**changes: Any) -> Plan:
    """A plan that ada proposed on Monday; it needs one yes."""
    fields: dict[str, Any] = {
        "id": "p1",
        "tenant_id": "t1",
        "tenant_name": "contoso",
        "action": ActionId("revoke-sessions"),
        "action_version": "v1",
        "risk": Risk.DISRUPTIVE,
        "parameters": {},
        "targets": (a_target(1), a_target(2)),
        "reason": "stolen laptop",
        "undoes": None,
        "rule": a_rule(),
        "limits": limits(),
        "proposed_by": "ada",
        "proposed_at": MONDAY,
        "expires_at": MONDAY + 7 * 24 * HOUR,
        "state": PlanState.PROPOSED,
        "approvals": (),
        "started_at": None,
        "ended_at": None,
        "ended_because": None,
    }
    return Plan(**(fields | changes))


def a_yes(by: str, plan: Plan, **changes: Any) -> Approval:
    fields: dict[str, Any] = {
        "by": by,
        "account": None,
        "role": Role.ADMIN,
        "digest": plan.digest,
        "note": "agreed by phone",
        "at": MONDAY + HOUR,
    }
    return Approval(**(fields | changes))
