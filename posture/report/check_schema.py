"""JSON Schema of a check."""

from __future__ import annotations

from typing import Final

from posture.domain.check import Maturity, ParameterType
from posture.domain.severity import Severity
from posture.report.json_types import TEXT, TEXT_OR_NULL, Schema, list_of, object_of, one_of

_TEXTS: Final[Schema] = list_of(TEXT)
_NUMBER_OR_NULL: Final[Schema] = {"type": ["number", "null"]}
_TEXTS_BY_NAME: Final[Schema] = {"type": "object", "additionalProperties": _TEXTS}


def check_schema_of_api() -> Schema:
    """Return the JSON Schema of ``check_json``. The one of a check's file is ``definitions.json_schema``."""
    return object_of(
        id=TEXT,
        title={"description": "what is wrong", **TEXT},
        resource=TEXT,
        severity=one_of(Severity),
        critical_when={"description": "SQL condition; null if the severity never varies", **TEXT_OR_NULL},
        maturity=one_of(Maturity),
        tags=_TEXTS,
        why=TEXT,
        fix=TEXT,
        references=_TEXTS,
        false_positives=_TEXTS,
        frameworks={"description": "name of a framework → its controls", **_TEXTS_BY_NAME},
        parameters=list_of(parameter_schema()),
        reads={"description": "table → columns", **_TEXTS_BY_NAME},
        is_local={"type": "boolean", "description": "false if it came with posture"},
    )


def parameter_schema() -> Schema:
    """Return the JSON Schema of ``parameter_json``."""
    return object_of(
        name=TEXT,
        type=one_of(ParameterType),
        default={
            "description": "null if it has to be given",
            "anyOf": [{"type": ["boolean", "number", "string", "null"]}, _TEXTS],
        },
        unit=TEXT_OR_NULL,
        minimum=_NUMBER_OR_NULL,
        maximum=_NUMBER_OR_NULL,
        choices=_TEXTS,
        help=TEXT,
    )
