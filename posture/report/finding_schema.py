"""JSON Schemas of findings and exemptions."""

from __future__ import annotations

from typing import Final

from posture.domain.finding import FindingChange, Resolution
from posture.domain.finding_view import Standing
from posture.domain.severity import Severity
from posture.report.json_types import COUNT, TEXT, TEXT_OR_NULL, TIME, Schema, list_of, object_of, one_of, or_null

FINGERPRINT: Final[Schema] = {
    "type": "string",
    "pattern": "^[0-9a-f]{32}$",
    "description": "the same in every scan, for one check, tenant, resource, identity",
}
RESOURCE: Final[Schema] = object_of(type=TEXT, id=TEXT, name=TEXT_OR_NULL)


def finding_schema() -> Schema:
    """Return the JSON Schema of ``finding_json``."""
    return object_of(
        fingerprint=FINGERPRINT,
        tenant_id=TEXT,
        check=TEXT,
        severity=one_of(Severity),
        standing={"description": "with the exemptions of this moment", **one_of(Standing)},
        resolution={"description": "null while it is open", **or_null(one_of(Resolution))},
        resource=RESOURCE,
        identity={"type": "object", "description": "what tells several findings on one resource apart"},
        message=TEXT,
        evidence={"type": "object", "description": "column values that show it; times as ISO 8601 in UTC"},
        first_failed_at=TIME,
        last_failed_at=TIME,
        judged_at=TIME,
        times_opened={"type": "integer", "minimum": 1},
        exemption={"description": "null unless one is in force", **or_null(exemption_schema())},
    )


def exemption_schema() -> Schema:
    """Return the JSON Schema of ``exemption_json``."""
    return object_of(
        tenant={"description": "name of a tenant, or * for all", **TEXT},
        check={"description": "null if it covers every check on the resource", **TEXT_OR_NULL},
        resource=TEXT,
        owner=TEXT,
        reason=TEXT,
        until={"description": "it counts until then, exclusive", **TIME},
        origin={"description": "where it was written down", **TEXT},
    )


def history_schema() -> Schema:
    """Return the JSON Schema of ``history_json``."""
    run = {"description": "null if no run of that snapshot is on record", **TEXT_OR_NULL}
    return list_of(object_of(at=TIME, change=one_of(FindingChange), run=run))


def count_by_severity() -> Schema:
    """Return an object with a count for every severity."""
    return object_of(**{severity.value: COUNT for severity in Severity})
