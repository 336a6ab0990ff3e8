"""What a failure is told as: a status and a sentence, nothing of the inside."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from posture.errors import (
    ActionRefused,
    NotAllowed,
    NotAllowedToDecide,
    NotThere,
    PlanInProgress,
    PostureError,
    ScanInProgress,
    StoreError,
    UsageError,
    WrongMove,
)
from posture.web.safety.limits import TooMany

_LOG: Final = logging.getLogger(__name__)

# The first that fits counts: a narrower failure stands before the wider one.
_STATUS: Final[Sequence[tuple[type[PostureError], int]]] = (
    (NotThere, 404),
    (NotAllowed, 403),
    (NotAllowedToDecide, 403),
    (ActionRefused, 409),
    (PlanInProgress, 409),
    (ScanInProgress, 409),
    (WrongMove, 409),
    (UsageError, 422),
    (TooMany, 429),
)
_TITLES: Final[Mapping[int, str]] = {
    400: "The request cannot be read",
    403: "Not allowed",
    404: "There is no such thing",
    405: "This address does not work that way",
    408: "The request took too long",
    409: "Refused as things stand now",
    413: "That is too much at once",
    421: "The page is not served this way",
    422: "Something is not right yet",
    429: "Too many tries",
    500: "Something is wrong with posture",
    503: "The database cannot be used now",
}
_SENTENCES: Final[Mapping[int, str]] = {
    400: "What the browser sent cannot be read.",
    403: "This is not allowed.",
    404: "There is no page at this address. It may have moved, or the address is not whole.",
    405: "The page was asked for in a way that it does not know.",
    408: "What the browser sent did not arrive in time.",
    413: "A form may hold one megabyte at most.",
    421: "posture is not served under this name, or not over this connection. Use the address that it was given.",
    422: "The request lacks something, or holds something that does not belong there.",
}
_SURPRISE: Final = "What went wrong is in the log of the service, under the id of this request."
_BUSY: Final = "The database is busy or out of reach. Try again in a while."


@dataclass(frozen=True, kw_only=True)
class Failure:
    """``sentence`` may be seen by a person. ``headers`` go with the answer."""

    status: int
    title: str
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)


def failure_of(error: Exception, *, request_id: str) -> Failure:
    """Return what an error is told as. What nobody expected is written to the log, with its traceback."""
    if isinstance(error, HTTPException):
        return failure_with(error.status_code, headers=error.headers)
    if isinstance(error, RequestValidationError):
        return failure_with(422)
    if isinstance(error, TooMany):
        return failure_with(429, str(error), headers={"Retry-After": str(error.seconds)})
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return failure_with(status, str(error))
    if isinstance(error, StoreError):
        _LOG.error("%s", error, extra={"action": "page_failed", "request_id": request_id})
        return failure_with(503, _BUSY, headers={"Retry-After": "5"})
    _LOG.error("a request failed", exc_info=error, extra={"action": "page_broken", "request_id": request_id})
    return failure_with(500)


def failure_with(status: int, sentence: str | None = None, *, headers: Mapping[str, str] | None = None) -> Failure:
    """Return the failure of a status; without a sentence it is told in general words."""
    return Failure(
        status=status,
        title=_TITLES.get(status, _TITLES[500 if status >= 500 else 400]),
        sentence=whole_sentence(sentence or _SENTENCES.get(status, _SURPRISE)),
        headers=dict(headers or {}),
    )


def whole_sentence(sentence: str) -> str:
    """Return what an error says as a person reads it: with a capital and a full stop."""
    whole = sentence[:1].upper() + sentence[1:]
    return whole if whole.endswith((".", "!", "?", "…")) else f"{whole}."
