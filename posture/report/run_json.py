"""Runs in a list, as JSON values with their schema."""

from __future__ import annotations

from posture.domain.run import RunState
from posture.domain.run_line import RunLine
from posture.report.json_types import COUNT, TEXT, TEXT_OR_NULL, TIME, Schema, object_of, one_of, or_null
from posture.report.numbers_json import numbers_json, numbers_schema
from posture.report.scan_json import json_time


def run_line_json(line: RunLine) -> dict[str, object]:
    """Return a run of a list; ``tenant`` has the name that it had then."""
    return {
        "id": line.id,
        "tenant": {"id": line.tenant_id, "name": line.tenant},
        "taken_at": json_time(line.taken_at),
        "finished_at": json_time(line.finished_at) if line.finished_at else None,
        "state": line.state.value,
        "aborted_because": line.aborted_because,
        "requests": line.requests,
        "rows": line.rows,
        "seconds": line.seconds,
        "numbers": numbers_json(line.numbers) if line.numbers else None,
    }


def run_line_schema() -> Schema:
    """Return the JSON Schema of ``run_line_json``."""
    return object_of(
        id=TEXT,
        tenant=object_of(id=TEXT, name=TEXT),
        taken_at={"description": "when its first request was sent", **TIME},
        finished_at=or_null(TIME),
        state=one_of(RunState),
        aborted_because=TEXT_OR_NULL,
        requests=COUNT,
        rows=COUNT,
        seconds={"description": "null while it goes on", "type": ["number", "null"]},
        numbers={
            "description": "how the tenant's checks stood after it; null if nobody can tell",
            **or_null(numbers_schema()),
        },
    )
