"""JSON Schema of the document that ``posture plans`` and ``posture actions propose`` write."""

from __future__ import annotations

from typing import Final

from posture.domain.action import Risk
from posture.domain.journal import SendState
from posture.domain.operator import Role
from posture.domain.plan import PlanState, TargetState
from posture.report.json_types import COUNT, TEXT, TEXT_OR_NULL, TIME, Schema, list_of, object_of, one_of, or_null
from posture.report.plan_json import SCHEMA

_TIME_OR_NULL: Final = or_null(TIME)
_HASH: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_VALUES: Final[Schema] = {"type": "object", "description": "by name; what an action file declares"}


def plan_schema() -> Schema:
    """Return the JSON Schema, draft 2020-12. Every key is always there; what may be missing is null or empty."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One plan of remediation",
        **object_of(
            schema={"const": SCHEMA},
            **plan_parts(),
            targets=list_of(object_of(**target_parts())),
            journal=list_of(request_schema()),
            revealed=list_of(_revealed()),
        ),
    }


def plan_parts() -> dict[str, Schema]:
    """Return the JSON Schemas of what a plan says, by name, but for its targets and what became of them."""
    return {
        "id": TEXT,
        "digest": {"description": "hash of everything that is approved", **_HASH},
        "tenant": object_of(id=TEXT, name=TEXT),
        "action": TEXT,
        "action_version": TEXT,
        "risk": one_of(Risk),
        "parameters": _VALUES,
        "reason": TEXT,
        "undoes": {"description": "id of the plan that this one takes back", **TEXT_OR_NULL},
        "state": one_of(PlanState),
        "rule": object_of(people=COUNT, role=one_of(Role), valid_for_seconds=COUNT),
        "limits": object_of(per_run=COUNT, per_day=COUNT, share={"type": "number"}, failures=COUNT),
        "proposed_by": TEXT,
        "proposed_at": TIME,
        "expires_at": {"description": "when a proposal that nobody decided on ends", **TIME},
        "approvals": list_of(_approval()),
        "approved_until": _TIME_OR_NULL,
        "started_at": _TIME_OR_NULL,
        "ended_at": _TIME_OR_NULL,
        "ended_because": TEXT_OR_NULL,
    }


def plan_line_schema() -> Schema:
    """Return the JSON Schema of ``plan_line_json``."""
    return object_of(**plan_parts(), target_count=COUNT)


def _approval() -> Schema:
    return object_of(by=TEXT, account=TEXT_OR_NULL, role=one_of(Role), digest=_HASH, note=TEXT, at=TIME)


def target_parts() -> dict[str, Schema]:
    """Return the JSON Schemas of what ``target_json`` says, by name."""
    return {
        "number": COUNT,
        "resource": object_of(type=TEXT, id=TEXT, name=TEXT_OR_NULL),
        "check": TEXT_OR_NULL,
        "finding": {"description": "fingerprint of the finding that it comes from", **TEXT_OR_NULL},
        "identity": {"type": "object", "description": "what tells several findings on one resource apart"},
        "parameters": _VALUES,
        "undoes": {"description": "number of the target of the earlier plan", "type": ["integer", "null"]},
        "state": one_of(TargetState),
        "because": {"description": "why it was refused, failed or is unverified", **TEXT_OR_NULL},
        "ended_at": _TIME_OR_NULL,
    }


def request_schema() -> Schema:
    """Return the JSON Schema of ``journal_json``."""
    return object_of(
        target=COUNT,
        number=COUNT,
        step=TEXT,
        method=TEXT,
        path=TEXT,
        body=or_null({"type": "object", "description": "as sent, secrets masked"}),
        state=one_of(SendState),
        intended_at=TIME,
        ended_at=_TIME_OR_NULL,
        status={"type": ["integer", "null"]},
        error=TEXT_OR_NULL,
        request_id=TEXT_OR_NULL,
    )


def _revealed() -> Schema:
    return {
        "description": "codes and passwords, written by posture plans execute alone, once, and kept nowhere",
        **object_of(target=COUNT, name=TEXT, value=TEXT),
    }
