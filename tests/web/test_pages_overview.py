"""The first page."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from posture.domain.numbers import Numbers, NumbersAt
from posture.domain.operator import Role
from posture.web.pages.trends import spark_of, summed, trend_of_all
from tests.web.furnished import FurnishedOffice
from tests.web.office import Client
from tests.web.reading import Seen

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FurnishedOffice]:
    office = FurnishedOffice(tmp_path_factory.mktemp("furnished"))
    yield office
    office.close()


@pytest.fixture(scope="module")
def admin(furnished: FurnishedOffice) -> Client:
    return furnished.signed_in(name="ada")


def seen(client: Client, path: str) -> Seen:
    answer = client.get(path)
    assert answer.status_code == 200
    return Seen(answer.text)


def failed(count: int) -> Numbers:
    return Numbers(passed=10 - count, failed=count, unknown=0, not_judged=0)


def test_the_four_numbers_are_those_of_all_tenants_together(admin: Client) -> None:
    page = seen(admin, "/")

    assert "Pass 2" in page.text
    assert "Fail 2" in page.text
    assert "Unknown 2" in page.text
    assert "Not judged 2" in page.text


def test_one_tenant_can_be_looked_at_alone(admin: Client) -> None:
    page = seen(admin, "/?tenant=contoso")

    assert "Pass 1" in page.text
    assert "/findings?severity=high&tenant=contoso" in page.links("/findings")
    assert not page.all("a", id="sort-name")


def test_a_tenant_that_is_not_there_is_as_if_nobody_had_asked_for_it(admin: Client) -> None:
    assert "How 2 tenants stand." in seen(admin, "/?tenant=nobody").text


def test_a_plan_that_somebody_may_decide_on_waits_for_them(furnished: FurnishedOffice, admin: Client) -> None:
    assert "No plan waits for your decision." in seen(admin, "/").text

    plan = furnished.proposed(furnished.open[0])

    assert page_links(admin) == [f"/plans/{plan.id}"]
    assert page_links(furnished.signed_in(Role.VIEWER, name="only looks")) == []


def page_links(client: Client) -> list[str]:
    return [link for link in seen(client, "/").links("/plans/") if link != "/plans/"]


def test_the_trend_is_a_table_of_numbers_too(admin: Client) -> None:
    page = seen(admin, "/")

    chart = [one for name, one in page.tags if "data-chart" in one]
    assert page.all("table", id=str(chart[0]["data-chart"]))
    assert "hidden" in chart[0]  # shown by the script that draws it


@pytest.mark.parametrize("asked", ["sort=name", "sort=score&order=desc", "sort=run", "sort=worst&order=asc"])
def test_tenants_come_in_the_order_that_is_asked_for(admin: Client, asked: str) -> None:
    page = seen(admin, f"/?{asked}")

    assert [one["aria-sort"] for name, one in page.tags if "aria-sort" in one] == [
        "descending" if "desc" in asked or asked == "sort=run" else "ascending"
    ]


def test_the_export_has_a_row_for_each_tenant(admin: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(admin.get("/tenants.csv").text, newline="")))

    assert [row["tenant"] for row in rows] == ["contoso", "fabrikam"]
    assert rows[0]["score"] == "0.25"
    assert rows[0]["latest_run_state"] == "complete"


def test_before_the_first_scan_it_says_how_to_begin(signed_in: Callable[..., Client]) -> None:
    page = seen(signed_in(), "/")

    assert "Nothing was scanned yet" in page.text
    assert "/schedules" in page.links("/schedules")


def test_a_trend_of_several_carries_forward_what_is_known_of_each() -> None:
    daily = [NumbersAt(at=NOON + number * DAY, numbers=failed(number)) for number in range(3)]
    once = [NumbersAt(at=NOON + DAY, numbers=failed(5))]

    trend = trend_of_all([daily, once, []])

    assert [point.numbers.failed for point in trend] == [0, 6, 7]
    assert [point.at.date() for point in trend] == [(NOON + number * DAY).date() for number in range(3)]


def test_of_two_scans_on_one_day_the_later_one_counts() -> None:
    twice = [
        NumbersAt(at=NOON, numbers=failed(1)),
        NumbersAt(at=NOON + timedelta(hours=1), numbers=failed(2)),
    ]

    assert [point.numbers.failed for point in trend_of_all([twice, []])] == [2]


def test_nothing_known_is_no_sum() -> None:
    assert summed([None, None]) is None
    assert summed([None, failed(2)]) == failed(2)


@pytest.mark.parametrize("count", [0, 1])
def test_one_point_is_no_line(count: int) -> None:
    assert spark_of([NumbersAt(at=NOON, numbers=failed(1))] * count) == ""


def test_a_line_goes_from_left_to_right_and_stays_inside() -> None:
    trend = [NumbersAt(at=NOON + number * DAY, numbers=failed(number % 3)) for number in range(9)]

    places = [tuple(map(float, place.split(","))) for place in spark_of(trend).split()]

    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert all(0 <= x <= 96 and 0 <= y <= 24 for x, y in places)


def test_points_of_one_moment_make_a_line_all_the_same() -> None:
    same = [NumbersAt(at=NOON, numbers=failed(0))] * 2

    assert spark_of(same) == "2.0,21.0 2.0,21.0"


def test_what_has_no_scan_of_a_week_ago_is_not_said_to_be_no_worse(tmp_path: Path, admin: Client) -> None:
    new = FurnishedOffice(tmp_path, scans=(1,))

    page = seen(new.signed_in(name="ada"), "/")

    assert "There is no scan of a week ago yet to compare with." in page.text
    assert "No check has more open findings" not in page.text
    assert "A line shows where it goes once there are scans of a second day." in page.text
    assert "There is no scan of a week ago" not in seen(admin, "/").text
    new.close()
