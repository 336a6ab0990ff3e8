"""A plan as people read it before they decide, as JSON values with its schema."""

from __future__ import annotations

from typing import Final

from posture.bootstrap.views import PlanDetail, TargetDetail
from posture.domain.finding_view import Standing
from posture.report.json_types import TEXT, TEXT_OR_NULL, Schema, list_of, object_of, one_of, or_null
from posture.report.plan_json import journal_json, plan_json, target_json
from posture.report.plan_schema import plan_parts, request_schema, target_parts
from posture.usecases.planned_requests import PlannedRequest

_OF_DOCUMENT_ONLY: Final = frozenset({"schema", "targets"})


def plan_detail_json(detail: PlanDetail) -> dict[str, object]:
    """Return a plan with what the action does, each target's requests, the journal, and who may decide."""
    action = detail.loaded.action if detail.loaded else None
    plan = {name: value for name, value in plan_json(detail.plan).items() if name not in _OF_DOCUMENT_ONLY}
    return plan | {
        "effect": action.effect.strip() if action else None,
        "undo_impossible_because": action.undo_impossible_because if action else None,
        "action_is_changed": detail.is_changed,
        "closed_because": detail.closed,
        "not_approve": detail.not_approve,
        "not_reject": detail.not_reject,
        "not_execute": detail.not_execute,
        "not_undo": detail.not_undo,
        "targets": [_target_json(target) for target in detail.targets],
        "journal": [journal_json(entry) for target in detail.targets for entry in target.journal],
    }


def plan_detail_schema() -> Schema:
    """Return the JSON Schema of ``plan_detail_json``."""
    return object_of(
        **plan_parts(),
        effect={"description": "null if the action left the catalog, or its file is wrong", **TEXT_OR_NULL},
        undo_impossible_because={"description": "null if it can be undone", **TEXT_OR_NULL},
        action_is_changed={"description": "true if its file is not the one that was proposed", "type": "boolean"},
        closed_because={"description": "why nothing can be done in the tenant now", **TEXT_OR_NULL},
        not_approve={"description": "why you may not approve it; null if you may", **TEXT_OR_NULL},
        not_reject={"description": "why you may not reject it; null if you may", **TEXT_OR_NULL},
        not_execute={"description": "why you may not have it executed; null if you may", **TEXT_OR_NULL},
        not_undo={"description": "why you may not propose to take it back; null if you may", **TEXT_OR_NULL},
        targets=list_of(object_of(**target_parts(), **_of_target())),
        journal={"description": "what was sent, or perhaps sent", **list_of(request_schema())},
    )


def _target_json(detail: TargetDetail) -> dict[str, object]:
    finding = detail.finding
    return target_json(detail.target) | {
        "standing": finding.standing.value if finding else None,
        "message": finding.finding.message if finding else None,
        "evidence": dict(finding.finding.evidence) if finding else None,
        "requests": [_request_json(request) for request in detail.requests],
    }


def _of_target() -> dict[str, Schema]:
    request = object_of(
        step=TEXT,
        method=TEXT,
        path={"description": "below the version root; what only the tenant knows stands in braces", **TEXT},
        body=or_null({"type": "object", "description": "secrets masked"}),
        is_for_each={"description": "sent once for each thing found there", "type": "boolean"},
    )
    return {
        "standing": {"description": "of its finding now; null without one", **or_null(one_of(Standing))},
        "message": {"description": "of its finding; null without one", **TEXT_OR_NULL},
        "evidence": {"description": "of its finding; null without one", **or_null({"type": "object"})},
        "requests": {"description": "what the plan sends for it", **list_of(request)},
    }


def _request_json(request: PlannedRequest) -> dict[str, object]:
    return {
        "step": request.step,
        "method": request.method,
        "path": request.path,
        "body": dict(request.body) if request.body is not None else None,
        "is_for_each": request.is_for_each,
    }
