"""Problems: every answer that is no success, as RFC 9457 has it (``application/problem+json``).

``type`` is one of a closed list and never changes its meaning, so that a script may branch on it. ``detail`` is a
sentence for people; nothing of the inside of posture is in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from starlette.responses import Response

from posture.report.json_types import TEXT, TEXT_OR_NULL, Schema, list_of, object_of

MEDIA_TYPE: Final = "application/problem+json"
_TYPE: Final = "urn:posture:problem:"


class ProblemKind(Enum):
    """What went wrong: name, HTTP status, title. The title is the same for every problem of a kind."""

    MALFORMED = ("malformed", 400, "The request cannot be read")
    NOT_SIGNED_IN = ("not-signed-in", 401, "A valid bearer token is needed")
    NOT_ALLOWED = ("not-allowed", 403, "Not allowed")
    NOT_THERE = ("not-there", 404, "There is no such thing")
    WRONG_METHOD = ("wrong-method", 405, "This address does not know the method")
    NOT_ACCEPTABLE = ("not-acceptable", 406, "Only JSON is offered")
    TOO_SLOW = ("too-slow", 408, "The request took too long")
    REFUSED = ("refused", 409, "Refused as things stand now")
    IN_PROGRESS = ("in-progress", 409, "The first request with this key is not answered yet")
    OUTCOME_UNKNOWN = ("outcome-unknown", 409, "The first request with this key was never answered")
    TOO_LARGE = ("too-large", 413, "The body is too large")
    WRONG_TYPE = ("wrong-type", 415, "Only JSON is taken")
    WRONG_HOST = ("wrong-host", 421, "posture is not served at this address")
    INVALID = ("invalid", 422, "The request is not valid")
    KEY_REUSED = ("key-reused", 422, "The key belongs to another request")
    TOO_MANY = ("too-many", 429, "Too many requests")
    BROKEN = ("broken", 500, "Something is wrong with posture")
    UNAVAILABLE = ("unavailable", 503, "The database cannot be used now")

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.uri = _TYPE + slug
        self.status = status
        self.title = title


@dataclass(frozen=True, kw_only=True)
class WrongPart:
    """One part of a request that is not valid.

    ``pointer`` is a JSON pointer into the body, ``parameter`` the name of a parameter; the other one is None.
    """

    detail: str
    pointer: str | None
    parameter: str | None


class Problem(Exception):
    """A request ends with this problem. ``headers`` go with the answer."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str,
        *,
        errors: Sequence[WrongPart] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def problem_json(problem: Problem, *, request_id: str | None) -> dict[str, object]:
    """Return the body; ``instance`` is the request's id, which is also in the log and in ``X-Request-ID``."""
    return {
        "type": problem.kind.uri,
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail,
        "instance": request_id,
        "errors": [
            {"detail": each.detail, "pointer": each.pointer, "parameter": each.parameter} for each in problem.errors
        ],
    }


def problem_schema() -> Schema:
    """Return the JSON Schema of a problem."""
    error = object_of(
        detail=TEXT,
        pointer={"description": "JSON pointer into the body; null if it is about a parameter", **TEXT_OR_NULL},
        parameter={"description": "name of the parameter; null if it is about the body", **TEXT_OR_NULL},
    )
    return object_of(
        type={"description": "never changes its meaning", "enum": [kind.uri for kind in ProblemKind]},
        title=TEXT,
        status={"type": "integer", "minimum": 400, "maximum": 599},
        detail={"description": "a sentence for people", **TEXT},
        instance={"description": "id of the request, as in the log", **TEXT_OR_NULL},
        errors={"description": "which parts of the request are not valid", **list_of(error)},
    )


def problem_response(problem: Problem, *, request_id: str | None) -> Response:
    """Return the answer. ASCII only, as everything that the API answers."""
    body = json.dumps(problem_json(problem, request_id=request_id), ensure_ascii=True)
    return Response(body, status_code=problem.kind.status, headers=problem.headers, media_type=MEDIA_TYPE)
