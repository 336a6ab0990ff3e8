"""Text made harmless for messages. What a directory holds was written by strangers: it is shown, never obeyed.

Templates see only what went through ``neutral``, so that none of them can forget it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from posture.domain.printable import printable
from posture.notify.links import Link

MAX_LISTED: Final = 50
"""So many items of a list or an object are kept; no fact that is worth showing in a message has more."""

JOINER: Final = "\u2060"
"""WORD JOINER: shows nothing and takes no room. Whoever looks for a sign of two characters finds it no more."""
# Mail programs make a link of whatever looks like an address. Names are not links.
_ADDRESS: Final = re.compile(r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\bmailto)(?=:)", re.IGNORECASE)
# Teams: <at> mentions somebody; {{DATE(…)}} and {{TIME(…)}} are worked out by the card's reader.
_CARD_SIGN: Final = re.compile(r"(?<=<)(?=/?at\b)|(?<=\{)(?=\{)", re.IGNORECASE)
# Source: https://spec.commonmark.org/0.31.2/#backslash-escapes
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+!~|<>-])|(?<=\d)(?=\.\s)")

Neutral = bool | int | float | str | None | list["Neutral"] | dict[str, "Neutral"]


def neutral(value: object, *, longest: int) -> Neutral:
    """Return a value with every text in it, keys too, on one printable line of at most ``longest`` characters.

    Links stay as they are: only ``Links`` makes them. What is no JSON value is shown as text.
    """
    if value is None or isinstance(value, bool | int | Link):
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    if isinstance(value, str):
        return _ADDRESS.sub(JOINER, printable(value, longest=longest))
    if isinstance(value, Mapping):
        pairs = list(value.items())[:MAX_LISTED]
        return {printable(str(key)): neutral(item, longest=longest) for key, item in pairs}
    if isinstance(value, Sequence):
        kept = [neutral(item, longest=longest) for item in value[:MAX_LISTED]]
        return kept if len(value) <= MAX_LISTED else [*kept, f"… and {len(value) - MAX_LISTED:,} more"]
    return neutral(str(value), longest=longest)


def one_line(text: str) -> str:
    """Return text that people wrote in several lines as one."""
    return " ".join(text.split())


def inert_in_cards(text: str) -> str:
    """Return text in which a card's reader finds no mention and nothing to work out."""
    return _CARD_SIGN.sub(JOINER, text)


def without_markdown(text: str) -> str:
    """Return text that is shown as it is where markdown is read."""
    return _MARKDOWN.sub(lambda found: "\\" + (found[1] or ""), text)
