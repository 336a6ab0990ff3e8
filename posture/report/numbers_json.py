"""How checks stand, counted and one by one, as JSON values with their schemas."""

from __future__ import annotations

from typing import Final

from posture.domain.judgement import CheckOutcome, Counts, SkipKind, SkipReason
from posture.domain.numbers import CheckInTenant, Mark, Numbers, NumbersAt
from posture.domain.severity import Severity
from posture.report.json_types import COUNT, TEXT, TIME, Schema, object_of, one_of, or_null
from posture.report.scan_json import json_time

_SHARE_OR_NULL: Final[Schema] = {"type": ["number", "null"], "minimum": 0, "maximum": 1}


def numbers_json(numbers: Numbers) -> dict[str, object]:
    """Return the four numbers; ``score`` is the share that passed, null if there is nothing to count."""
    return {
        "passed": numbers.passed,
        "failed": numbers.failed,
        "unknown": numbers.unknown,
        "not_judged": numbers.not_judged,
        "score": numbers.score,
    }


def numbers_schema() -> Schema:
    """Return the JSON Schema of ``numbers_json``."""
    return object_of(
        passed=COUNT,
        failed=COUNT,
        unknown=COUNT,
        not_judged=COUNT,
        score={"description": "the share of all that passed; null if there is nothing", **_SHARE_OR_NULL},
    )


def numbers_at_json(point: NumbersAt) -> dict[str, object]:
    """Return the numbers at one time."""
    return {"at": json_time(point.at), **numbers_json(point.numbers)}


def numbers_at_schema() -> Schema:
    """Return the JSON Schema of ``numbers_at_json``."""
    return object_of(at=TIME, **numbers_schema()["properties"])


def mark_json(mark: Mark | None) -> str | None:
    """Return a mark; null if the settings switch the check off."""
    return None if mark is None else mark.value


def mark_schema() -> Schema:
    """Return the JSON Schema of ``mark_json``."""
    return {"description": "null if the settings switch it off", "enum": [*(mark.value for mark in Mark), None]}


def check_in_tenant_json(check: CheckInTenant) -> dict[str, object]:
    """Return how a check stands in one tenant now."""
    return {
        "mark": mark_json(check.mark),
        "outcome": check.outcome.value,
        "severity": check.severity.value,
        "reason": _reason_json(check.skipped, check.error),
        "counts": _counts_json(check.counts) if check.counts else None,
        "failing": check.failing,
        "evaluated_at": json_time(check.evaluated_at) if check.evaluated_at else None,
    }


def check_in_tenant_schema() -> Schema:
    """Return the JSON Schema of ``check_in_tenant_json``."""
    return object_of(
        mark=mark_schema(),
        outcome={"description": "of the last run that was asked to evaluate it", **one_of(CheckOutcome)},
        severity={"description": "the worst of what fails now", **one_of(Severity)},
        reason={"description": "why it was not evaluated; null if it was", **or_null(reason_schema())},
        counts={"description": "of its last evaluation; null without one", **or_null(counts_schema())},
        failing={"description": "findings that are open and not exempted now", **COUNT},
        evaluated_at=or_null(TIME),
    )


def reason_schema() -> Schema:
    """Return the JSON Schema of why a check was not evaluated."""
    return object_of(kind={"enum": [*(kind.value for kind in SkipKind), "broken"]}, detail=TEXT)


def counts_schema() -> Schema:
    """Return the JSON Schema of what a check counted."""
    return object_of(**dict.fromkeys(("pass", "fail", "unknown", "not_applicable", "exempted"), COUNT))


def skip_json(reason: SkipReason) -> dict[str, object]:
    """Return why a check cannot be evaluated."""
    return {"kind": reason.kind.value, "detail": reason.detail}


def _reason_json(skipped: SkipReason | None, error: str | None) -> dict[str, object] | None:
    if skipped is not None:
        return skip_json(skipped)
    return {"kind": "broken", "detail": error} if error is not None else None


def _counts_json(counts: Counts) -> dict[str, int]:
    return {
        "pass": counts.passed,
        "fail": counts.failed,
        "unknown": counts.unknown,
        "not_applicable": counts.not_applicable,
        "exempted": counts.exempted,
    }
