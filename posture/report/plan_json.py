"""A plan as one JSON document, ``posture.plan/1``: what is proposed, who decided, how each target went."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from posture.domain.check import ParameterValue
from posture.domain.journal import JournalEntry
from posture.domain.plan import Approval, Plan, Target
from posture.report.scan_json import json_time

SCHEMA = "posture.plan/1"


@dataclass(frozen=True, kw_only=True)
class Revealed:
    """A code or password that is shown once: for which target, under which name."""

    target: Target
    name: str
    value: str = field(repr=False)


def plan_document(plan: Plan, *, journal: Sequence[JournalEntry], revealed: Sequence[Revealed] = ()) -> str:
    """Return the whole document. ASCII only: nothing in a name can steer a terminal."""
    document = plan_json(plan) | {
        "journal": [journal_json(entry) for entry in journal],
        "revealed": [{"target": each.target.number, "name": each.name, "value": each.value} for each in revealed],
    }
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def plan_json(plan: Plan) -> dict[str, object]:
    """Return the document but for its journal and for what execution revealed."""
    return {
        "schema": SCHEMA,
        "id": plan.id,
        "digest": plan.digest,
        "tenant": {"id": plan.tenant_id, "name": plan.tenant_name},
        "action": plan.action,
        "action_version": plan.action_version,
        "risk": plan.risk.value,
        "parameters": _parameters_json(plan.parameters),
        "reason": plan.reason,
        "undoes": plan.undoes,
        "state": plan.state.value,
        "rule": {
            "people": plan.rule.people,
            "role": plan.rule.role.value,
            "valid_for_seconds": int(plan.rule.valid_for.total_seconds()),
        },
        "limits": {
            "per_run": plan.limits.per_run,
            "per_day": plan.limits.per_day,
            "share": plan.limits.share,
            "failures": plan.limits.failures,
        },
        "proposed_by": plan.proposed_by,
        "proposed_at": json_time(plan.proposed_at),
        "expires_at": json_time(plan.expires_at),
        "approvals": [_approval_json(approval) for approval in plan.approvals],
        "approved_until": _time(plan.approved_until),
        "started_at": _time(plan.started_at),
        "ended_at": _time(plan.ended_at),
        "ended_because": plan.ended_because,
        "targets": [target_json(target) for target in plan.targets],
    }


def plan_line_json(plan: Plan) -> dict[str, object]:
    """Return a plan of a list: everything but the targets, which are counted."""
    line = {name: value for name, value in plan_json(plan).items() if name not in ("schema", "targets")}
    return line | {"target_count": len(plan.targets)}


def target_json(target: Target) -> dict[str, object]:
    """Return one target; ``finding`` is the fingerprint of the finding that it comes from, or null."""
    return {
        "number": target.number,
        "resource": {"type": target.resource.type, "id": target.resource.id, "name": target.resource.name},
        "check": target.check,
        "finding": target.fingerprint,
        "identity": dict(target.identity),
        "parameters": _parameters_json(target.parameters),
        "undoes": target.undoes,
        "state": target.state.value,
        "because": target.because,
        "ended_at": _time(target.ended_at),
    }


def journal_json(entry: JournalEntry) -> dict[str, object]:
    """Return one request of the journal; secrets in its body are masked."""
    return {
        "target": entry.target,
        "number": entry.number,
        "step": entry.step,
        "method": entry.method,
        "path": entry.path,
        "body": None if entry.body is None else dict(entry.body),
        "state": entry.state.value,
        "intended_at": json_time(entry.intended_at),
        "ended_at": _time(entry.ended_at),
        "status": entry.status,
        "error": entry.error,
        "request_id": entry.request_id,
    }


def _approval_json(approval: Approval) -> dict[str, object]:
    return {
        "by": approval.by,
        "account": approval.account,
        "role": approval.role.value,
        "digest": approval.digest,
        "note": approval.note,
        "at": json_time(approval.at),
    }


def _parameters_json(parameters: Mapping[str, ParameterValue]) -> dict[str, object]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()}


def _time(time: datetime | None) -> str | None:
    return None if time is None else json_time(time)
