"""Stop switches as JSON values with their schema."""

from __future__ import annotations

from posture.domain.switch import Stop
from posture.report.json_types import TEXT, TEXT_OR_NULL, TIME, Schema, object_of
from posture.report.scan_json import json_time


def stop_json(stop: Stop) -> dict[str, object]:
    """Return a stop; ``tenant_id`` is null if it holds everywhere."""
    return {"tenant_id": stop.tenant_id, "by": stop.by, "reason": stop.reason, "at": json_time(stop.at)}


def stop_schema() -> Schema:
    """Return the JSON Schema of ``stop_json``."""
    tenant = {"description": "null if it holds everywhere", **TEXT_OR_NULL}
    return object_of(tenant_id=tenant, by=TEXT, reason=TEXT, at=TIME)
