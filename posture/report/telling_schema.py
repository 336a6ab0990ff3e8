"""JSON Schemas of what ``posture notify list`` and ``posture notify send`` write."""

from __future__ import annotations

from typing import Final

from posture.domain.delivery import DeliveryState
from posture.report.json_types import COUNT, TEXT, TEXT_OR_NULL, TIME, Schema, list_of, object_of, one_of, or_null
from posture.report.telling_json import LIST_SCHEMA, SENDING_SCHEMA

_TIME_OR_NULL: Final = or_null(TIME)
_CLOSED: Final = object_of(channel=TEXT, because=TEXT, at=TIME)
_DELIVERY: Final[dict[str, Schema]] = {
    "id": {"description": "the message's id, wherever a channel has a place for one", **TEXT},
    "channel": TEXT,
    "is_digest": {"type": "boolean"},
    "notices": {"description": "how many", **COUNT},
    "state": one_of(DeliveryState),
    "since": {"description": "when it was first due", **TIME},
    "tries": COUNT,
    "next_try_at": {"description": "null once it has ended", **_TIME_OR_NULL},
    "ended_at": _TIME_OR_NULL,
    "note": {"description": "about the last try", **TEXT_OR_NULL},
}


def deliveries_schema() -> Schema:
    """Return the JSON Schema, draft 2020-12, of ``posture notify list``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What was told, and what waits",
        **object_of(
            schema={"const": LIST_SCHEMA},
            deliveries=list_of(view_schema()),
            waiting={
                "description": "what is in no message yet, for example because a digest is not due",
                **list_of(object_of(channel=TEXT, notices=COUNT, next_due_at=TIME)),
            },
            closed={"description": "channels that take nothing now", **list_of(_CLOSED)},
        ),
    }


def delivery_schema() -> Schema:
    """Return the JSON Schema of ``delivery_json``."""
    return object_of(**_DELIVERY)


def view_schema() -> Schema:
    """Return the JSON Schema of ``view_json``."""
    return object_of(
        **_DELIVERY,
        events={
            "description": "event → how many notices of it",
            "type": "object",
            "additionalProperties": COUNT,
        },
        tried_at={"description": "when it was last tried", **_TIME_OR_NULL},
    )


def closed_schema() -> Schema:
    """Return the JSON Schema of ``closed_json``."""
    return _CLOSED


def sending_schema() -> Schema:
    """Return the JSON Schema, draft 2020-12, of ``posture notify send``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What was sent now",
        **object_of(
            schema={"const": SENDING_SCHEMA},
            tried=list_of(object_of(**_DELIVERY, outcome={"enum": ["sent", "later", "refused"]}, said=TEXT_OR_NULL)),
            closed={"description": "channels that were closed by this", **list_of(_CLOSED)},
            postponed={
                "description": "channels that have taken as many messages as they do within a time",
                **list_of(object_of(channel=TEXT, until=TIME)),
            },
            unusable={
                "description": "channels that cannot be used: a secret is missing",
                **list_of(object_of(channel=TEXT, because=TEXT)),
            },
        ),
    }
