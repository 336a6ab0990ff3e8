"""Durations and shares as people write them: ``90s``, ``5m``, ``24h``, ``30d``; ``2%``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION: Final = re.compile(r"([1-9][0-9]{0,7})([smhd])")
_LONGEST: Final = timedelta(days=3650)
_SHARE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%")


def duration(text: object) -> timedelta:
    """Return how long ``text`` says, at most ten years.

    Raises:
        ValueError: it is no duration; the message says how one is written.
    """
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("it is no duration: write a whole number and its unit, such as 90s, 5m, 24h or 30d")
    length = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if length > _LONGEST:
        raise ValueError("it is longer than ten years: write a shorter one, such as 30d")
    return length


def share(text: object) -> float:
    """Return the share, above 0 and at most 1, that ``text`` says in percent.

    Raises:
        ValueError: it is no share; the message says how one is written.
    """
    found = _SHARE.fullmatch(text) if isinstance(text, str) else None
    value = 0.0 if found is None else float(found[1]) / 100
    if not 0 < value <= 1:
        raise ValueError("it is no share: write a number above 0 and at most 100 with a percent sign, such as 2%")
    return value
