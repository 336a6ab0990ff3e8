"""Which findings an address asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request

from posture.domain.check import Check, CheckId
from posture.domain.finding_pages import FindingQuery, FindingSort
from posture.domain.finding_view import Standing
from posture.domain.severity import Severity
from posture.errors import UsageError
from posture.web.pages.asked import member_named, members_of, value_of, values_of

PAGE_LENGTHS: Final = (25, 50, 100)
"""At most a hundred: the findings that are ticked on a page go into an address."""
_FILTERS: Final = ("tenant", "check", "severity", "tag", "framework", "standing", "text")
_ANY: Final = "any"


def finding_query(request: Request) -> FindingQuery:
    """Return the query that an address means. Without a word about it, only open findings are asked for.

    Raises:
        UsageError: a value is not one that this list gives out.
    """
    sort = member_named(FindingSort, value_of(request, "sort") or FindingSort.SEVERITY, "sort")
    order = value_of(request, "order") or _first_order(sort)
    if order not in ("asc", "desc"):
        raise UsageError(f'order "{order}" is not known; there are: asc, desc')
    text = value_of(request, "text")
    return FindingQuery(
        tenants=values_of(request, "tenant"),
        checks=tuple(CheckId(check) for check in values_of(request, "check")),
        severities=members_of(request, "severity", Severity),
        tags=values_of(request, "tag"),
        frameworks=values_of(request, "framework"),
        standings=_standings(request),
        text=text.strip() if text else None,
        sort=sort,
        descending=order == "desc",
        cursor=value_of(request, "cursor"),
        limit=_limit(request),
    )


def filter_choices(checks: Sequence[Check], tenants: Sequence[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return for each filter the values that can be chosen, with their words."""
    tags = sorted({tag for check in checks for tag in check.tags})
    frameworks = sorted({framework for check in checks for framework in check.frameworks})
    by_title = sorted((check.title, str(check.id)) for check in checks)
    return {
        "tenant": [(tenant, tenant) for tenant in tenants] if len(tenants) > 1 else [],
        "severity": [(severity.value, severity.value) for severity in reversed(tuple(Severity))],
        "check": [(check_id, title) for title, check_id in by_title],
        "tag": [(tag, tag) for tag in tags],
        "framework": [(framework, framework.replace("_", " ")) for framework in frameworks],
        "standing": [
            ("", "Open"),
            *((each.value, each.value.capitalize()) for each in Standing if each is not Standing.OPEN),
            (_ANY, "Open or not"),
        ],
    }


def has_filters(request: Request) -> bool:
    """Say whether the address asks for less than everything that is open."""
    return any(value_of(request, name) for name in _FILTERS)


def _standings(request: Request) -> tuple[Standing, ...]:
    asked = values_of(request, "standing")
    if not asked:
        return (Standing.OPEN,)
    return () if _ANY in asked else members_of(request, "standing", Standing)


def _first_order(sort: FindingSort) -> str:
    return "asc" if sort in (FindingSort.RESOURCE, FindingSort.CHECK) else "desc"


def _limit(request: Request) -> int:
    asked = value_of(request, "limit") or "50"
    if asked not in {str(length) for length in PAGE_LENGTHS}:
        raise UsageError(f"a page has {', '.join(map(str, PAGE_LENGTHS))} findings, not {asked}")
    return int(asked)
