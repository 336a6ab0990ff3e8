"""Notices, errands and deliveries for tests; name only what the test is about."""

from __future__ import annotations

from typing import Any

from posture.domain.check import CheckId
from posture.domain.delivery import ClosedChannel, Delivery, new_delivery
from posture.domain.notice import Event, Notice
from posture.domain.routing import Digest, Errand, Match, Route
from posture.domain.severity import Severity
from tests.domain.builders import MONDAY, TENANT

DAILY = Digest(cron="0 8 * * *", zone="Europe/Berlin")


def a_notice(number: int = 1, **changes: Any) -> Notice:
    """That a finding was opened on Monday, the one with this number."""
    fields: dict[str, Any] = {
        "id": f"{number:032x}",
        "event": Event.FINDING_OPENED,
        "at": MONDAY,
        "tenant_id": TENANT,
        "tenant_name": "contoso",
        "severity": Severity.HIGH,
        "check": CheckId("inactive-users"),
        "resource_type": "user",
        "about": f"f{number}",
        "facts": {"title": "User is inactive", "message": f"Ada {number} has not signed in."},
    }
    return Notice(**(fields | changes))


def an_errand(number: int = 1, *, channel: str = "admins", digest: Digest | None = None, **changes: Any) -> Errand:
    return Errand(notice=a_notice(number, **changes), channel=channel, digest=digest)


def a_delivery(*numbers: int, channel: str = "admins", **changes: Any) -> Delivery:
    """A delivery of the notices with these numbers, due on Monday; of the first one, if none is given."""
    made = new_delivery(channel, [a_notice(number).id for number in numbers or (1,)], is_digest=False, due_at=MONDAY)
    return Delivery(**(vars(made) | changes))


def a_closed_channel(name: str = "admins", **changes: Any) -> ClosedChannel:
    fields: dict[str, Any] = {"settings": "0a" * 16, "because": "the server refuses this password", "at": MONDAY}
    return ClosedChannel(name=name, **(fields | changes))


def a_match(**changes: Any) -> Match:
    """A match that takes every notice."""
    fields: dict[str, Any] = {
        "events": frozenset(),
        "at_least": None,
        "checks": frozenset(),
        "tags": frozenset(),
        "tenants": frozenset(),
        "resource_types": frozenset(),
    }
    return Match(**(fields | changes))


def a_route(*channels: str, digest: Digest | None = None, **match: Any) -> Route:
    return Route(match=a_match(**match), channels=channels or ("admins",), digest=digest)
