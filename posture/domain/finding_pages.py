"""Findings as people page through them: filters, orders, one page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from posture.domain.check import CheckId
from posture.domain.finding_view import FindingView, Standing
from posture.domain.page import Page, checked_limit
from posture.domain.severity import Severity
from posture.errors import UsageError

COUNTED_UP_TO: Final = 10_000
"""Findings are counted up to so many; beyond it a list says that there are more."""
_LONGEST_TEXT: Final = 200


class FindingSort(StrEnum):
    """What a list is ordered by. Equal severities are ordered by when the problem was first seen; all else that is
    equal, by fingerprint."""

    SEVERITY = "severity"
    LAST_FAILED = "last_failed"
    FIRST_FAILED = "first_failed"
    RESOURCE = "resource"
    CHECK = "check"


@dataclass(frozen=True, kw_only=True)
class FindingQuery:
    """Which findings, in which order, and which page of them; an empty tuple or None sets no condition.

    ``tenants`` are names of the settings. ``tags`` and ``frameworks`` are those of checks: one of them is enough.
    ``text`` is looked for, in any case, in the resource's id and name and in the message. ``cursor`` is one that a
    page of the same order gave out.
    """

    tenants: tuple[str, ...] = ()
    checks: tuple[CheckId, ...] = ()
    severities: tuple[Severity, ...] = ()
    tags: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    standings: tuple[Standing, ...] = ()
    text: str | None = None
    sort: FindingSort = FindingSort.SEVERITY
    descending: bool = True
    cursor: str | None = None
    limit: int = 50

    def __post_init__(self) -> None:
        checked_limit(self.limit)
        if self.text is not None and len(self.text) > _LONGEST_TEXT:
            raise UsageError(f"a text to look for has at most {_LONGEST_TEXT} characters")


@dataclass(frozen=True, kw_only=True)
class FindingPage(Page[FindingView]):
    """``total`` counts what matches on all pages; if ``total_is_more``, there are more than that. None if nobody
    counted."""

    total: int | None
    total_is_more: bool
