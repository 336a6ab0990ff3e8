"""Servers that are away, channels that are broken, processes that die: nothing is lost, and copies can be told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest

from posture.domain.delivery import (
    CLAIMED_FOR,
    SINGLE_MESSAGES,
    ClosedChannel,
    DeliveryState,
    Letter,
    Refused,
    Sent,
    Tried,
    TryLater,
)
from posture.domain.notice import Event
from posture.errors import UsageError
from posture.usecases.retry_deliveries import retry_channel, retry_deliveries
from posture.usecases.telling_events import ChannelClosed, ChannelOpened, Told
from tests.domain.builders import MONDAY
from tests.domain.telling import a_notice, a_route
from tests.ports.made_up_channel import Dies, MadeUpChannel
from tests.usecases.telling_desk import TellingDesk

MINUTE = timedelta(minutes=1)
AWAY = TryLater(because="mail.example.com does not answer", after=None)
WRONG_PASSWORD = Refused(because="the server refuses this password", closes_channel=True)
NO_SUCH_USER = Refused(because="nobody@example.com does not exist", closes_channel=False)


def _always(tried: Tried) -> Callable[[Letter], Tried]:
    return lambda _: tried


def _two_channels() -> tuple[TellingDesk, MadeUpChannel, MadeUpChannel]:
    """Return a desk that tells findings to soc and everything else to admins."""
    soc, admins = MadeUpChannel(name="soc"), MadeUpChannel()
    desk = TellingDesk(
        channels=[soc, admins],
        routes=[a_route("soc", events=frozenset({Event.FINDING_OPENED}))],
        default=a_route("admins"),
    )
    return desk, soc, admins


def test_who_dies_between_sending_and_writing_it_down_sends_a_copy_with_the_same_id() -> None:
    desk = TellingDesk()
    channel = desk.channels[0]
    desk.happen(a_notice(1))
    channel.answer = lambda letter: channel.dies_after.add(letter.id) or Sent(note=None)
    with pytest.raises(Dies):
        desk.send()
    channel.dies_after, channel.answer = set(), _always(Sent(note=None))
    desk.worker = "two"

    desk.time.at = MONDAY + CLAIMED_FOR - MINUTE
    while_claimed = desk.send()
    desk.time.at = MONDAY + CLAIMED_FOR
    desk.send()

    assert while_claimed == []
    first, copy = channel.arrived
    assert (first.id, first.notices) == (copy.id, copy.notices)
    assert [each.state for each in desk.deliveries()] == [DeliveryState.SENT]


def test_a_letter_that_kills_its_sender_does_not_hold_up_the_others() -> None:
    desk = TellingDesk()
    channel = desk.channels[0]
    desk.happen(a_notice(1), a_notice(2), a_notice(3))
    channel.answer = lambda letter: channel.dies_after.add(letter.id) or Sent(note=None)
    with pytest.raises(Dies):
        desk.send()
    channel.dies_after = {channel.arrived[0].id}
    channel.answer = _always(Sent(note=None))

    desk.send()

    assert [letter.notices[0].about for letter in channel.arrived] == ["f1", "f2", "f3"]


def test_a_caller_that_stops_listening_leaves_the_rest_to_the_next() -> None:
    desk = TellingDesk()
    desk.happen(*[a_notice(number) for number in range(5)])

    events = desk.sending()
    while not isinstance(next(events), Told):
        pass
    events.close()
    desk.send()
    desk.time.at += CLAIMED_FOR
    desk.send()

    ids = [letter.id for letter in desk.channels[0].arrived]
    assert len(ids) == len(set(ids)) == 5


def test_an_outage_of_almost_a_day_loses_nothing_and_makes_no_copies() -> None:
    desk = TellingDesk()
    channel = desk.channels[0]
    channel.answer = lambda _: AWAY if desk.time.at < MONDAY + timedelta(hours=21) else Sent(note=None)
    for number in range(6):
        desk.happen(a_notice(number))
        desk.wait_and_send(times=6, minutes=5)
    arrived_during = len(channel.arrived)

    desk.wait_and_send(times=12 * 24, minutes=5)

    assert arrived_during == 0
    assert sorted(letter.notices[0].about for letter in channel.arrived) == [f"f{number}" for number in range(6)]
    assert {each.state for each in desk.deliveries()} == {DeliveryState.SENT}


def test_after_an_outage_of_more_than_a_day_it_is_given_up_told_to_others_and_can_be_tried_again() -> None:
    desk, soc, admins = _two_channels()
    soc.answer = _always(AWAY)
    desk.happen(a_notice(1), a_notice(2))

    desk.wait_and_send(times=12 * 26, minutes=5)
    given_up = [(each.state, each.note) for each in desk.deliveries("soc")]
    soc.answer = _always(Sent(note=None))
    retry_channel("soc", open_outbox=desk.telling.open_outbox, clock=desk.time)
    desk.send()

    assert given_up == [(DeliveryState.GIVEN_UP, AWAY.because)] * 2
    (told,) = [letter.notices[0] for letter in admins.arrived]
    assert (told.event, told.about, told.facts["messages"]) == (Event.CHANNEL_FAILED, "soc", 2)
    assert sorted(letter.notices[0].about for letter in soc.arrived) == ["f1", "f2"]


def test_tries_come_less_and_less_often() -> None:
    desk = TellingDesk()
    channel = desk.channels[0]
    tried_at = []
    channel.answer = lambda _: tried_at.append(desk.time.at) or AWAY
    desk.happen(a_notice(1))

    desk.wait_and_send(times=60 * 6, minutes=1)

    pauses = [(later - earlier) // MINUTE for earlier, later in pairwise(tried_at)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 120]


def test_a_channel_that_wants_to_be_left_alone_is() -> None:
    desk = TellingDesk()
    channel = desk.channels[0]
    channel.answer = _always(TryLater(because="429", after=timedelta(hours=3)))
    desk.happen(a_notice(1))
    desk.send()

    desk.wait_and_send(times=179, minutes=1)

    assert len(channel.asked) == 1


def test_trouble_with_a_channel_ends_its_turn_and_not_that_of_the_others() -> None:
    soc, admins = MadeUpChannel(name="soc", answer=_always(AWAY)), MadeUpChannel()
    desk = TellingDesk(channels=[soc, admins], default=a_route("soc", "admins"))
    desk.happen(a_notice(1), a_notice(2))

    desk.send()

    assert len(soc.asked) == 1
    assert [each.tries for each in desk.deliveries("soc")] == [1, 1]
    assert len(admins.arrived) == 2


def test_trouble_with_one_letter_does_not_hold_up_the_others() -> None:
    desk = TellingDesk()
    channel = desk.channels[0]
    broken = TryLater(because="the template broke", after=None, spares_channel=True)
    channel.answer = lambda letter: broken if letter.notices[0].about == "f1" else Sent(note=None)
    desk.happen(a_notice(1), a_notice(2))

    desk.send()

    assert [each.state for each in desk.deliveries()] == [DeliveryState.WAITING, DeliveryState.SENT]


def test_a_refused_letter_is_told_to_the_other_channels_at_once_and_is_not_tried_again() -> None:
    desk, soc, admins = _two_channels()
    soc.answer = _always(NO_SUCH_USER)
    desk.happen(a_notice(1), a_notice(2))

    desk.send()
    desk.wait_and_send(times=30, hours=1)

    assert len(soc.asked) == 2
    assert [each.state for each in desk.deliveries("soc")] == [DeliveryState.REFUSED] * 2
    assert [letter.notices[0].facts["messages"] for letter in admins.arrived] == [2]


def test_a_letter_that_fails_anew_is_told_anew() -> None:
    desk, soc, admins = _two_channels()
    soc.answer = _always(NO_SUCH_USER)
    desk.happen(a_notice(1))
    desk.send()
    desk.wait(minutes=1)
    retry_channel("soc", open_outbox=desk.telling.open_outbox, clock=desk.time)

    desk.send()

    assert [letter.notices[0].event for letter in admins.arrived] == [Event.CHANNEL_FAILED] * 2


def test_who_dies_before_telling_of_a_refusal_tells_of_it_the_next_time() -> None:
    desk, soc, admins = _two_channels()
    soc.answer = lambda letter: NO_SUCH_USER if letter.notices[0].about == "f1" else Sent(note=None)
    desk.happen(a_notice(1), a_notice(2))
    original = soc.deliver

    def die_in_the_middle(letters: object) -> object:
        for number, tried in enumerate(original(letters)):  # type: ignore[arg-type]
            if number == 1:
                raise Dies
            yield tried

    soc.deliver = die_in_the_middle  # type: ignore[method-assign,assignment]
    with pytest.raises(Dies):
        desk.send()
    soc.deliver = original  # type: ignore[method-assign]

    desk.send()

    assert [letter.notices[0].event for letter in admins.arrived] == [Event.CHANNEL_FAILED]


def test_a_closed_channel_is_left_alone_and_the_others_are_told() -> None:
    desk, soc, admins = _two_channels()
    soc.answer = _always(WRONG_PASSWORD)
    desk.happen(a_notice(1), a_notice(2))

    events = desk.send()
    desk.happen(a_notice(3))
    desk.wait_and_send(times=30, hours=1)

    closed = ClosedChannel(name="soc", settings="settings-1", because=WRONG_PASSWORD.because, at=MONDAY)
    assert [event for event in events if isinstance(event, ChannelClosed)] == [ChannelClosed(closed=closed)]
    assert desk.telling.closed == {"soc": closed}
    assert len(soc.asked) == 1
    assert [(each.state, each.note) for each in desk.deliveries("soc")] == [
        (DeliveryState.WAITING, WRONG_PASSWORD.because)
    ] * 2
    assert [letter.notices[0].event for letter in admins.arrived] == [Event.CHANNEL_CLOSED]


def test_a_closed_channel_that_is_set_up_anew_is_opened_and_gets_what_waited_with_a_day_before_it() -> None:
    desk, soc, _ = _two_channels()
    soc.answer = _always(WRONG_PASSWORD)
    desk.happen(a_notice(1))
    desk.send()
    desk.happen(*[a_notice(number) for number in range(2, 20)])
    desk.wait(days=3)
    desk.send()

    soc.settings, soc.answer = "settings-2", _always(AWAY)
    events = desk.send()
    still_waiting = {each.state for each in desk.deliveries("soc")}
    soc.answer = _always(Sent(note=None))
    desk.wait(minutes=2)
    desk.send()

    assert events[0] == ChannelOpened(channel="soc")
    assert still_waiting == {DeliveryState.WAITING}
    assert [len(letter.notices) for letter in soc.arrived] == [1, 18]


def test_a_closed_channel_with_the_same_settings_stays_closed_until_somebody_opens_it() -> None:
    desk, soc, _ = _two_channels()
    soc.answer = _always(WRONG_PASSWORD)
    desk.happen(a_notice(1))
    desk.send()
    soc.answer = _always(Sent(note=None))
    desk.wait(days=2)
    desk.send()
    before = len(soc.arrived)

    retried = retry_channel("soc", open_outbox=desk.telling.open_outbox, clock=desk.time)
    desk.send()

    assert before == 0
    assert [(each.since, each.tries) for each in retried] == [(desk.time.at, 0)]
    assert len(soc.arrived) == 1


def test_a_closing_that_another_worker_told_of_is_told_once() -> None:
    desk, soc, admins = _two_channels()
    desk.happen(a_notice(1))

    def while_another_closes_it(letter: Letter) -> Tried:
        with desk.telling.open_outbox() as outbox:
            outbox.close_channel(ClosedChannel(name="soc", settings="settings-1", because="told", at=MONDAY))
        return WRONG_PASSWORD

    soc.answer = while_another_closes_it

    events = desk.send()

    assert [event for event in events if isinstance(event, ChannelClosed)] == []
    assert desk.telling.closed["soc"].because == "told"
    assert admins.arrived == []


def test_two_channels_that_refuse_everything_do_not_tell_each_other_for_ever() -> None:
    desk, soc, admins = _two_channels()
    soc.answer = admins.answer = _always(NO_SUCH_USER)
    desk.happen(a_notice(1))

    desk.send()
    desk.wait_and_send(times=48, hours=1)

    assert (len(soc.asked), len(admins.asked)) == (1, 1)


def test_a_refused_digest_is_told_of_even_if_a_part_of_it_was_about_telling() -> None:
    desk, soc, admins = _two_channels()
    soc.answer = _always(NO_SUCH_USER)
    desk.routes = [a_route("soc", events=frozenset({Event.FINDING_OPENED, Event.CHANNEL_FAILED}))]
    other = a_notice(99, event=Event.CHANNEL_FAILED, about="mailbox", check=None)
    desk.happen(*[a_notice(number) for number in range(SINGLE_MESSAGES)], other)

    desk.send()

    assert [len(delivery.notices) for delivery in desk.deliveries("soc")] == [SINGLE_MESSAGES + 1]
    assert "soc" in [letter.notices[0].about for letter in admins.arrived]


def test_two_channels_that_are_closed_are_told_to_whoever_is_left() -> None:
    desk, soc, admins = _two_channels()
    oncall = MadeUpChannel(name="oncall")
    desk.channels = [*desk.channels, oncall]
    desk.routes = [*desk.routes, a_route("oncall", events=frozenset({Event.PLAN_FAILED}))]
    soc.answer = admins.answer = _always(WRONG_PASSWORD)
    desk.happen(a_notice(1))

    desk.send()
    desk.wait_and_send(times=24, hours=1)

    # What was on its way to admins when that was closed waits there; oncall learns of the closing of admins.
    assert [letter.notices[0].about for letter in oncall.arrived] == ["admins"]
    assert set(desk.telling.closed) == {"soc", "admins"}
    assert (len(soc.asked), len(admins.asked)) == (1, 1)


def test_the_only_channel_can_be_closed_without_anybody_to_tell() -> None:
    desk = TellingDesk()
    desk.channels[0].answer = _always(WRONG_PASSWORD)
    desk.happen(a_notice(1))

    desk.send()

    assert desk.wait_and_send(times=3, hours=1) == []


def test_a_worker_whose_claim_was_taken_over_writes_nothing() -> None:
    desk = TellingDesk()
    channel = desk.channels[0]
    desk.happen(a_notice(1))

    def slow(letter: Letter) -> Tried:
        if desk.worker == "one":
            desk.worker = "two"
            desk.time.at += CLAIMED_FOR
            desk.send()
        return Sent(note=None) if desk.time.at > MONDAY else AWAY

    channel.answer = slow

    events = desk.send()

    assert [event for event in events if isinstance(event, Told)] == []
    (delivery,) = desk.deliveries()
    assert (delivery.state, delivery.tries) == (DeliveryState.SENT, 1)


def test_deliveries_are_tried_again_by_their_ids_and_their_channel_is_opened() -> None:
    desk, soc, _ = _two_channels()
    soc.answer = lambda letter: NO_SUCH_USER if letter.notices[0].about == "f1" else WRONG_PASSWORD
    desk.happen(a_notice(1), a_notice(2), a_notice(3))
    desk.send()
    desk.wait(days=2)
    refused = desk.deliveries("soc")[0]
    soc.answer = _always(Sent(note=None))

    retried = retry_deliveries([refused.id, refused.id], open_outbox=desk.telling.open_outbox, clock=desk.time)
    desk.send()

    assert [(each.id, each.state) for each in retried] == [(refused.id, DeliveryState.WAITING)]
    assert len(soc.arrived) == 3


def test_trying_one_delivery_again_leaves_the_others_of_its_channel_as_they_are() -> None:
    desk, soc, _ = _two_channels()
    soc.answer = lambda letter: WRONG_PASSWORD if letter.notices[0].about == "f3" else NO_SUCH_USER
    desk.happen(a_notice(1), a_notice(2), a_notice(3))
    desk.send()
    desk.wait(hours=1)
    first, second, third = desk.deliveries("soc")

    for _ in range(2):
        retry_deliveries([first.id], open_outbox=desk.telling.open_outbox, clock=desk.time)

    # The third one waits for its channel, which is open again; the second one was refused for a reason of its own.
    states = [(each.state, each.since) for each in desk.deliveries("soc")]
    assert states == [
        (DeliveryState.WAITING, desk.time.at),
        (DeliveryState.REFUSED, second.since),
        (DeliveryState.WAITING, desk.time.at),
    ]
    assert third.since == MONDAY


def test_what_was_sent_or_never_was_cannot_be_tried_again_and_nothing_else_is() -> None:
    desk, soc, _ = _two_channels()
    soc.answer = lambda letter: NO_SUCH_USER if letter.notices[0].about == "f1" else Sent(note=None)
    desk.happen(a_notice(1), a_notice(2))
    desk.send()
    refused, sent = desk.deliveries("soc")

    for wrong, because in ((sent.id, "was sent already"), ("ffff", "there is no delivery ffff")):
        with pytest.raises(UsageError, match=because):
            retry_deliveries([refused.id, wrong], open_outbox=desk.telling.open_outbox, clock=desk.time)

    assert list(desk.deliveries("soc")) == [refused, sent]
