"""The first page: how every tenant stands, what got worse, and what waits for the person who looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from posture.domain.check import CheckId
from posture.domain.numbers import Numbers, NumbersAt
from posture.domain.plan import Plan
from posture.domain.run_line import RunLine
from posture.domain.severity import Severity
from posture.domain.switch import Stop

TREND_LASTS: Final = timedelta(days=30)
TREND_POINTS: Final = 60
WORSE_SINCE: Final = timedelta(days=7)
MOST_WORSENINGS: Final = 10


@dataclass(frozen=True, kw_only=True)
class TenantOverview:
    """``numbers`` are how the checks stand now, ``before`` how they stood a week ago, ``trend`` the last thirty days,
    the oldest first; None and empty if nobody judged the tenant then. ``latest_run`` is the newest, also one that
    goes on. ``open_by_severity`` counts findings that are open and not exempted; every severity is in it.
    """

    name: str
    tenant_id: str
    numbers: Numbers | None
    before: Numbers | None
    trend: tuple[NumbersAt, ...]
    latest_run: RunLine | None
    open_by_severity: Mapping[Severity, int]


@dataclass(frozen=True, kw_only=True)
class Worsening:
    """A check with more open findings than a week ago. ``opened`` is how many more: opened or reopened, less those
    resolved. ``severity`` is the worst of those that are open. A check that was judged for the first time in this
    week is none: what it found was there before.
    """

    tenant: str
    check: CheckId
    title: str
    severity: Severity
    opened: int


@dataclass(frozen=True, kw_only=True)
class Overview:
    """``open_by_severity`` is of all its tenants; every severity is in it, the worst first. ``worse`` has the worst
    first, ten at most. ``waiting_plans`` are those that the person who looks may decide on. ``stops`` are those that
    hold in one of the tenants.
    """

    tenants: tuple[TenantOverview, ...]
    open_by_severity: Mapping[Severity, int]
    worse: tuple[Worsening, ...]
    waiting_plans: tuple[Plan, ...]
    stops: tuple[Stop, ...]


def numbers_before(trend: Iterable[NumbersAt], at: datetime) -> Numbers | None:
    """Return the numbers of the last point of a trend, the oldest first, that is not later than ``at``."""
    before = [point.numbers for point in trend if point.at <= at]
    return before[-1] if before else None
