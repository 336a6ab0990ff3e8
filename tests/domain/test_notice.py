"""A notice is the same on every machine, and what is told about one thing belongs together."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from posture.domain.notice import Event, Notice, digest_of, iso
from posture.domain.severity import Severity


@pytest.mark.parametrize("event", Event)
def test_every_event_has_a_family_and_says_whether_it_is_about_telling(event: Event) -> None:
    families = {"finding", "first_results", "run", "check", "plan", "credential", "exemption", "channel"}

    assert event.family in families
    assert event.is_about_telling is (event.family == "channel")


def test_a_raised_severity_is_about_a_finding_and_first_results_are_about_themselves() -> None:
    assert Event.SEVERITY_RAISED.family == "finding"
    assert Event.FIRST_RESULTS.family == "first_results"
    assert Event.RUN_ABORTED.family == "run"


def test_what_ends_some_day_makes_the_same_notice_in_every_scan_until_then() -> None:
    anew = {event for event in Event if event.is_made_anew}

    assert anew == {Event.CREDENTIAL_ENDING, Event.EXEMPTION_ENDING}


def test_what_is_told_about_one_thing_is_one_thread() -> None:
    opened, resolved = (_notice(event, "f1") for event in (Event.FINDING_OPENED, Event.FINDING_RESOLVED))

    assert opened.thread == resolved.thread
    assert opened.thread != _notice(Event.FINDING_OPENED, "f2").thread
    assert opened.thread != _notice(Event.PLAN_WAITING, "f1").thread
    assert opened.thread != _notice(Event.FINDING_OPENED, "f1", tenant_id="t2").thread


def test_a_digest_is_the_same_everywhere_and_tells_parts_apart() -> None:
    assert digest_of("finding_opened", "Zoë \u202e", 1) == "e8e8277ad91ad67f9e14ced4714f1582"
    assert digest_of("a", "bc") != digest_of("ab", "c")
    assert digest_of("a", None) != digest_of("a", "None")


def test_a_moment_is_told_to_the_second() -> None:
    assert iso(datetime(2026, 3, 2, 9, 0, 1, 999_999, tzinfo=UTC)) == "2026-03-02T09:00:01Z"
    assert iso(None) is None


def _notice(event: Event, about: str, *, tenant_id: str | None = "t1") -> Notice:
    return Notice(
        id="n1",
        event=event,
        at=datetime(2026, 3, 2, tzinfo=UTC),
        tenant_id=tenant_id,
        tenant_name="contoso",
        severity=Severity.HIGH,
        check=None,
        resource_type=None,
        about=about,
        facts={},
    )
