"""What came of posting a message, and what that means for a channel, whatever the channel is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from posture.domain.delivery import Letter, Refused, Sent, Tried, TryLater
from posture.domain.printable import printable

LONGEST_WAIT: Final = timedelta(hours=6)
"""However long a server wants to be left alone: a message is given up after a day."""

_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An answer came. ``text`` is what it said, on one line, without the address and other secrets."""

    host: str
    status: int
    retry_after: timedelta | None
    text: str = field(repr=False)

    def __str__(self) -> str:
        said = printable(self.text)
        return f"{self.host} answered {self.status}" + (f" and said: {said}" if said else "")


@dataclass(frozen=True, kw_only=True)
class Lost:
    """No answer came. ``lasts``: none will come until somebody mends the settings."""

    because: str
    lasts: bool = False


def judged(answer: Answered | Lost) -> TryLater | Refused | Answered:
    """Return the trouble that means the same on every channel; the answer itself if its status says more.

    A redirect is not followed: it would hand the message to somebody who was not named. It closes the channel, so
    that nothing is given up before somebody looks.
    """
    match answer:
        case Lost(because=because, lasts=True):
            return Refused(because=because, closes_channel=True)
        case Lost(because=because):
            return TryLater(because=because, after=None)
        case Answered(status=status) if status in _PASSING or status >= 500:
            return TryLater(because=f"{answer}.", after=answer.retry_after)
        case Answered(host=host, status=status) if 300 <= status < 400:
            because = f"{host} answered {status}, a redirect, which is not followed. Set the URL that it leads to."
            return Refused(because=because, closes_channel=True)
    return answer


def in_turn(letters: Sequence[Letter], send: Callable[[Letter], Tried]) -> Iterator[Tried]:
    """Send one letter after the other. After trouble that is the channel's, the rest shares it, unsent."""
    trouble: Tried | None = None
    for letter in letters:
        tried = trouble or send(letter)
        if _is_of_channel(tried):
            trouble = tried
        yield tried


def _is_of_channel(tried: Tried) -> bool:
    match tried:
        case Sent():
            return False
        case TryLater(spares_channel=spares):
            return not spares
        case Refused(closes_channel=closes):
            return closes


def retry_after(text: str | None, *, now: datetime) -> timedelta | None:
    """Read ``Retry-After``, seconds or a date; None if it says nothing usable. Never negative, nor over the longest
    wait."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        # So many digits are more than the longest wait.
        return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
