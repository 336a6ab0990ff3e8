"""One page of a long list, and where the next one begins."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from posture.errors import UsageError

Item = TypeVar("Item")

LONGEST_PAGE: Final = 500
"""The most items of one page."""
_LONGEST_CURSOR: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class Page(Generic[Item]):
    """``next_cursor`` and ``previous_cursor`` are opaque; None if nothing follows or precedes."""

    items: tuple[Item, ...]
    next_cursor: str | None
    previous_cursor: str | None


def checked_limit(limit: int) -> int:
    """Return the length of a page.

    Raises:
        UsageError: it is less than one or more than a page has.
    """
    if not 1 <= limit <= LONGEST_PAGE:
        raise UsageError(f"a page has from 1 to {LONGEST_PAGE} items, not {limit}")
    return limit


def written_cursor(parts: Sequence[str | int | bool]) -> str:
    """Return the parts as one word of letters, digits, ``-`` and ``_``."""
    text = json.dumps(list(parts), separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, *, shape: Sequence[type]) -> tuple[str | int | bool, ...]:
    """Return the parts of a cursor, which are exactly of the types of ``shape``.

    A cursor is no secret and no proof: what it may lead to is decided anew each time.

    Raises:
        UsageError: it was not made by ``written_cursor`` of such parts.
    """
    try:
        if len(cursor) > _LONGEST_CURSOR:
            raise ValueError("too long")
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise broken_cursor() from None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(shape):
        raise broken_cursor()
    return tuple(parts)


def broken_cursor() -> UsageError:
    """Return the error of a cursor that leads nowhere."""
    return UsageError("the cursor is not one that this list gave out: begin at the first page")
