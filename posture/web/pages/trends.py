"""Numbers of several tenants put together, and drawn small."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from posture.domain.numbers import Numbers, NumbersAt

NOTHING: Final = Numbers(passed=0, failed=0, unknown=0, not_judged=0)
SPARK_WIDTH: Final = 96
SPARK_HEIGHT: Final = 24


def summed(each: Iterable[Numbers | None]) -> Numbers | None:
    """Return the sum of what is known; None if nothing is."""
    known = [numbers for numbers in each if numbers is not None]
    return _sum(known) if known else None


def trend_of_all(trends: Sequence[Sequence[NumbersAt]]) -> Sequence[NumbersAt]:
    """Return the sum of several trends, one point a day in UTC, the oldest first.

    Tenants are scanned at different times: for each day the last that is known of each counts, carried forward from
    the days before. A single trend is returned as it is.
    """
    if len(trends) == 1:
        return trends[0]
    by_day = [{point.at.date(): point.numbers for point in trend} for trend in trends]
    latest: list[Numbers | None] = [None] * len(trends)
    summed_up = []
    for day in sorted({day for known in by_day for day in known}):
        latest = [known.get(day, before) for known, before in zip(by_day, latest, strict=True)]
        # Noon is on the same day for nearly everybody who looks.
        at = datetime.combine(day, time(12), tzinfo=UTC)
        summed_up.append(NumbersAt(at=at, numbers=summed(latest) or NOTHING))
    return summed_up


def spark_of(trend: Sequence[NumbersAt]) -> str:
    """Return the points of a small line of how many checks failed, for ``<polyline points>``; "" if there is none.

    Time goes from left to right over the whole width, the largest number is at the top, none at the bottom.
    """
    if len(trend) < 2:
        return ""
    first, last = trend[0].at, trend[-1].at
    most = max(max(point.numbers.failed for point in trend), 1)
    span = (last - first) / timedelta(seconds=1) or 1.0
    places = []
    for point in trend:
        x = (point.at - first) / timedelta(seconds=1) / span * (SPARK_WIDTH - 4) + 2
        y = SPARK_HEIGHT - 3 - point.numbers.failed / most * (SPARK_HEIGHT - 6)
        places.append(f"{x:.1f},{y:.1f}")
    return " ".join(places)


def _sum(each: Iterable[Numbers]) -> Numbers:
    every = tuple(each)
    return Numbers(
        passed=sum(numbers.passed for numbers in every),
        failed=sum(numbers.failed for numbers in every),
        unknown=sum(numbers.unknown for numbers in every),
        not_judged=sum(numbers.not_judged for numbers in every),
    )
