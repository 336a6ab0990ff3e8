"""What to do about an answer that is not a page: try again, renew the token, start over, or give up."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from posture.graph.answers import Answer, NoAnswer, Problem, problem_in, retry_after


class Remedy(StrEnum):
    """RESTART: the table is to be read again from its first page. GIVE_UP: asking again cannot help."""

    AGAIN = "again"
    RENEW_TOKEN = "renew_token"  # noqa: S105  a remedy, not a secret
    RESTART = "restart"
    GIVE_UP = "give_up"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One failed request. ``status`` is None if no whole answer came, ``problem`` if it had no error status.

    ``asked_wait`` is Graph's ``Retry-After`` in seconds. ``holds_class`` says that the whole throttle class should
    wait, ``fresh`` that the next try should not use the same connection. ``claims`` is the JSON of a claims
    challenge.
    """

    remedy: Remedy
    sentence: str
    status: int | None
    problem: Problem | None
    asked_wait: float | None = None
    holds_class: bool = False
    fresh: bool = False
    claims: str | None = None


_PASSING = frozenset({408, 500, 502, 503, 504, 509})
_EXPIRED_PAGE = frozenset(
    {
        "directory_expiredpagetoken",
        "directorypagetokennotfoundexception",
        "directorypagetokennotfound",
        "expiredpagetoken",
        "invalidpagetoken",
        "syncstatenotfound",
        "syncstateinvalid",
        "resyncrequired",
    }
)
# A quirk: some services give a general code and say it only in the message.
_EXPIRED_PAGE_WORDS = re.compile(r"page ?token|skip ?token", re.IGNORECASE)
_CHALLENGE = re.compile(r'claims="([^"]+)"')


def trouble_with(answer: Answer | NoAnswer, *, now: datetime) -> Trouble | None:
    """Return what is wrong with an answer and the remedy; None if its status is a success."""
    if isinstance(answer, NoAnswer):
        return lost(answer.why)
    if 200 <= answer.status < 300:
        return None
    problem = problem_in(answer)
    remedy, claims = _remedy(answer, problem)
    return Trouble(
        remedy=remedy,
        sentence=f"Graph answered {answer.status} {problem}",
        status=answer.status,
        problem=problem,
        asked_wait=retry_after(answer.headers, now=now) if remedy is Remedy.AGAIN else None,
        holds_class=answer.status == 429 or (remedy is Remedy.AGAIN and "retry-after" in answer.headers),
        fresh=answer.status != 429,
        claims=claims,
    )


def lost(why: str) -> Trouble:
    """Return the trouble of an answer that did not come or came damaged."""
    return Trouble(
        remedy=Remedy.AGAIN, sentence=f"No usable answer from Graph: {why}", status=None, problem=None, fresh=True
    )


def _remedy(answer: Answer, problem: Problem) -> tuple[Remedy, str | None]:
    if answer.status in (401, 403):
        claims = _challenge(answer)
        if claims is not None or answer.status == 401:
            return Remedy.RENEW_TOKEN, claims
    if answer.status == 429 or answer.status in _PASSING:
        return Remedy.AGAIN, None
    if _says_page_expired(answer.status, problem):
        return Remedy.RESTART, None
    return Remedy.GIVE_UP, None


def _challenge(answer: Answer) -> str | None:
    """Return the claims that a 401 or 403 asks for, as JSON; None if it asks for none that can be read."""
    header = answer.headers.get("www-authenticate", "")
    found = _CHALLENGE.search(header)
    if found is None or "insufficient_claims" not in header:
        return None
    encoded = found.group(1).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _says_page_expired(status: int, problem: Problem) -> bool:
    if status == 410:
        return True
    if status not in (400, 404):
        return False
    if any(code.lower() in _EXPIRED_PAGE for code in problem.codes):
        return True
    return bool(_EXPIRED_PAGE_WORDS.search(problem.message))
