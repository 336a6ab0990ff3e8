"""One run with its tables and checks, as JSON values with its schema."""

from __future__ import annotations

from posture.bootstrap.views import RunDetail
from posture.domain.judgement import CheckOutcome
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.run import RunSummary
from posture.domain.severity import Severity
from posture.report.json_types import COUNT, TEXT, TEXT_OR_NULL, TIME, Schema, list_of, object_of, one_of, or_null
from posture.report.numbers_json import counts_schema, reason_schema
from posture.report.run_json import run_line_json, run_line_schema
from posture.report.scan_json import json_time, summary_json


def run_detail_json(detail: RunDetail) -> dict[str, object]:
    """Return a run; ``before`` has the checks of the last run before it that came to its end, to compare with."""
    return run_line_json(detail.line) | {
        "tables": [_table_json(table) for table in detail.summary.tables],
        "checks": _checks_json(detail.summary),
        "before": _before_json(detail.before) if detail.before else None,
    }


def run_detail_schema() -> Schema:
    """Return the JSON Schema of ``run_detail_json``."""
    before = object_of(id=TEXT, taken_at=TIME, checks=list_of(_check_schema()))
    return object_of(
        **run_line_schema()["properties"],
        tables=list_of(_table_schema()),
        checks=list_of(_check_schema()),
        before={"description": "the last run before it that came to its end", **or_null(before)},
    )


def _table_json(table: TableOutcome) -> dict[str, object]:
    return {
        "name": table.table,
        "outcome": table.outcome.value,
        "rows": table.rows,
        "requests": table.requests,
        "seconds": table.seconds,
        "reason": table.reason,
        "missing": table.missing,
    }


def _table_schema() -> Schema:
    return object_of(
        name=TEXT,
        outcome=one_of(Outcome),
        rows=COUNT,
        requests={"description": "retries included", **COUNT},
        seconds={"type": "number"},
        reason={"description": "null if the table is complete", **TEXT_OR_NULL},
        missing={"description": "the permission or licence that stands in the way", **TEXT_OR_NULL},
    )


def _checks_json(summary: RunSummary) -> object:
    return summary_json(summary)["checks"]


def _check_schema() -> Schema:
    return object_of(
        id=TEXT,
        severity=one_of(Severity),
        outcome=one_of(CheckOutcome),
        reason={"description": "null if the check was evaluated", **or_null(reason_schema())},
        counts={"description": "null unless the check was evaluated", **or_null(counts_schema())},
    )


def _before_json(summary: RunSummary) -> dict[str, object]:
    return {
        "id": summary.run.id,
        "taken_at": json_time(summary.run.taken_at),
        "checks": _checks_json(summary),
    }
