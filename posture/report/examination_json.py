"""Examinations as JSON values with their schema."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from posture.domain.examination import Examination, ReaderExamined, RemediatorExamined
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.tenant import Licence
from posture.report.json_types import COUNT, TEXT, TEXT_OR_NULL, TIME, Schema, list_of, object_of, one_of, or_null
from posture.report.numbers_json import reason_schema, skip_json
from posture.report.scan_json import json_time

_TEXTS_OR_NULL: Final[Schema] = or_null(list_of(TEXT))


def examination_json(examination: Examination) -> dict[str, object]:
    """Return what a tenant allowed when it was asked; ``remediator`` is null if the settings have none."""
    return {
        "tenant_id": examination.tenant_id,
        "at": json_time(examination.at),
        "reader": _reader_json(examination.reader),
        "remediator": _remediator_json(examination.remediator) if examination.remediator else None,
    }


def examination_schema() -> Schema:
    """Return the JSON Schema of ``examination_json``."""
    return object_of(
        tenant_id=TEXT,
        at=TIME,
        reader=_reader_schema(),
        remediator={"description": "null if the settings have none", **or_null(_remediator_schema())},
    )


def _reader_json(reader: ReaderExamined) -> dict[str, object]:
    return {
        "refused": reader.refused,
        "granted": _sorted(reader.granted),
        "missing": list(reader.missing),
        "licences": _sorted(reader.licences),
        "clock_skew_seconds": reader.clock_skew.total_seconds() if reader.clock_skew is not None else None,
        "tables_asked": reader.tables_asked,
        "tables_refused": [_table_json(table) for table in reader.tables_refused],
        "skips": {check: skip_json(reason) for check, reason in reader.skips.items()},
    }


def _reader_schema() -> Schema:
    table = object_of(name=TEXT, outcome=one_of(Outcome), reason=TEXT_OR_NULL, missing=TEXT_OR_NULL)
    return object_of(
        refused={"description": "why it gets no token or no answer; then nothing else is known", **TEXT_OR_NULL},
        granted={
            "description": "application permissions in its token; null if they cannot be read",
            **_TEXTS_OR_NULL,
        },
        missing={"description": "what enabled checks need beyond", **list_of(TEXT)},
        licences={"description": "null if they could not be read", **or_null(list_of(one_of(Licence)))},
        clock_skew_seconds={"description": "Graph's clock minus ours", "type": ["number", "null"]},
        tables_asked=COUNT,
        tables_refused=list_of(table),
        skips={
            "description": "check → why it cannot run",
            "type": "object",
            "additionalProperties": reason_schema(),
        },
    )


def _remediator_json(remediator: RemediatorExamined) -> dict[str, object]:
    return {
        "refused": remediator.refused,
        "granted": _sorted(remediator.granted),
        "actions": remediator.actions,
        "impossible": dict(remediator.impossible),
    }


def _remediator_schema() -> Schema:
    return object_of(
        refused={"description": "why it gets no token; then nothing else is known", **TEXT_OR_NULL},
        granted={
            "description": "application permissions in its token; null if they cannot be read",
            **_TEXTS_OR_NULL,
        },
        actions={"description": "how many there were", **COUNT},
        impossible={
            "description": "action → why it cannot be carried out",
            "type": "object",
            "additionalProperties": TEXT,
        },
    )


def _table_json(table: TableOutcome) -> dict[str, object]:
    return {"name": table.table, "outcome": table.outcome.value, "reason": table.reason, "missing": table.missing}


def _sorted(names: Iterable[str] | None) -> list[str] | None:
    return None if names is None else sorted(str(name) for name in names)
