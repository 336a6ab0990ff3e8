"""Deliveries: tried until they arrive, are refused, or a day has passed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.domain.delivery import (
    TRIED_FOR,
    Delivery,
    DeliveryState,
    Refused,
    Sent,
    Tried,
    TryLater,
    after_try,
    new_delivery,
    tried_anew,
)
from tests.domain.builders import MONDAY
from tests.domain.telling import a_delivery

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
AWAY = TryLater(because="no answer", after=None)


def _after(tried: Tried, *, now: datetime = MONDAY, jitter: float = 0.5, **changes: object) -> Delivery:
    return after_try(a_delivery(**changes), tried, now=now, jitter=jitter)  # type: ignore[arg-type]


def test_a_new_delivery_waits_and_is_due_at_once() -> None:
    made = new_delivery("admins", ["b", "a"], is_digest=True, due_at=MONDAY)

    assert made == Delivery(
        id=made.id,
        channel="admins",
        notices=("b", "a"),
        is_digest=True,
        since=MONDAY,
        state=DeliveryState.WAITING,
        tries=0,
        next_try_at=MONDAY,
        ended_at=None,
        note=None,
    )


def test_an_id_is_made_of_channel_and_notices_in_any_order_and_of_nothing_else() -> None:
    made = new_delivery("admins", ["a", "b"], is_digest=True, due_at=MONDAY)

    assert new_delivery("admins", ["b", "a"], is_digest=False, due_at=MONDAY + HOUR).id == made.id
    others = [("soc", ["a", "b"]), ("admins", ["a"]), ("admins", ["ab"]), ("admins", ["a", "b", "c"])]
    assert all(new_delivery(name, ids, is_digest=True, due_at=MONDAY).id != made.id for name, ids in others)
    assert len(made.id) == 32


def test_what_arrived_is_over_and_keeps_what_is_to_be_known() -> None:
    after = _after(Sent(note="one recipient was refused"), now=MONDAY + HOUR)

    assert (after.state, after.ended_at, after.tries) == (DeliveryState.SENT, MONDAY + HOUR, 1)
    assert after.note == "one recipient was refused"


def test_what_is_refused_is_over() -> None:
    after = _after(Refused(because="no such mailbox", closes_channel=False))

    assert (after.state, after.ended_at, after.note) == (DeliveryState.REFUSED, MONDAY, "no such mailbox")


def test_what_closes_its_channel_waits_for_that_to_be_opened() -> None:
    after = _after(Refused(because="wrong password", closes_channel=True), now=MONDAY + 30 * HOUR)

    assert (after.state, after.ended_at, after.note) == (DeliveryState.WAITING, None, "wrong password")
    assert after.next_try_at == MONDAY + 30 * HOUR


@pytest.mark.parametrize(
    ("tries", "minutes"), [(0, 1), (1, 2), (2, 4), (3, 8), (6, 64), (7, 120), (8, 120), (10_000, 120)]
)
def test_each_pause_is_twice_as_long_as_the_one_before_up_to_two_hours(tries: int, minutes: int) -> None:
    after = _after(AWAY, tries=tries)

    assert (after.state, after.tries, after.note) == (DeliveryState.WAITING, tries + 1, "no answer")
    assert after.next_try_at == MONDAY + minutes * MINUTE


def test_chance_makes_a_pause_half_as_long_or_half_as_long_again() -> None:
    assert _after(AWAY, jitter=0.0, tries=3).next_try_at == MONDAY + 4 * MINUTE
    assert _after(AWAY, jitter=1.0, tries=3).next_try_at == MONDAY + 12 * MINUTE


def test_a_channel_that_says_how_long_is_left_alone_so_long_at_least() -> None:
    assert _after(TryLater(because="429", after=HOUR)).next_try_at == MONDAY + HOUR
    assert _after(TryLater(because="429", after=timedelta(seconds=1))).next_try_at == MONDAY + MINUTE


def test_what_could_not_be_tried_within_the_day_is_given_up() -> None:
    last = MONDAY + TRIED_FOR - MINUTE

    assert _after(AWAY, now=last).state is DeliveryState.WAITING
    given_up = _after(AWAY, now=last + timedelta(seconds=1))
    assert (given_up.state, given_up.ended_at) == (DeliveryState.GIVEN_UP, last + timedelta(seconds=1))
    assert given_up.note == "no answer"


def test_a_channel_that_wants_to_be_left_alone_for_longer_than_a_day_is_given_up() -> None:
    assert _after(TryLater(because="429", after=TRIED_FOR + MINUTE)).state is DeliveryState.GIVEN_UP


@pytest.mark.parametrize("state", [DeliveryState.REFUSED, DeliveryState.GIVEN_UP, DeliveryState.WAITING])
def test_what_was_not_sent_can_be_tried_anew_with_a_day_before_it(state: DeliveryState) -> None:
    old = a_delivery(state=state, tries=20, ended_at=MONDAY, note="no answer", next_try_at=MONDAY + HOUR)
    later = MONDAY + 72 * HOUR

    renewed = tried_anew(old, now=later)

    assert renewed == a_delivery(since=later, next_try_at=later, note="no answer")
    assert after_try(renewed, AWAY, now=later, jitter=0.5).state is DeliveryState.WAITING


def test_what_was_sent_is_not_tried_anew() -> None:
    sent = a_delivery(state=DeliveryState.SENT, tries=1, ended_at=MONDAY)

    assert tried_anew(sent, now=MONDAY + HOUR) == sent


WAITS = st.one_of(st.none(), st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=2)))
TRIES = st.one_of(
    st.builds(Sent, note=st.none()),
    st.builds(TryLater, because=st.just("no"), after=WAITS, spares_channel=st.booleans()),
    st.builds(Refused, because=st.just("no"), closes_channel=st.booleans()),
)


@given(st.lists(st.tuples(TRIES, st.floats(0, 1)), max_size=40))
def test_whatever_happens_a_delivery_waits_for_a_try_or_has_ended_and_keeps_what_it_is(
    history: list[tuple[Tried, float]],
) -> None:
    delivery, now = a_delivery(1, 2), MONDAY
    for tried, jitter in history:
        now = max(now, delivery.next_try_at)
        before, delivery = delivery, after_try(delivery, tried, now=now, jitter=jitter)

        assert (delivery.id, delivery.notices, delivery.since) == (before.id, before.notices, before.since)
        assert delivery.tries == before.tries + 1
        if delivery.state is not DeliveryState.WAITING:
            assert delivery.ended_at == now
            break
        assert delivery.ended_at is None
        assert delivery.next_try_at >= now
        assert isinstance(tried, Refused) or delivery.next_try_at <= MONDAY + TRIED_FOR
