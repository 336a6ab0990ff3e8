"""Which checks of the catalog an address asks for, in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.requests import Request

from posture.bootstrap.views import CheckLine
from posture.domain.check import Check
from posture.domain.numbers import Mark, Numbers, numbers_of
from posture.domain.severity import Severity
from posture.web.pages.asked import member_named, members_of, value_of, values_of


class CheckSort(StrEnum):
    """What the catalog is ordered by."""

    FAILING = "failing"
    SEVERITY = "severity"
    TITLE = "title"


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """A check of the list. ``numbers`` count the ``tenants`` by its mark there; those that were never asked about it
    and those that switch it off are in none. ``failing`` counts its open findings in them.
    """

    line: CheckLine
    tenants: tuple[str, ...]
    numbers: Numbers
    failing: int


_KEYS: Final[Mapping[CheckSort, Callable[[CheckRow], tuple[int, int]]]] = {
    CheckSort.FAILING: lambda row: (row.failing, row.line.check.severity.default.rank),
    CheckSort.SEVERITY: lambda row: (row.line.check.severity.default.rank, row.failing),
}


def rows_of(lines: Iterable[CheckLine], tenants: Sequence[str]) -> Sequence[CheckRow]:
    """Return the checks with how they stand in these tenants together."""
    return [_row(line, tenants) for line in lines]


def asked_rows(request: Request, rows: Iterable[CheckRow]) -> Sequence[CheckRow]:
    """Return the rows that the address asks for, in its order.

    Raises:
        UsageError: a value is not one that this list gives out.
    """
    severities = members_of(request, "severity", Severity)
    marks = members_of(request, "mark", Mark)
    tags, frameworks = set(values_of(request, "tag")), set(values_of(request, "framework"))
    text = (value_of(request, "text") or "").strip().casefold()
    found = [
        row
        for row in rows
        if (not severities or row.line.check.severity.default in severities)
        and (not tags or tags.intersection(row.line.check.tags))
        and (not frameworks or frameworks.intersection(row.line.check.frameworks))
        and (not marks or any(_count(row.numbers, mark) for mark in marks))
        and text in f"{row.line.check.id}\n{row.line.check.title}".casefold()
    ]
    sort, descending = check_sort(request)
    found.sort(key=lambda row: row.line.check.title.casefold(), reverse=sort is CheckSort.TITLE and descending)
    if sort in _KEYS:
        found.sort(key=_KEYS[sort], reverse=descending)
    return found


def check_sort(request: Request) -> tuple[CheckSort, bool]:
    """Return what the list is ordered by, and whether the highest comes first."""
    sort = member_named(CheckSort, value_of(request, "sort") or CheckSort.FAILING, "sort")
    order = value_of(request, "order") or ("asc" if sort is CheckSort.TITLE else "desc")
    return sort, order == "desc"


def check_choices(checks: Iterable[Check]) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return for each filter the values that can be chosen, with their words."""
    every = tuple(checks)
    tags = sorted({tag for check in every for tag in check.tags})
    frameworks = sorted({framework for check in every for framework in check.frameworks})
    return {
        "severity": [(severity.value, severity.value) for severity in reversed(tuple(Severity))],
        "mark": [(mark.value, mark.value.replace("_", " ")) for mark in Mark],
        "tag": [(tag, tag) for tag in tags],
        "framework": [(framework, framework.replace("_", " ")) for framework in frameworks],
    }


def _row(line: CheckLine, tenants: Sequence[str]) -> CheckRow:
    standings = [line.by_tenant[tenant] for tenant in tenants if tenant in line.by_tenant]
    return CheckRow(
        line=line,
        tenants=tuple(tenants),
        numbers=numbers_of(standing.mark for standing in standings),
        failing=sum(standing.failing for standing in standings),
    )


def _count(numbers: Numbers, mark: Mark) -> int:
    counts = {
        Mark.PASSED: numbers.passed,
        Mark.FAILED: numbers.failed,
        Mark.UNKNOWN: numbers.unknown,
        Mark.NOT_JUDGED: numbers.not_judged,
    }
    return counts[mark]
