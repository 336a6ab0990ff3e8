"""Operators as JSON values with their schema."""

from __future__ import annotations

from posture.domain.operator import Operator, Role, Scope
from posture.report.json_types import TEXT, TEXT_OR_NULL, TIME, Schema, list_of, object_of, one_of, or_null
from posture.report.scan_json import json_time


def operator_json(operator: Operator) -> dict[str, object]:
    """Return an operator; ``tenants`` is null for somebody who is not limited to some."""
    return {
        "name": operator.name,
        "role": operator.role.value,
        "account": operator.account,
        "tenants": None if operator.tenants is None else sorted(operator.tenants),
        "scopes": [scope.value for scope in Scope if scope in operator.scopes],
        "signs_in_with": "token" if operator.subject is None else "provider",
        "added_at": json_time(operator.added_at),
        "expires_at": json_time(operator.expires_at),
        "revoked_at": json_time(operator.revoked_at) if operator.revoked_at else None,
    }


def operator_schema() -> Schema:
    """Return the JSON Schema of ``operator_json``."""
    return object_of(
        name=TEXT,
        role=one_of(Role),
        account={"description": "their own account in the tenants", **TEXT_OR_NULL},
        tenants={"description": "names; null for all, those added later too", **or_null(list_of(TEXT))},
        scopes=list_of(one_of(Scope)),
        signs_in_with={"enum": ["token", "provider"]},
        added_at=TIME,
        expires_at={"description": "it counts until then, exclusive", **TIME},
        revoked_at=or_null(TIME),
    )
