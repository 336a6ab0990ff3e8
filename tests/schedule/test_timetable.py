"""When schedules are due: over both changes of the clocks in a year, in three zones, and after long absences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture.domain.schedule import Cron, Interval, Timing
from posture.schedule.timetable import ScheduleTimetable

HOUR = timedelta(hours=1)
# Where clocks are moved by an hour in March and October or November, and by half an hour in April and October; each
# with the days of both changes in 2026 and a time that does not exist, or comes twice, on them.
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC), "30 2 * * *"),
    ("Europe/Berlin", datetime(2026, 10, 25, tzinfo=UTC), "30 2 * * *"),
    ("America/New_York", datetime(2026, 3, 8, tzinfo=UTC), "30 2 * * *"),
    ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC), "30 1 * * *"),
    ("Australia/Lord_Howe", datetime(2026, 10, 4, tzinfo=UTC), "15 2 * * *"),
    ("Australia/Lord_Howe", datetime(2026, 4, 5, tzinfo=UTC), "45 1 * * *"),
]


def dues(timing: Timing, after: datetime, until: datetime) -> list[datetime]:
    return list(ScheduleTimetable().times(timing, after=after, until=until, limit=10_000))


@pytest.mark.parametrize(("zone", "day", "cron"), CHANGES)
def test_a_nightly_schedule_comes_once_a_night_when_the_clocks_change(zone: str, day: datetime, cron: str) -> None:
    start = (day - timedelta(days=3)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    end = (day + timedelta(days=4)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    found = dues(Cron(cron=cron, zone=zone), start, end)

    shown = [due.astimezone(ZoneInfo(zone)) for due in found]
    assert [each.date() for each in shown] == [(day + timedelta(days=number)).date() for number in range(-3, 4)]
    usual = [each.strftime("%H:%M") for each in shown if each.date() != day.date()]
    assert len(set(usual)) == 1


@pytest.mark.parametrize(("zone", "day", "cron"), CHANGES)
def test_every_wall_clock_hour_comes_once_when_the_clocks_change(zone: str, day: datetime, cron: str) -> None:
    start = day.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    end = (day + timedelta(days=1)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    found = dues(Cron(cron="0 * * * *", zone=zone), start - timedelta(seconds=1), end - timedelta(seconds=1))

    assert found == sorted(set(found))
    shown = [due.astimezone(ZoneInfo(zone)).strftime("%H:%M") for due in found]
    assert len(shown) in (23, 24)
    if len(found) == 24:
        assert len(set(shown)) in (23, 24)


@pytest.mark.parametrize(("zone", "day", "cron"), CHANGES)
def test_an_interval_goes_by_time_that_has_passed_whatever_the_clocks_do(zone: str, day: datetime, cron: str) -> None:
    anchor = (day - timedelta(days=30)).replace(hour=6, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    start = (day - timedelta(days=1)).replace(tzinfo=UTC)

    found = dues(Interval(every=6 * HOUR, anchor=anchor), start, start + timedelta(days=3))

    assert len(found) == 12
    assert {later - earlier for earlier, later in pairwise(found)} == {6 * HOUR}
    assert all((due - anchor) % (6 * HOUR) == timedelta(0) for due in found)


def test_an_interval_begins_with_its_anchor() -> None:
    anchor = datetime(2027, 1, 1, tzinfo=UTC)
    interval = Interval(every=HOUR, anchor=anchor)

    assert ScheduleTimetable().next_time(interval, after=anchor - timedelta(days=400)) == anchor
    assert ScheduleTimetable().next_time(interval, after=anchor) == anchor + HOUR
    assert dues(interval, anchor - timedelta(days=2), anchor - timedelta(days=1)) == []


def test_the_end_counts_and_the_start_does_not() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)

    for timing in (Cron(cron="0 * * * *", zone="UTC"), Interval(every=HOUR, anchor=noon)):
        assert dues(timing, noon, noon + 2 * HOUR) == [noon + HOUR, noon + 2 * HOUR]
        assert dues(timing, noon, noon) == []


@pytest.mark.parametrize(
    "timing",
    [
        Cron(cron="* * * * *", zone="Europe/Berlin"),
        Interval(every=timedelta(minutes=1), anchor=datetime(2000, 1, 1, tzinfo=UTC)),
    ],
)
def test_after_a_long_absence_the_newest_times_are_found_without_going_through_all(timing: Timing) -> None:
    until = datetime(2026, 5, 1, 12, 0, 30, tzinfo=UTC)

    found = ScheduleTimetable().times(timing, after=until - timedelta(days=3000), until=until, limit=5)

    assert found == [datetime(2026, 5, 1, 11, 56 + number, tzinfo=UTC) for number in range(4)] + [
        datetime(2026, 5, 1, 12, tzinfo=UTC)
    ]


def test_a_schedule_that_comes_once_in_four_years_is_found_after_an_absence() -> None:
    leap = Cron(cron="0 0 29 2 *", zone="UTC")

    found = dues(leap, datetime(2023, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))

    assert found == [datetime(2024, 2, 29, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)]


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(["*/7 * * * *", "30 2 * * *", "0 0 1 * 1", "15 1,2,3 * * 0"]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.integers(0, 60 * 24 * 350),
    st.lists(st.integers(1, 60 * 48), min_size=1, max_size=4),
)
def test_however_often_one_looks_no_due_time_is_left_out_or_found_twice(
    cron: str, zone: str, start: int, steps: list[int]
) -> None:
    timing = Cron(cron=cron, zone=zone)
    looks = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=start)]
    for minutes in steps:
        looks.append(looks[-1] + timedelta(minutes=minutes))

    in_parts = [due for a, b in pairwise(looks) for due in dues(timing, a, b)]

    assert in_parts == dues(timing, looks[0], looks[-1])
