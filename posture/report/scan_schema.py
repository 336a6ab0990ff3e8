"""JSON Schema of the document that ``posture scan --format json`` writes."""

from __future__ import annotations

from posture.domain.finding import FindingChange
from posture.domain.judgement import CheckOutcome, SkipKind
from posture.domain.outcome import Outcome
from posture.domain.run import RunState
from posture.domain.severity import Severity
from posture.domain.verdict import Verdict
from posture.report.json_types import COUNT, TEXT, TEXT_OR_NULL, TIME, Schema, list_of, object_of, one_of, or_null
from posture.report.scan_json import SCHEMA


def scan_schema() -> Schema:
    """Return the JSON Schema, draft 2020-12. Every key is always there; what may be missing is null."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One scan of one tenant",
        **object_of(
            schema={"const": SCHEMA},
            tenant=object_of(id=TEXT, name=TEXT, display_name=TEXT_OR_NULL),
            run=_run(),
            tables=list_of(_table()),
            checks=list_of(_check()),
            judgements=list_of(_judgement()),
        ),
    }


def _run() -> Schema:
    return object_of(
        id=TEXT,
        taken_at=TIME,
        finished_at={"anyOf": [TIME, {"type": "null"}]},
        state=one_of(state for state in RunState if state is not RunState.RUNNING),
        aborted_because=TEXT_OR_NULL,
    )


def _table() -> Schema:
    return object_of(name=TEXT, outcome=one_of(Outcome), rows=COUNT, requests=COUNT, reason=TEXT_OR_NULL)


def _check() -> Schema:
    reason = object_of(kind={"enum": [*(kind.value for kind in SkipKind), "broken"]}, detail=TEXT)
    counts = object_of(**dict.fromkeys(("pass", "fail", "unknown", "not_applicable", "exempted"), COUNT))
    return object_of(
        id=TEXT,
        severity=one_of(Severity),
        outcome=one_of(CheckOutcome),
        reason={"description": "null if the check was evaluated", **or_null(reason)},
        counts={"description": "null unless the check was evaluated", **or_null(counts)},
    )


def _judgement() -> Schema:
    return object_of(
        check=TEXT,
        resource=object_of(type=TEXT, id=TEXT, name=TEXT_OR_NULL),
        identity={"type": "object", "description": "what tells several findings on one resource apart"},
        verdict=one_of(Verdict),
        severity=one_of(Severity),
        message=TEXT,
        evidence={"type": "object", "description": "column values that show it; times as ISO 8601 in UTC"},
        fingerprint={
            "type": "string",
            "description": "the same in every scan, for one check, tenant, resource, identity",
        },
        finding={"enum": [*(change.value for change in FindingChange), None]},
    )
