"""Pacing: each throttle class keeps to its published limit, so that 429 stays the exception.

Source: learn.microsoft.com/graph/throttling-limits. Classes run side by side; tables of one class share its limit.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from posture.graph.timing import Timing
from posture.tables.table import ThrottleClass


@dataclass(frozen=True, kw_only=True)
class PublishedLimit:
    """At most ``units`` within any ``seconds``, and at most ``at_once`` requests in flight.

    ``counts_cost`` tells a limit in resource units from one in requests.
    """

    units: int
    seconds: float
    at_once: int
    counts_cost: bool


Pace = Mapping[ThrottleClass, PublishedLimit]

PUBLISHED: Pace = {
    # 3,500 units is the limit of the smallest tenants; nobody needs more to keep a connection busy.
    ThrottleClass.DIRECTORY: PublishedLimit(units=3_500, seconds=10, at_once=6, counts_cost=True),
    ThrottleClass.SIGN_IN_ACTIVITY: PublishedLimit(units=10, seconds=60, at_once=2, counts_cost=False),
    ThrottleClass.KEY_CREDENTIALS: PublishedLimit(units=150, seconds=60, at_once=4, counts_cost=False),
    ThrottleClass.REPORTS: PublishedLimit(units=5, seconds=10, at_once=2, counts_cost=False),
    ThrottleClass.IDENTITY_PROTECTION: PublishedLimit(units=1, seconds=1, at_once=1, counts_cost=False),
    ThrottleClass.UNLISTED: PublishedLimit(units=500, seconds=10, at_once=6, counts_cost=False),
}


def faster(pace: Pace, *, factor: int) -> Pace:
    """Return a pace with ``factor`` times the units; for a service that is known to bear it."""
    return {name: replace(limit, units=limit.units * factor) for name, limit in pace.items()}


_MARGIN_SECONDS = 0.05
_LOOK_AGAIN_SECONDS = 0.05


@dataclass(kw_only=True)
class _Departure:
    """One request. ``ends_at`` is when its answer was there, infinite while it is under way.

    The service counts it at some moment in between; to be on the safe side it is taken to be the last.
    """

    cost: int
    ends_at: float


class ClassPacer:
    """The limit of one class: a sliding window of what was sent, and a hold for when Graph said stop."""

    def __init__(self, limit: PublishedLimit, timing: Timing) -> None:
        self._limit = limit
        self._timing = timing
        self._window = limit.seconds + _MARGIN_SECONDS
        self._sent: list[_Departure] = []
        self._held_until = float("-inf")
        self._queue = asyncio.Lock()
        self._in_flight = asyncio.Semaphore(limit.at_once)

    @asynccontextmanager
    async def turn(self, cost: int) -> AsyncIterator[None]:
        """Wait until a request of ``cost`` resource units may leave; hold a place in flight while inside."""
        async with self._in_flight:
            async with self._queue:  # first come, first served
                departure = await self._wait_for_room(min(cost, self._limit.units) if self._limit.counts_cost else 1)
            try:
                yield
            finally:
                departure.ends_at = self._timing.monotonic()

    def hold(self, seconds: float) -> None:
        """Let no request of this class leave for ``seconds``."""
        self._held_until = max(self._held_until, self._timing.monotonic() + seconds)

    async def _wait_for_room(self, cost: int) -> _Departure:
        while (pause := self._pause(cost)) > 0:
            await self._timing.sleep(pause)
        departure = _Departure(cost=cost, ends_at=math.inf)
        self._sent.append(departure)
        return departure

    def _pause(self, cost: int) -> float:
        """Return the seconds to wait before looking again; 0 if the request may leave."""
        now = self._timing.monotonic()
        self._sent = [departure for departure in self._sent if departure.ends_at + self._window > now]
        held = self._held_until - now
        if sum(departure.cost for departure in self._sent) + cost <= self._limit.units:
            return max(held, 0.0)
        ended = [departure.ends_at for departure in self._sent if departure.ends_at < math.inf]
        return max(held, min(ended) + self._window - now if ended else _LOOK_AGAIN_SECONDS)


class Pacer:
    """All classes of one tenant and application."""

    def __init__(self, pace: Pace, timing: Timing) -> None:
        self._classes = {name: ClassPacer(limit, timing) for name, limit in pace.items()}

    def of(self, throttle_class: ThrottleClass) -> ClassPacer:
        return self._classes[throttle_class]


_BASE_UNITS = {
    "users": 2,
    "applications": 2,
    "oauth2PermissionGrants": 2,
    "subscribedSkus": 3,
    "contracts": 3,
}
_SMALL_PAGE = 20


def resource_units(path: str, *, selects: bool, expands: bool, page_size: int | None) -> int:
    """Return what a directory request costs; ``path`` is below the version root.

    Source: the cost table and its adjustments on learn.microsoft.com/graph/throttling-limits.
    """
    resource = path.partition("?")[0].strip("/")
    units = 2 if resource.endswith("/appRoleAssignments") else _BASE_UNITS.get(resource, 1)
    units += int(expands) - int(selects) - int(page_size is not None and page_size < _SMALL_PAGE)
    return max(units, 1)
