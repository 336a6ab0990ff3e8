"""Pacing: each throttle class keeps to its published limit, so that 429 stays the exception.

Source: learn.microsoft.com/graph/throttling-limits. Classes run side by side; tables of one class share its limit.
"""

from __future__ import annotations

import asyncio
from collections import deque
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


# Requests travel for varying times: two that leave a second apart may arrive closer together.
_MARGIN_SHARE = 0.01
_MARGIN_SECONDS = 0.06


class ClassPacer:
    """The limit of one class: a sliding window of what was sent, and a hold for when Graph said stop."""

    def __init__(self, limit: PublishedLimit, timing: Timing) -> None:
        self._limit = limit
        self._timing = timing
        self._window = limit.seconds * (1 + _MARGIN_SHARE) + _MARGIN_SECONDS
        self._sent: deque[tuple[float, int]] = deque()
        self._held_until = float("-inf")
        self._queue = asyncio.Lock()
        self._in_flight = asyncio.Semaphore(limit.at_once)

    @asynccontextmanager
    async def turn(self, cost: int) -> AsyncIterator[None]:
        """Wait until a request of ``cost`` resource units may leave; hold a place in flight while inside."""
        async with self._in_flight:
            async with self._queue:  # first come, first served
                await self._wait_for_room(min(cost, self._limit.units) if self._limit.counts_cost else 1)
            yield

    def hold(self, seconds: float) -> None:
        """Let no request of this class leave for ``seconds``."""
        self._held_until = max(self._held_until, self._timing.monotonic() + seconds)

    async def _wait_for_room(self, cost: int) -> None:
        while (pause := self._pause(cost)) > 0:
            await self._timing.sleep(pause)
        self._sent.append((self._timing.monotonic(), cost))

    def _pause(self, cost: int) -> float:
        """Return the seconds to wait before looking again; 0 if the request may leave."""
        now = self._timing.monotonic()
        while self._sent and self._sent[0][0] + self._window <= now:
            self._sent.popleft()
        held = self._held_until - now
        spent = sum(units for _, units in self._sent)
        full = self._sent[0][0] + self._window - now if spent + cost > self._limit.units else 0.0
        return max(held, full, 0.0)


class Pacer:
    """All classes of one tenant and application."""

    def __init__(self, pace: Pace, timing: Timing) -> None:
        self._classes = {name: ClassPacer(limit, timing) for name, limit in pace.items()}

    def of(self, throttle_class: ThrottleClass) -> ClassPacer:
        return self._classes[throttle_class]


_BASE_UNITS = {
    "users": 2,
    "applications": 2,
    "groups/delta": 1,
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
