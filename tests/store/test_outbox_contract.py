"""What every outbox keeps to: routed once, made into deliveries once, claimed by one, forgotten when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from posture.domain.delivery import DeliveryState
from posture.domain.notice import Event, Notice
from posture.domain.routing import Errand
from posture.domain.severity import Severity
from posture.usecases.ports import OpenOutbox, Outbox
from tests.domain.builders import MONDAY
from tests.domain.telling import DAILY, a_closed_channel, a_delivery, a_notice, an_errand

MINUTE = timedelta(minutes=1)
HOSTILE = "Zoë \u202e<b>名前</b>\x1b[31m '; drop table notices; --"


def _add(open_outbox: OpenOutbox, *notices: Notice) -> None:
    with open_outbox() as outbox:
        outbox.add_notices(notices)


def _route(outbox: Outbox, *errands: Errand, due_at: datetime = MONDAY) -> None:
    notices = [errand.notice for errand in errands]
    outbox.add_notices(notices)
    outbox.route(notices, [(errand, due_at) for errand in errands], at=MONDAY)


def _made(open_outbox: OpenOutbox, *numbers: int, channel: str = "admins") -> None:
    """Record a delivery for each number, with its notice and errand."""
    with open_outbox() as outbox:
        for number in numbers:
            _route(outbox, an_errand(number, channel=channel))
            outbox.add_delivery(a_delivery(number, channel=channel))


def _claim(open_outbox: OpenOutbox, number: int = 1, *, worker: str = "one", now: datetime = MONDAY) -> bool:
    with open_outbox() as outbox:
        return outbox.claim(a_delivery(number), worker=worker, until=now + 15 * MINUTE, now=now)


def _due(open_outbox: OpenOutbox, *, now: datetime = MONDAY, channel: str = "admins") -> Sequence[str]:
    with open_outbox() as outbox:
        return [each.id for each in outbox.due(channel, now=now)]


def _sent() -> dict[str, Any]:
    return {"state": DeliveryState.SENT, "tries": 1, "ended_at": MONDAY, "note": None}


def test_a_notice_comes_back_as_it_was_recorded(open_outbox: OpenOutbox) -> None:
    strange = a_notice(
        1,
        event=Event.CHANNEL_CLOSED,
        at=MONDAY + timedelta(microseconds=1),
        tenant_id=None,
        tenant_name=None,
        severity=Severity.INFO,
        check=None,
        resource_type=None,
        about=HOSTILE,
        facts={"because": HOSTILE, "many": 2**53, "none": None, "list": [1.5, {"deep": True}]},
    )

    _add(open_outbox, strange, a_notice(2))

    with open_outbox() as outbox:
        assert outbox.unrouted(9) == [strange, a_notice(2)]
        assert outbox.notices([strange.id, "ffff"]) == {strange.id: strange}


def test_a_happening_that_is_on_record_is_left_alone(open_outbox: OpenOutbox) -> None:
    _add(open_outbox, a_notice(1))

    _add(open_outbox, a_notice(1, severity=Severity.LOW), a_notice(2), a_notice(2))

    with open_outbox() as outbox:
        assert outbox.unrouted(9) == [a_notice(1), a_notice(2)]


def test_a_routed_notice_that_happens_again_is_not_routed_again(open_outbox: OpenOutbox) -> None:
    with open_outbox() as outbox:
        _route(outbox, an_errand(1))

    _add(open_outbox, a_notice(1))

    with open_outbox() as outbox:
        assert outbox.unrouted(9) == []


def test_what_is_recorded_in_a_unit_that_fails_is_not_told(open_outbox: OpenOutbox) -> None:
    def fail() -> None:
        with open_outbox() as outbox:
            outbox.add_notices([a_notice(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with open_outbox() as outbox:
        assert outbox.unrouted(9) == []


def test_notices_are_routed_in_the_order_in_which_they_were_recorded(open_outbox: OpenOutbox) -> None:
    _add(open_outbox, a_notice(3), a_notice(1))
    _add(open_outbox, a_notice(2))

    with open_outbox() as outbox:
        assert outbox.unrouted(2) == [a_notice(3), a_notice(1)]


def test_nothing_at_all_can_be_recorded_and_routed(open_outbox: OpenOutbox) -> None:
    with open_outbox() as outbox:
        outbox.add_notices([])
        outbox.route([], [], at=MONDAY)

        assert outbox.unrouted(9) == []
        assert outbox.notices([]) == {}


def test_a_notice_of_which_nobody_is_told_is_routed_all_the_same(open_outbox: OpenOutbox) -> None:
    _add(open_outbox, a_notice(1))

    with open_outbox() as outbox:
        outbox.route([a_notice(1)], [], at=MONDAY)

    with open_outbox() as outbox:
        assert outbox.unrouted(9) == []


def test_errands_come_back_when_they_are_due_in_the_order_of_their_notices(open_outbox: OpenOutbox) -> None:
    _add(open_outbox, a_notice(3), a_notice(1), a_notice(2))
    at_once, collected = an_errand(1), an_errand(3, digest=DAILY)
    with open_outbox() as outbox:
        _route(outbox, at_once, collected, an_errand(2, channel="soc"))
        _route(outbox, an_errand(4), due_at=MONDAY + MINUTE)

        assert outbox.due_errands("admins", now=MONDAY) == [(collected, MONDAY), (at_once, MONDAY)]
        assert outbox.due_errands("admins", now=MONDAY, limit=1) == [(collected, MONDAY)]
        assert outbox.due_errands("admins", now=MONDAY - MINUTE) == []
        assert outbox.due_errands("nobody", now=MONDAY) == []


def test_a_notice_goes_to_a_channel_once(open_outbox: OpenOutbox) -> None:
    with open_outbox() as outbox:
        _route(outbox, an_errand(1))
        _route(outbox, an_errand(1, digest=DAILY), due_at=MONDAY + MINUTE)

        assert outbox.due_errands("admins", now=MONDAY + MINUTE) == [(an_errand(1), MONDAY)]


def test_an_errand_in_a_delivery_is_not_due_again(open_outbox: OpenOutbox) -> None:
    with open_outbox() as outbox:
        _route(outbox, an_errand(1), an_errand(2), an_errand(1, channel="soc"))
        outbox.add_delivery(a_delivery(1))

        assert outbox.due_errands("admins", now=MONDAY) == [(an_errand(2), MONDAY)]
        assert outbox.due_errands("soc", now=MONDAY) == [(an_errand(1, channel="soc"), MONDAY)]


def test_a_delivery_comes_back_with_its_notices_in_their_order(open_outbox: OpenOutbox) -> None:
    with open_outbox() as outbox:
        _route(outbox, an_errand(2), an_errand(1))
        made = a_delivery(1, 2, is_digest=True, note=HOSTILE, since=MONDAY - MINUTE, tries=3)
        outbox.add_delivery(made)

        assert outbox.due("admins", now=MONDAY) == [replace(made, notices=(a_notice(2).id, a_notice(1).id))]
        assert outbox.delivery(made.id) == outbox.due("admins", now=MONDAY)[0]
        assert outbox.delivery("ffff") is None


def test_a_delivery_on_record_is_left_alone(open_outbox: OpenOutbox) -> None:
    with open_outbox() as outbox:
        _route(outbox, an_errand(1))
        outbox.add_delivery(a_delivery(1, **_sent()))
        outbox.add_delivery(a_delivery(1))

        assert outbox.delivery(a_delivery(1).id) == a_delivery(1, **_sent())


def test_deliveries_that_wait_longest_are_due_first_and_others_not_yet(open_outbox: OpenOutbox) -> None:
    with open_outbox() as outbox:
        _route(outbox, *[an_errand(number) for number in range(1, 7)], an_errand(7, channel="soc"))
        outbox.add_delivery(a_delivery(1))
        outbox.add_delivery(a_delivery(2, since=MONDAY - MINUTE))
        outbox.add_delivery(a_delivery(3, next_try_at=MONDAY + MINUTE))
        outbox.add_delivery(a_delivery(4, state=DeliveryState.REFUSED))
        outbox.add_delivery(a_delivery(5, state=DeliveryState.GIVEN_UP))
        outbox.add_delivery(a_delivery(6, **_sent()))
        outbox.add_delivery(a_delivery(7, channel="soc"))

    assert _due(open_outbox) == [a_delivery(2).id, a_delivery(1).id]


def test_a_delivery_is_claimed_by_one_worker(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1)

    assert _claim(open_outbox, worker="one")
    assert not _claim(open_outbox, worker="two")
    assert not _claim(open_outbox, worker="one")

    assert _due(open_outbox) == []


def test_a_claim_ends_with_its_time(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1)
    _claim(open_outbox, worker="one")

    assert not _claim(open_outbox, worker="two", now=MONDAY + 14 * MINUTE)
    assert _due(open_outbox, now=MONDAY + 15 * MINUTE) == [a_delivery(1).id]
    assert _claim(open_outbox, worker="two", now=MONDAY + 15 * MINUTE)


def test_a_delivery_that_somebody_tried_since_it_was_read_is_not_claimed(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1)
    _claim(open_outbox, worker="one")
    with open_outbox() as outbox:
        outbox.save_try(a_delivery(1, tries=1, next_try_at=MONDAY + MINUTE), worker="one", now=MONDAY)

    assert not _claim(open_outbox, worker="two")


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.GIVEN_UP])
def test_what_does_not_wait_is_not_claimed(open_outbox: OpenOutbox, state: DeliveryState) -> None:
    _made(open_outbox, 1)
    with open_outbox() as outbox:
        outbox.save_delivery(a_delivery(1, state=state))

    assert not _claim(open_outbox)
    assert not _claim(open_outbox, 2)


def test_a_try_is_written_by_whoever_has_the_claim_and_ends_it(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1)
    _claim(open_outbox, worker="one")
    later = a_delivery(1, tries=1, next_try_at=MONDAY + MINUTE, note=HOSTILE)

    with open_outbox() as outbox:
        assert outbox.save_try(later, worker="one", now=MONDAY)
        assert not outbox.save_try(a_delivery(1, **_sent()), worker="one", now=MONDAY)

        assert outbox.delivery(later.id) == later
        assert [each.id for each in outbox.due("admins", now=MONDAY + MINUTE)] == [later.id]


def test_whoever_lost_the_claim_writes_nothing(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1)
    _claim(open_outbox, worker="one")
    _claim(open_outbox, worker="two", now=MONDAY + 15 * MINUTE)

    with open_outbox() as outbox:
        assert not outbox.save_try(a_delivery(1, **_sent()), worker="one", now=MONDAY)
        outbox.release([a_delivery(1)], worker="one")

    assert not _claim(open_outbox, worker="three", now=MONDAY + 20 * MINUTE)
    with open_outbox() as outbox:
        assert outbox.delivery(a_delivery(1).id) == a_delivery(1)


def test_a_claim_that_is_given_up_is_free_at_once(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1, 2)
    _claim(open_outbox, 1, worker="one")
    _claim(open_outbox, 2, worker="one")

    with open_outbox() as outbox:
        outbox.release([a_delivery(1)], worker="one")

    assert _due(open_outbox) == [a_delivery(1).id]


def test_tries_are_counted_by_channel_and_from_a_moment_on(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1)
    _made(open_outbox, 2, channel="soc")
    with open_outbox() as outbox:
        for minutes in (3, 1, 2):
            outbox.save_try(a_delivery(1), worker="one", now=MONDAY + minutes * MINUTE)
        outbox.save_try(a_delivery(2, channel="soc"), worker="one", now=MONDAY + MINUTE)

        found = outbox.tried_since("admins", MONDAY + MINUTE, now=MONDAY + 5 * MINUTE)

    assert found == [MONDAY + 2 * MINUTE, MONDAY + 3 * MINUTE]


def test_what_somebody_has_claimed_counts_as_tried(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1, 2)
    _claim(open_outbox, 1)

    with open_outbox() as outbox:
        now = MONDAY + 10 * MINUTE
        assert outbox.tried_since("admins", MONDAY + 5 * MINUTE, now=now) == [now]
        assert outbox.tried_since("admins", MONDAY + 5 * MINUTE, now=MONDAY + 15 * MINUTE) == []
        assert outbox.tried_since("soc", MONDAY + 5 * MINUTE, now=now) == []


def test_failures_are_taken_once_until_they_are_tried_anew_and_fail_again(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1, 2, 3)
    refused = a_delivery(1, state=DeliveryState.REFUSED, ended_at=MONDAY)
    given_up = a_delivery(2, state=DeliveryState.GIVEN_UP, ended_at=MONDAY)
    with open_outbox() as outbox:
        outbox.save_delivery(refused)
        outbox.save_delivery(given_up)

        assert outbox.take_failures() == [refused, given_up]
        assert outbox.take_failures() == []

        outbox.save_delivery(a_delivery(1))
        assert outbox.take_failures() == []
        outbox.claim(a_delivery(1), worker="one", until=MONDAY + MINUTE, now=MONDAY)
        outbox.save_try(refused, worker="one", now=MONDAY)
        assert outbox.take_failures() == [refused]


def test_deliveries_that_were_not_sent_are_found_by_channel(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1, 2, 3, 4)
    _made(open_outbox, 5, channel="soc")
    refused = a_delivery(1, state=DeliveryState.REFUSED)
    given_up = a_delivery(3, state=DeliveryState.GIVEN_UP)
    with open_outbox() as outbox:
        for delivery in (refused, given_up, a_delivery(4, **_sent())):
            outbox.save_delivery(delivery)

        assert outbox.unsent("admins") == [refused, a_delivery(2), given_up]


def test_saving_a_delivery_leaves_what_it_is_made_of_alone(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1)

    with open_outbox() as outbox:
        outbox.save_delivery(a_delivery(1, notices=("ffff",), is_digest=True, tries=2))
        outbox.save_delivery(a_delivery(9))

        assert outbox.delivery(a_delivery(1).id) == a_delivery(1, tries=2)
        assert outbox.delivery(a_delivery(9).id) is None


def test_a_channel_is_closed_until_it_is_opened(open_outbox: OpenOutbox) -> None:
    first, second = a_closed_channel(), a_closed_channel(because=HOSTILE, at=MONDAY + MINUTE, settings="0b")
    with open_outbox() as outbox:
        outbox.close_channel(first)
        outbox.close_channel(a_closed_channel("soc"))
        outbox.close_channel(second)

        assert outbox.closed_channels() == {"admins": second, "soc": a_closed_channel("soc")}

        outbox.open_channel("admins")
        outbox.open_channel("nobody")
        assert outbox.closed_channels() == {"soc": a_closed_channel("soc")}


def test_what_is_over_is_forgotten_and_what_is_not_stays(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1, 2, 3)
    with open_outbox() as outbox:
        outbox.save_delivery(a_delivery(1, **_sent()))
        outbox.save_delivery(a_delivery(2, state=DeliveryState.REFUSED, ended_at=MONDAY + MINUTE))
        _route(outbox, an_errand(4, digest=DAILY))
        outbox.add_notices([a_notice(5), a_notice(6), a_notice(7, event=Event.CREDENTIAL_ENDING)])
        outbox.route([a_notice(5), a_notice(7, event=Event.CREDENTIAL_ENDING)], [], at=MONDAY)

        outbox.forget(MONDAY + MINUTE)

        assert outbox.delivery(a_delivery(1).id) is None
        assert set(outbox.notices([a_notice(number).id for number in range(1, 8)])) == {
            a_notice(number).id for number in (2, 3, 4, 6, 7)
        }
        assert outbox.delivery(a_delivery(2).id) is not None
        assert outbox.due("admins", now=MONDAY) == [a_delivery(3)]
        assert outbox.due_errands("admins", now=MONDAY) == [(an_errand(4, digest=DAILY), MONDAY)]


def test_a_notice_that_is_left_in_one_of_its_deliveries_stays(open_outbox: OpenOutbox) -> None:
    _made(open_outbox, 1)
    with open_outbox() as outbox:
        outbox.save_delivery(a_delivery(1, **_sent()))
        _route(outbox, an_errand(1, channel="soc"))

        outbox.forget(MONDAY + MINUTE)

        assert outbox.delivery(a_delivery(1).id) is None
        assert outbox.due_errands("soc", now=MONDAY) == [(an_errand(1, channel="soc"), MONDAY)]


def test_ten_thousand_notices_fit_into_one_delivery(open_outbox: OpenOutbox) -> None:
    errands = [an_errand(number, digest=DAILY) for number in range(10_000)]
    with open_outbox() as outbox:
        _route(outbox, *errands)
        due = [errand.notice.id for errand, _ in outbox.due_errands("admins", now=MONDAY)]
        outbox.add_delivery(a_delivery(*range(10_000)))

    with open_outbox() as outbox:
        assert due == [errand.notice.id for errand in errands]
        assert outbox.due("admins", now=MONDAY) == [a_delivery(*range(10_000))]
        assert outbox.due_errands("admins", now=MONDAY) == []
        assert len(outbox.notices(due)) == 10_000
