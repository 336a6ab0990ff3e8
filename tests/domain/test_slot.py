"""Slots: which due times are run after a while without a look, and when their jobs may begin."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.domain.schedule import CatchUp, Interval, pause_of
from posture.domain.slot import MOST_CAUGHT_UP, noticed, start_of
from tests.domain.jobs import CONTOSO, FABRIKAM, HOUR, NOON, a_pause, a_schedule, a_slot

MINUTE = timedelta(minutes=1)


def hours_before(*numbers: int) -> list[datetime]:
    return [NOON - number * HOUR for number in numbers]


@pytest.mark.parametrize("catch_up", CatchUp)
def test_what_is_noticed_in_time_is_run_whatever_is_caught_up(catch_up: CatchUp) -> None:
    schedule = a_schedule(catch_up=catch_up, misfire=3 * HOUR)

    found = noticed(schedule, hours_before(0, 1, 3), now=NOON)

    assert found.run == tuple(hours_before(3, 1, 0))
    assert not found.missed


def test_without_catching_up_late_slots_go_by() -> None:
    found = noticed(a_schedule(catch_up=CatchUp.NONE), hours_before(3, 2, 1), now=NOON)

    assert found.run == ()
    assert found.missed == tuple(hours_before(3, 2, 1))


def test_of_late_slots_only_the_latest_is_caught_up() -> None:
    found = noticed(a_schedule(catch_up=CatchUp.LATEST), hours_before(3, 2, 1), now=NOON)

    assert found.run == tuple(hours_before(1))
    assert found.missed == tuple(hours_before(3, 2))


def test_the_latest_late_slot_is_not_run_beside_one_that_is_in_time() -> None:
    found = noticed(a_schedule(catch_up=CatchUp.LATEST), hours_before(2, 1, 0), now=NOON)

    assert found.run == tuple(hours_before(0))


def test_all_late_slots_are_caught_up_within_bounds() -> None:
    dues = hours_before(*range(MOST_CAUGHT_UP + 5))

    found = noticed(a_schedule(catch_up=CatchUp.ALL), dues, now=NOON)

    assert len(found.run) == MOST_CAUGHT_UP
    assert found.run[-1] == NOON
    assert found.missed == tuple(hours_before(*range(MOST_CAUGHT_UP + 4, MOST_CAUGHT_UP - 1, -1)))


@given(
    st.lists(st.integers(0, 3000), unique=True, max_size=150),
    st.sampled_from(CatchUp),
    st.integers(1, 2000),
)
def test_each_due_time_is_run_or_missed_and_never_both(ages: list[int], catch_up: CatchUp, misfire: int) -> None:
    schedule = a_schedule(catch_up=catch_up, misfire=misfire * MINUTE)
    dues = [NOON - age * MINUTE for age in ages]

    found = noticed(schedule, dues, now=NOON)

    assert sorted([*found.run, *found.missed]) == sorted(dues)
    in_time = {due for due in dues if NOON - due <= schedule.misfire}
    assert set(found.run) >= set(sorted(in_time)[-MOST_CAUGHT_UP:])
    if catch_up is CatchUp.NONE:
        assert set(found.run) <= in_time
    elif dues:
        assert max(dues) in found.run


def test_without_jitter_a_job_may_begin_when_it_is_due() -> None:
    assert start_of(a_schedule(), a_slot()) == NOON


def test_jitter_spreads_tenants_and_everybody_finds_the_same() -> None:
    schedule = a_schedule(jitter=30 * MINUTE)
    slots = [a_slot(tenant_id=f"{number:08d}-2222-4333-8444-555555555555") for number in range(200)]

    delays = [start_of(schedule, slot) - NOON for slot in slots]

    assert delays == [start_of(schedule, replace(slot)) - NOON for slot in slots]
    assert min(delays) >= timedelta(0)
    assert max(delays) < 30 * MINUTE
    assert len({delay // (5 * MINUTE) for delay in delays}) == 6
    assert start_of(schedule, a_slot()) - NOON != start_of(schedule, a_slot(due_at=NOON + HOUR)) - NOON - HOUR


def test_a_pause_holds_in_its_tenant_and_one_without_a_tenant_in_all() -> None:
    of_contoso, of_all = a_pause(tenant_id=CONTOSO), a_pause()

    assert pause_of([of_contoso], "hourly", CONTOSO) == of_contoso
    assert pause_of([of_contoso], "hourly", FABRIKAM) is None
    assert pause_of([of_contoso, of_all], "hourly", CONTOSO) == of_all
    assert pause_of([of_all], "nightly", CONTOSO) is None


@pytest.mark.parametrize(
    ("every", "words"),
    [
        (MINUTE, "every minute"),
        (timedelta(seconds=90), "every 90 seconds"),
        (90 * MINUTE, "every 90 minutes"),
        (2 * HOUR, "every 2 hours"),
        (24 * HOUR, "every day"),
    ],
)
def test_an_interval_is_told_in_its_largest_unit(every: timedelta, words: str) -> None:
    assert a_schedule(timing=Interval(every=every, anchor=NOON)).sentence == words
    assert a_schedule().sentence == "0 * * * * in UTC"
