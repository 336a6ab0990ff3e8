"""Pacing on a made-up clock: no window ever holds more than was published."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.graph.throttle import PUBLISHED, ClassPacer, PublishedLimit, faster, resource_units
from posture.graph.timing import Timing
from posture.tables.table import ThrottleClass


@dataclass
class Clock:
    """A clock that only sleeping moves."""

    seconds: float = 0.0
    naps: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)

    def timing(self) -> Timing:
        return Timing(monotonic=lambda: self.seconds, sleep=self.sleep)


def send(pacer: ClassPacer, clock: Clock, costs: list[int]) -> list[float]:
    """Send one request after the other and return when each left."""

    async def run() -> list[float]:
        left = []
        for cost in costs:
            async with pacer.turn(cost):
                left.append(clock.seconds)
        return left

    return asyncio.run(run())


@given(
    st.lists(st.integers(1, 9), max_size=40),
    st.integers(1, 20),
    st.integers(1, 60),
    st.booleans(),
)
def test_no_window_holds_more_than_the_limit(costs: list[int], units: int, seconds: int, counts_cost: bool) -> None:
    clock = Clock()
    limit = PublishedLimit(units=units, seconds=seconds, at_once=3, counts_cost=counts_cost)
    left = send(ClassPacer(limit, clock.timing()), clock, costs)
    charged = [min(cost, units) if counts_cost else 1 for cost in costs]
    for start in left:
        inside = sum(cost for cost, at in zip(charged, left, strict=True) if start <= at < start + seconds)
        assert inside <= units


def test_a_burst_may_use_the_whole_window_at_once() -> None:
    clock = Clock()
    left = send(ClassPacer(PUBLISHED[ThrottleClass.SIGN_IN_ACTIVITY], clock.timing()), clock, [1] * 11)
    assert left[9] == 0.0
    assert left[10] > 60


def test_identity_protection_is_asked_at_most_once_a_second() -> None:
    clock = Clock()
    left = send(ClassPacer(PUBLISHED[ThrottleClass.IDENTITY_PROTECTION], clock.timing()), clock, [1] * 4)
    gaps = [later - earlier for earlier, later in pairwise(left)]
    assert all(1 < gap < 1.2 for gap in gaps)


def test_a_hold_keeps_the_whole_class_waiting_and_not_longer() -> None:
    clock = Clock()
    pacer = ClassPacer(PUBLISHED[ThrottleClass.DIRECTORY], clock.timing())
    pacer.hold(7)
    pacer.hold(3)
    assert send(pacer, clock, [1, 1]) == [7, 7]


def test_only_so_many_requests_are_in_flight() -> None:
    limit = PublishedLimit(units=100, seconds=1, at_once=2, counts_cost=False)
    pacer = ClassPacer(limit, Clock().timing())
    inside = 0
    most = 0

    async def one() -> None:
        nonlocal inside, most
        async with pacer.turn(1):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def run() -> None:
        await asyncio.gather(*(one() for _ in range(9)))

    asyncio.run(run())
    assert most == 2


def test_a_faster_pace_has_more_units() -> None:
    assert faster(PUBLISHED, factor=10)[ThrottleClass.REPORTS].units == 50


def test_every_class_has_a_limit() -> None:
    assert set(PUBLISHED) == set(ThrottleClass)


@pytest.mark.parametrize(
    ("path", "selects", "expands", "page_size", "units"),
    [
        ("users", True, False, 999, 1),
        ("users", False, False, 999, 2),
        ("users", False, True, 999, 3),
        ("applications?$filter=x", False, False, None, 2),
        ("domains", True, False, 5, 1),
        ("subscribedSkus", False, False, None, 3),
    ],
)
def test_costs_follow_the_published_table(
    path: str, selects: bool, expands: bool, page_size: int | None, units: int
) -> None:
    assert resource_units(path, selects=selects, expands=expands, page_size=page_size) == units


def test_what_is_under_way_counts_until_it_has_been_answered() -> None:
    clock = Clock()
    pacer = ClassPacer(PublishedLimit(units=1, seconds=10, at_once=5, counts_cost=False), clock.timing())
    left: list[float] = []

    async def one(takes: float) -> None:
        async with pacer.turn(1):
            left.append(clock.seconds)
            clock.seconds += takes
            await asyncio.sleep(0)

    async def run() -> None:
        await one(4)
        await one(0)

    asyncio.run(run())
    assert left[1] >= 14
