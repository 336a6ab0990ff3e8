"""Audit events as JSON values with their schema."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from posture.domain.audit import AuditKind, ChainedEvent
from posture.report.json_types import TEXT, TEXT_OR_NULL, TIME, Schema, object_of, one_of

_HASH: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def event_json(link: ChainedEvent) -> dict[str, object]:
    """Return an event with its place in the chain; its time is to the microsecond, which the hash covers."""
    event = link.event
    return {
        "number": link.number,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": event.actor,
        "kind": event.kind.value,
        "tenant_id": event.tenant_id,
        "plan_id": event.plan_id,
        "details": dict(event.details),
        "previous_hash": link.previous_hash,
        "hash": link.hash,
    }


def event_schema() -> Schema:
    """Return the JSON Schema of ``event_json``."""
    return object_of(
        number={"description": "counts from 1 without a gap", "type": "integer", "minimum": 1},
        at=TIME,
        actor={"description": 'name of an operator, or "posture"', **TEXT},
        kind=one_of(AuditKind),
        tenant_id=TEXT_OR_NULL,
        plan_id=TEXT_OR_NULL,
        details={"type": "object", "description": "by name; which ones depends on the kind"},
        previous_hash=_HASH,
        hash={"description": "of the event, its number and previous_hash", **_HASH},
    )
