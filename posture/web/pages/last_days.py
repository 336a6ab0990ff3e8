"""The last day of an exemption, as a form asks for it, and what else every such form must say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

_USUAL: Final = timedelta(days=90)
_LONGEST: Final = timedelta(days=729)


def usual_last_day(today: date) -> str:
    """Return what the form proposes."""
    return str(today + _USUAL)


def latest_last_day(today: date) -> str:
    """Return the latest day that the form offers."""
    return str(today + _LONGEST)


def end_of(day: str) -> datetime:
    """Return the end of a day (``2026-11-30``) in UTC, exclusive.

    Raises:
        ValueError, OverflowError: it is no day, or the last one of the calendar.
    """
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)


def wrong_fields(typed: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each of the fields ``reason`` and ``until`` that is not right."""
    errors = {}
    if not typed["reason"]:
        errors["reason"] = "Say why this is acceptable: whoever looks at it later will ask."
    try:
        end_of(typed["until"])
    except (ValueError, OverflowError):
        errors["until"] = "Choose the last day that it counts."
    return errors
