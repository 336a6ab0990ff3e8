"""Notices go where routes say, once to each channel; what is about a channel goes to the others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.domain.check import CheckId
from posture.domain.notice import Event, Notice
from posture.domain.routing import Digest, Route, Routes, errands_of
from posture.domain.severity import Severity
from tests.domain.telling import DAILY, a_match, a_notice, a_route

TAGS = {CheckId("inactive-users"): frozenset({"user", "hygiene"})}
WEEKLY = Digest(cron="0 8 * * 1", zone="Europe/Berlin")


def _told(
    notice: Notice, *routes: Route, default: Route | None = None, closed: frozenset[str] = frozenset()
) -> dict[str, Digest | None]:
    """Return which channels are told, and how."""
    errands = errands_of(notice, Routes(routes=routes, default=default, tags=TAGS), closed=closed)
    assert all(errand.notice == notice for errand in errands)
    assert len({errand.channel for errand in errands}) == len(errands)
    return {errand.channel: errand.digest for errand in errands}


def _about_soc(**changes: Any) -> Notice:
    """That the channel soc was closed."""
    about: dict[str, Any] = {"event": Event.CHANNEL_CLOSED, "about": "soc", "tenant_name": None, "check": None}
    return a_notice(**(about | changes))


@pytest.mark.parametrize(
    "condition",
    [
        {"events": frozenset({Event.FINDING_OPENED, Event.PLAN_FAILED})},
        {"at_least": Severity.HIGH},
        {"at_least": Severity.LOW},
        {"checks": frozenset({CheckId("inactive-users"), CheckId("mfa-gaps")})},
        {"tags": frozenset({"user", "guest"})},
        {"tenants": frozenset({"contoso"})},
        {"resource_types": frozenset({"user"})},
        {},
    ],
)
def test_a_route_takes_what_fits_one_of_the_values(condition: dict[str, Any]) -> None:
    assert a_match(**condition).takes(a_notice(), TAGS[CheckId("inactive-users")])


@pytest.mark.parametrize(
    "condition",
    [
        {"events": frozenset({Event.FINDING_RESOLVED})},
        {"at_least": Severity.CRITICAL},
        {"checks": frozenset({CheckId("mfa-gaps")})},
        {"tags": frozenset({"guest"})},
        {"tenants": frozenset({"fabrikam"})},
        {"resource_types": frozenset({"application"})},
    ],
)
def test_a_route_leaves_what_misses_one_condition_although_the_others_hold(condition: dict[str, Any]) -> None:
    holding = {"events": frozenset({Event.FINDING_OPENED}), "tenants": frozenset({"contoso"})}

    assert not a_match(**(holding | condition)).takes(a_notice(), TAGS[CheckId("inactive-users")])


@pytest.mark.parametrize(
    "condition",
    [{"checks": frozenset({CheckId("inactive-users")})}, {"tags": frozenset({"user"})}],
)
def test_what_is_about_no_check_is_not_taken_by_a_condition_on_checks(condition: dict[str, Any]) -> None:
    assert _told(a_notice(check=None), a_route(**condition)) == {}


def test_a_check_that_is_not_known_any_more_has_no_tags() -> None:
    route = a_route(tags=frozenset({"user"}))

    assert _told(a_notice(check=CheckId("removed")), route) == {}
    assert _told(a_notice(), route) == {"admins": None}


def test_every_fitting_route_counts_and_nothing_matches_twice_to_one_channel() -> None:
    routes = (a_route("soc", "admins"), a_route("admins", "soc"), a_route("siem", tenants=frozenset({"fabrikam"})))

    assert _told(a_notice(), *routes) == {"soc": None, "admins": None}


def test_a_channel_named_twice_by_one_route_is_told_once() -> None:
    assert _told(a_notice(), a_route("soc", "soc")) == {"soc": None}


@pytest.mark.parametrize("routes", [(a_route(digest=DAILY), a_route()), (a_route(), a_route(digest=DAILY))])
def test_at_once_wins_over_a_digest(routes: tuple[Route, Route]) -> None:
    assert _told(a_notice(), *routes) == {"admins": None}


def test_of_two_digests_that_of_the_first_route_counts() -> None:
    assert _told(a_notice(), a_route(digest=WEEKLY), a_route(digest=DAILY)) == {"admins": WEEKLY}


def test_the_default_takes_what_no_route_takes_and_only_that() -> None:
    route, default = a_route("soc", at_least=Severity.HIGH), a_route("admins", digest=DAILY)

    assert _told(a_notice(), route, default=default) == {"soc": None}
    assert _told(a_notice(severity=Severity.LOW), route, default=default) == {"admins": DAILY}
    assert _told(a_notice(severity=Severity.LOW), route) == {}


def test_a_closed_channel_is_still_meant_by_its_routes() -> None:
    assert _told(a_notice(), a_route("soc"), closed=frozenset({"soc"})) == {"soc": None}


def test_what_is_about_a_channel_is_told_at_once_to_the_others_that_its_routes_name() -> None:
    assert _told(_about_soc(), a_route("soc", "admins", digest=DAILY)) == {"admins": None}


@pytest.mark.parametrize("event", [Event.CHANNEL_CLOSED, Event.CHANNEL_FAILED])
def test_if_its_routes_name_no_other_every_channel_is_told(event: Event) -> None:
    told = _told(
        _about_soc(event=event),
        a_route("soc", events=frozenset({event})),
        a_route("oncall", events=frozenset({Event.PLAN_FAILED})),
        default=a_route("admins", digest=DAILY),
    )

    assert told == {"oncall": None, "admins": None}


def test_a_channel_that_takes_nothing_is_not_told_that_another_one_does_not() -> None:
    routes = (a_route("soc", "admins"), a_route("oncall", events=frozenset({Event.PLAN_FAILED})))

    assert _told(_about_soc(), *routes, closed=frozenset({"admins"})) == {"oncall": None}
    assert _told(_about_soc(), *routes, closed=frozenset({"admins", "oncall"})) == {}


def test_who_has_one_channel_is_not_told_through_it_that_it_is_closed() -> None:
    assert _told(_about_soc(), default=a_route("soc")) == {}


CHANNELS = st.sampled_from(["soc", "admins", "siem"])
ROUTES = st.builds(
    a_route,
    CHANNELS,
    CHANNELS,
    digest=st.sampled_from([None, DAILY, WEEKLY]),
    at_least=st.sampled_from([None, *Severity]),
)


@given(
    st.lists(ROUTES, max_size=5), st.sampled_from([None, a_route("admins", digest=DAILY)]), st.sampled_from(Severity)
)
def test_whatever_the_routes_a_channel_is_told_once_and_as_soon_as_any_of_them_says(
    routes: list[Route], default: Route | None, severity: Severity
) -> None:
    notice = a_notice(severity=severity)

    told = _told(notice, *routes, default=default)

    fitting = [route for route in routes if route.match.takes(notice, frozenset())] or ([default] if default else [])
    assert set(told) == {name for route in fitting for name in route.channels}
    for name, digest in told.items():
        at_once = any(route.digest is None for route in fitting if name in route.channels)
        assert (digest is None) == at_once
