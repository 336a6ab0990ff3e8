"""What is told when telling itself does not work."""

from __future__ import annotations

from datetime import timedelta

from posture.domain.notice import Event
from posture.domain.notices_of_channels import closed_notice, failed_notice
from posture.domain.severity import Severity
from tests.domain.builders import MONDAY
from tests.domain.telling import a_closed_channel, a_delivery

SECOND = timedelta(seconds=1)


def test_a_closed_channel_is_told_with_its_reason_and_is_about_no_tenant() -> None:
    notice = closed_notice(a_closed_channel("soc"))

    assert (notice.event, notice.about, notice.at, notice.severity) == (
        Event.CHANNEL_CLOSED,
        "soc",
        MONDAY,
        Severity.HIGH,
    )
    assert (notice.tenant_id, notice.tenant_name, notice.check, notice.resource_type) == (None, None, None, None)
    assert notice.facts == {"channel": "soc", "because": "the server refuses this password", "messages": 0}
    assert notice.event.is_about_telling


def test_each_closing_is_a_happening_of_its_own() -> None:
    closed = closed_notice(a_closed_channel())

    assert closed_notice(a_closed_channel()).id == closed.id
    others = [a_closed_channel("soc"), a_closed_channel(settings="0b"), a_closed_channel(at=MONDAY + SECOND)]
    assert all(closed_notice(other).id != closed.id for other in others)
    assert closed_notice(others[2]).thread == closed.thread


def test_messages_that_did_not_get_through_are_counted_with_the_reason_of_the_first() -> None:
    failed = [a_delivery(1, note="no such mailbox"), a_delivery(2, note="too long")]

    notice = failed_notice("soc", failed, at=MONDAY)

    assert notice is not None
    assert (notice.event, notice.about, notice.at) == (Event.CHANNEL_FAILED, "soc", MONDAY)
    assert notice.facts == {"channel": "soc", "because": "no such mailbox", "messages": 2}


def test_a_failure_without_a_reason_is_told_as_well() -> None:
    notice = failed_notice("soc", [a_delivery(1, note=None)], at=MONDAY)

    assert notice is not None
    assert notice.facts["because"] == ""


def test_nothing_is_told_where_nothing_failed() -> None:
    assert failed_notice("soc", [], at=MONDAY) is None


def test_the_same_failures_in_any_order_are_one_happening_and_later_ones_another() -> None:
    failed = [a_delivery(1, ended_at=MONDAY), a_delivery(2, ended_at=MONDAY)]
    anew = [a_delivery(1, ended_at=MONDAY + SECOND), a_delivery(2, ended_at=MONDAY)]

    first, same, later = (failed_notice("soc", each, at=MONDAY) for each in (failed, failed[::-1], anew))

    assert first is not None
    assert same is not None
    assert later is not None
    assert first.id == same.id != later.id
