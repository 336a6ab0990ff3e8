"""Digests come when cron would send them, and once a day whatever happens to the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from posture.domain.routing import Digest
from posture.schedule.cron import CronCalendar, check_digest

# Clocks were moved by an hour, by an hour at another date, and by half an hour in the southern summer.
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
# A Monday.
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def _next(cron: str, *, after: datetime = START, zone: str = "UTC") -> datetime:
    return CronCalendar().next_time(Digest(cron=cron, zone=zone), after=after)


def _all(cron: str, *, since: datetime, until: datetime, zone: str) -> list[datetime]:
    """Return every time of a schedule, each found from the one before."""
    found = [_next(cron, after=since, zone=zone)]
    while found[-1] < until:
        found.append(_next(cron, after=found[-1], zone=zone))
    return found[:-1]


def _weekdays(cron: str) -> list[str]:
    times = _all(cron, since=START - timedelta(hours=7), until=START + timedelta(days=6, hours=17), zone="UTC")
    return [f"{time:%a}".lower() for time in times]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 8 * * *", "15 2 * * *", "0 2 * * *"])
def test_a_daily_digest_comes_once_on_each_day_of_a_year_in_which_clocks_change_twice(cron: str, zone: str) -> None:
    new_year = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone))

    times = _all(cron, since=new_year, until=new_year.replace(year=2027), zone=zone)

    days = [time.astimezone(ZoneInfo(zone)).date() for time in times]
    assert days == [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]


@pytest.mark.parametrize("zone", ZONES)
def test_the_digest_of_eight_o_clock_comes_at_eight_on_every_day(zone: str) -> None:
    new_year = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone))

    times = _all("0 8 * * *", since=new_year, until=new_year.replace(year=2027), zone=zone)

    assert {f"{time.astimezone(ZoneInfo(zone)):%H:%M}" for time in times} == {"08:00"}


@pytest.mark.parametrize(
    ("zone", "day", "shown"),
    [
        ("Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC), "2026-03-29T03:30:00+02:00"),
        ("America/New_York", datetime(2026, 3, 7, 12, tzinfo=UTC), "2026-03-08T03:30:00-04:00"),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 2, tzinfo=UTC), "2026-10-04T02:45:00+11:00"),
    ],
)
def test_what_falls_into_an_hour_that_is_left_out_comes_as_much_later(zone: str, day: datetime, shown: str) -> None:
    cron = "15 2 * * *" if zone == "Australia/Lord_Howe" else "30 2 * * *"

    assert _next(cron, after=day, zone=zone).astimezone(ZoneInfo(zone)).isoformat() == shown


def test_an_hour_that_comes_twice_counts_once() -> None:
    first = _next("30 2 * * *", after=datetime(2026, 10, 24, 12, tzinfo=UTC), zone="Europe/Berlin")

    second = _next("30 2 * * *", after=first, zone="Europe/Berlin")

    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert second == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 10, 4), date(2026, 3, 8)])
def test_times_go_forward_through_a_change_of_the_clocks_wherever_one_asks_from(zone: str, day: date) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=12)

    times = _all("*/10 * * * *", since=midnight, until=midnight + timedelta(hours=36), zone=zone)

    assert all(earlier < later for earlier, later in pairwise(times))
    for minutes in range(0, 35 * 60, 7):
        asked = midnight + timedelta(minutes=minutes)
        assert _next("*/10 * * * *", after=asked, zone=zone) == min(time for time in times if time > asked)


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("1-5", ["mon", "tue", "wed", "thu", "fri"]),
        ("0", ["sun"]),
        ("7", ["sun"]),
        ("6,0", ["sat", "sun"]),
        ("5-7", ["fri", "sat", "sun"]),
        ("0-6/2", ["tue", "thu", "sat", "sun"]),
        ("*/3", ["wed", "sat", "sun"]),
        ("MON-fri", ["mon", "tue", "wed", "thu", "fri"]),
        ("fri-sun", ["fri", "sat", "sun"]),
        ("mon-fri/2", ["mon", "wed", "fri"]),
        ("sun,1", ["mon", "sun"]),
        ("0-7", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
    ],
)
def test_weekdays_count_from_sunday_as_in_every_cron(field: str, days: list[str]) -> None:
    assert _weekdays(f"0 8 * * {field}") == days


def test_a_day_of_the_month_and_a_weekday_come_on_either() -> None:
    times = _all("0 8 4 * 5", since=START, until=START + timedelta(days=7), zone="UTC")

    assert [time.day for time in times] == [4, 6]


def test_months_have_names_and_steps() -> None:
    times = _all("0 8 1 feb-jun/2 *", since=START, until=START + timedelta(days=365), zone="UTC")

    assert [time.month for time in times] == [4, 6, 2]


def test_the_next_time_is_later_than_the_one_that_is_asked_from() -> None:
    assert _next("0 6 * * *") == START + timedelta(days=1)
    assert _next("0 6 * * *", after=START - timedelta(microseconds=1)) == START


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    assert _next("0 8 * * *", after=START.astimezone(ZoneInfo("Asia/Tokyo"))) == datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_the_29th_of_february_is_waited_for() -> None:
    assert _next("0 0 29 2 *") == datetime(2028, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "because"),
    [
        ("0 8 * *", "has 4 fields and not five: minute, hour, day of the month, month, weekday"),
        ("", "has 0 fields and not five"),
        ("@daily", "has 1 fields and not five"),
        ("0 8 * * * 2026", "has 6 fields and not five"),
        ("60 8 * * *", "'60' is no minute: write numbers from 0 to 59"),
        ("0 24 * * *", "'24' is no hour: write numbers from 0 to 23"),
        ("0 8 0 * *", "'0' is no day of the month: write numbers from 1 to 31"),
        ("0 8 * 13 *", "'13' is no month: write numbers from 1 to 12, or jan to dec"),
        ("0 8 * * 8", "'8' is no weekday: write numbers from 0 to 7, or sun to sat"),
        ("0 8 * * mo", "'mo' is no weekday"),
        ("0 8 * * 6-2", "'6-2' is no weekday: the range ends before it begins"),
        ("*/0 8 * * *", "'*/0' is no minute: a step is at least 1"),
        ("5/10 8 * * *", "'5/10' is no minute: a step is at least 1 and follows [*] or a range"),
        ("0,,30 8 * * *", "'' is no minute"),
        ("-5 8 * * *", "'-5' is no minute"),
        ("٣ 8 * * *", "'٣' is no minute"),
        ("0 8 last * *", "'last' is no day of the month"),
        ("0 8 30 2 *", "never comes: no month that it names has such a day"),
        ("0 8 31 4,6 *", "never comes"),
    ],
)
def test_what_cron_does_not_know_is_refused_with_a_reason(cron: str, because: str) -> None:
    wrong = check_digest(cron, "UTC")

    assert wrong is not None
    with pytest.raises(ValueError, match=because):
        _next(cron)


@pytest.mark.parametrize(
    "zone", ["Europe/Berlim", "", "Europe", "../../etc/passwd", "/etc/passwd", "UTC\x00", "+01:00"]
)
def test_what_is_no_time_zone_is_refused_with_examples(zone: str) -> None:
    wrong = check_digest("0 8 * * *", zone)

    assert wrong is not None
    assert "is not a time zone; write its name as in Europe/Berlin" in wrong


@pytest.mark.parametrize("cron", ["0 8 * * 1-5", "*/15 8-18/2 1,15 jan-dec *", "0 8 31 2 1"])
def test_what_is_right_is_not_refused(cron: str) -> None:
    assert check_digest(cron, "Europe/Berlin") is None
