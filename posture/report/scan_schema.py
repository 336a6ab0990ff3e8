"""JSON Schema of the document that ``posture scan --format json`` writes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from posture.domain.finding import FindingChange
from posture.domain.judgement import CheckOutcome, SkipKind
from posture.domain.outcome import Outcome
from posture.domain.run import RunState
from posture.domain.severity import Severity
from posture.domain.verdict import Verdict
from posture.report.scan_json import SCHEMA

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}


def scan_schema() -> Schema:
    """Return the JSON Schema, draft 2020-12. Every key is always there; what may be missing is null."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One scan of one tenant",
        **_object(
            schema={"const": SCHEMA},
            tenant=_object(id=_TEXT, name=_TEXT, display_name=_TEXT_OR_NULL),
            run=_run(),
            tables=_list(_table()),
            checks=_list(_check()),
            judgements=_list(_judgement()),
        ),
    }


def _run() -> Schema:
    return _object(
        id=_TEXT,
        taken_at=_TIME,
        finished_at={"anyOf": [_TIME, {"type": "null"}]},
        state=_one_of(state for state in RunState if state is not RunState.RUNNING),
        aborted_because=_TEXT_OR_NULL,
    )


def _table() -> Schema:
    return _object(name=_TEXT, outcome=_one_of(Outcome), rows=_COUNT, requests=_COUNT, reason=_TEXT_OR_NULL)


def _check() -> Schema:
    reason = _object(kind={"enum": [*(kind.value for kind in SkipKind), "broken"]}, detail=_TEXT)
    counts = _object(**dict.fromkeys(("pass", "fail", "unknown", "not_applicable", "exempted"), _COUNT))
    return _object(
        id=_TEXT,
        severity=_one_of(Severity),
        outcome=_one_of(CheckOutcome),
        reason={"description": "null if the check was evaluated", **_or_null(reason)},
        counts={"description": "null unless the check was evaluated", **_or_null(counts)},
    )


def _judgement() -> Schema:
    return _object(
        check=_TEXT,
        resource=_object(type=_TEXT, id=_TEXT, name=_TEXT_OR_NULL),
        identity={"type": "object", "description": "what tells several findings on one resource apart"},
        verdict=_one_of(Verdict),
        severity=_one_of(Severity),
        message=_TEXT,
        evidence={"type": "object", "description": "column values that show it; times as ISO 8601 in UTC"},
        fingerprint={
            "type": "string",
            "description": "the same in every scan, for one check, tenant, resource, identity",
        },
        finding={"enum": [*(change.value for change in FindingChange), None]},
    )


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _one_of(members: Iterable[StrEnum]) -> Schema:
    return {"enum": [member.value for member in members]}
