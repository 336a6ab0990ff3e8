"""What comes back from one request: an answer with a status, or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from posture.domain.printable import printable


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An HTTP answer. Header names are in lower case; ``body`` is decompressed.

    ``generation`` tells which token the request carried. ``requests`` counts what was sent for it, a claims
    challenge answered on the way included.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    generation: int
    requests: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NoAnswer:
    """No whole HTTP answer came: the connection failed, broke or was too slow. ``why`` is a phrase for people.

    ``may_have_arrived`` is False only if Graph certainly did not carry out the request: there never was a
    connection, or what it did answer was a 401.
    """

    why: str
    requests: int
    may_have_arrived: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """The error body of Graph. ``codes`` holds the code and those of the inner errors, outermost first."""

    codes: tuple[str, ...]
    message: str
    request_id: str | None

    def __str__(self) -> str:
        """Return the problem as a phrase: harmless text of bounded length."""
        words = ": ".join(part for part in (self.codes[0] if self.codes else "", self.message) if part)
        suffix = f" (request-id {self.request_id})" if self.request_id else ""
        return printable(words or "no explanation", longest=300).rstrip(". ") + printable(suffix)


def problem_in(answer: Answer) -> Problem:
    """Read the error body; whatever does not have Graph's shape gives a problem without codes."""
    request_id = answer.headers.get("request-id")
    try:
        error = msgspec.json.decode(answer.body).get("error")
    except (msgspec.DecodeError, ValueError, AttributeError):
        error = None
    if not isinstance(error, dict):
        return Problem(codes=(), message="", request_id=request_id)
    message = error.get("message")
    return Problem(
        codes=tuple(_codes(error)), message=message if isinstance(message, str) else "", request_id=request_id
    )


def _codes(error: object) -> list[str]:
    codes: list[str] = []
    while isinstance(error, dict):
        code = error.get("code")
        if isinstance(code, str):
            codes.append(code)
        error = error.get("innerError", error.get("innererror"))
    return codes


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds that ``Retry-After`` asks to wait, at least 0; None without a usable header."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    at = http_date(text)
    return max(0.0, (at - now).total_seconds()) if at else None


def http_date(text: str) -> datetime | None:
    """Read an HTTP date as an aware time in UTC; None if it is not one."""
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
