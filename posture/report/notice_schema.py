"""JSON Schema of what a webhook is sent."""

from __future__ import annotations

from typing import Final

from posture.domain.notice import Event
from posture.domain.severity import Severity
from posture.report.json_types import TEXT, TEXT_OR_NULL, TIME, Schema, list_of, object_of, one_of

_ID: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_MESSAGE_ID: Final[Schema] = {"type": "string", "pattern": "^(sample-)?[0-9a-f]{32}$"}
_FROM_ONE: Final[Schema] = {"type": "integer", "minimum": 1}


def notice_schema() -> Schema:
    """Return the JSON Schema, draft 2020-12. Every key is always there; what may be missing is null or empty."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One request to a webhook",
        **object_of(
            schema={"const": "posture.notices/1"},
            id={"description": "of the message: the same in all its parts, and when it is sent again", **_MESSAGE_ID},
            part={"description": "number of this part", **_FROM_ONE},
            parts={"description": "how many parts the message has", **_FROM_ONE},
            written_at={"description": "when this message was put into words", **TIME},
            is_digest={"description": "true if it tells what was collected", "type": "boolean"},
            is_sample={
                "description": "true if nothing of it happened: somebody tries the channel",
                "type": "boolean",
            },
            notices={"minItems": 1, **list_of(_notice())},
        ),
    }


def _notice() -> Schema:
    return object_of(
        id={"description": "of what happened: the same however often and in whatever message it is told", **_ID},
        event=one_of(Event),
        at={"description": "when it happened", **TIME},
        tenant_id=TEXT_OR_NULL,
        tenant_name={"description": "as the settings name it; null if it is about no tenant", **TEXT_OR_NULL},
        severity=one_of(Severity),
        check=TEXT_OR_NULL,
        title={"description": "of the check", **TEXT_OR_NULL},
        resource_type=TEXT_OR_NULL,
        about={
            "description": "fingerprint of the finding, id of the plan, run, check or key, name of the channel",
            **TEXT,
        },
        thread={"description": "the same for all that is told about one thing", **_ID},
        facts={"description": "by name; which ones depends on the event", "type": "object"},
        facts_shortened={
            "description": "true if the facts were too long: lists and objects are left out, texts are cut",
            "type": "boolean",
        },
        link={"description": "our own page about it; null if none is set up", **TEXT_OR_NULL},
    )
