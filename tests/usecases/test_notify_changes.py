"""What happened is told to whom the routes name, at once or collected, and nobody is told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from posture.domain.check import CheckId
from posture.domain.delivery import KEPT_FOR, SINGLE_MESSAGES, Allowance, DeliveryState, Sent, TrendPoint, TryLater
from posture.domain.notice import Event
from posture.domain.plan import PlanState
from posture.domain.severity import Severity
from posture.usecases.telling_events import Routed, Told, Waiting
from tests.domain.builders import MONDAY, TENANT
from tests.domain.telling import DAILY, a_notice, a_route
from tests.ports.made_up_channel import MadeUpChannel
from tests.usecases.builders import a_check, a_plan, an_approval
from tests.usecases.telling_desk import TellingDesk

MINUTE = timedelta(minutes=1)


def test_what_happened_is_told_at_once_and_only_once() -> None:
    desk = TellingDesk()
    desk.happen(a_notice(1))

    events = desk.send()
    again = desk.send()

    (delivery,) = desk.deliveries()
    assert events == [Routed(notices=1, errands=1), Told(delivery=delivery, tried=Sent(note=None))]
    assert (delivery.state, delivery.tries, delivery.ended_at) == (DeliveryState.SENT, 1, MONDAY)
    assert again == []
    assert len(desk.channels[0].arrived) == 1


def test_a_notice_that_is_recorded_again_after_it_was_told_is_not_told_again() -> None:
    desk = TellingDesk()
    desk.happen(a_notice(1))
    desk.send()

    desk.happen(a_notice(1))

    assert desk.send() == []


def test_what_no_route_takes_is_told_to_nobody_and_does_not_wait_for_a_later_route() -> None:
    desk = TellingDesk(default=None)
    desk.happen(a_notice(1))

    first = desk.send()
    desk.default = a_route()

    assert first == [Routed(notices=1, errands=0)]
    assert desk.send() == []


def test_routes_decide_which_channel_is_told_and_nothing_matches_twice() -> None:
    soc, admins = MadeUpChannel(name="soc"), MadeUpChannel()
    desk = TellingDesk(
        channels=[soc, admins],
        routes=[a_route("soc", at_least=Severity.HIGH), a_route("soc", "admins", tags=frozenset({"user"}))],
        checks={CheckId("inactive-users"): a_check("inactive-users")},
    )
    desk.happen(a_notice(1), a_notice(2, severity=Severity.LOW), a_notice(3, check=None, severity=Severity.LOW))

    desk.send()

    assert [letter.notices[0].about for letter in soc.arrived] == ["f1", "f2"]
    assert [letter.notices[0].about for letter in admins.arrived] == ["f1", "f2", "f3"]


def test_few_notices_make_a_message_each_and_more_of_them_one() -> None:
    desk = TellingDesk()
    desk.happen(*[a_notice(number) for number in range(SINGLE_MESSAGES)])
    desk.send()
    desk.happen(*[a_notice(100 + number) for number in range(SINGLE_MESSAGES + 1)])

    desk.send()

    *single, together = desk.channels[0].arrived
    assert [(len(letter.notices), letter.is_digest) for letter in single] == [(1, False)] * SINGLE_MESSAGES
    assert (len(together.notices), together.is_digest) == (SINGLE_MESSAGES + 1, True)


def test_a_digest_is_told_at_its_time_with_all_that_happened_until_then() -> None:
    desk = TellingDesk(default=a_route(digest=DAILY))
    desk.happen(a_notice(1))
    at_six = desk.send()
    desk.happen(a_notice(2))
    desk.wait(hours=1, minutes=59)
    before_eight = desk.send()

    desk.wait(minutes=1)
    desk.send()

    assert at_six == [Routed(notices=1, errands=1)]
    assert before_eight == [Routed(notices=1, errands=1)]
    (letter,) = desk.channels[0].arrived
    assert letter.is_digest
    assert {notice.about for notice in letter.notices} == {"f1", "f2"}


def test_what_happens_after_a_digest_waits_for_the_next_one() -> None:
    desk = TellingDesk(default=a_route(digest=DAILY))
    desk.happen(a_notice(1))
    desk.send()
    desk.wait(hours=2)
    desk.send()
    desk.happen(a_notice(2))

    desk.wait_and_send(times=23, hours=1)
    before = len(desk.channels[0].arrived)
    desk.wait_and_send(times=1, hours=1)

    assert (before, len(desk.channels[0].arrived)) == (1, 2)


def test_what_is_told_at_once_does_not_wait_for_the_digest_of_the_same_channel() -> None:
    desk = TellingDesk(
        routes=[a_route(at_least=Severity.HIGH), a_route(digest=DAILY)],
    )
    desk.happen(a_notice(1), a_notice(2, severity=Severity.LOW))

    desk.send()
    at_once = [letter.notices[0].about for letter in desk.channels[0].arrived]
    desk.wait(hours=2)
    desk.send()

    assert at_once == ["f1"]
    assert [letter.is_digest for letter in desk.channels[0].arrived] == [False, True]


def test_a_letter_has_the_worst_first_and_of_equal_ones_the_newest() -> None:
    desk = TellingDesk(default=a_route(digest=DAILY))
    desk.happen(
        a_notice(1, severity=Severity.LOW, at=MONDAY + MINUTE),
        a_notice(2, severity=Severity.CRITICAL),
        a_notice(3, severity=Severity.LOW),
        a_notice(4, severity=Severity.CRITICAL, at=MONDAY + MINUTE),
    )
    desk.send()

    desk.wait(hours=2)
    desk.send()

    assert [notice.about for notice in desk.channels[0].arrived[0].notices] == ["f4", "f2", "f1", "f3"]


def test_a_letter_has_the_checks_that_still_exist_and_the_trend_of_each_tenant() -> None:
    checks = {CheckId(id): a_check(id) for id in ("inactive-users", "another")}
    desk = TellingDesk(default=a_route(digest=DAILY), checks=checks)
    points = [TrendPoint(at=MONDAY + timedelta(days=day), failed={Severity.HIGH: day}) for day in range(20)]
    desk.telling.trends[TENANT] = points
    desk.happen(
        a_notice(1),
        a_notice(2, check=CheckId("removed")),
        a_notice(3, event=Event.CHANNEL_FAILED, tenant_id=None, tenant_name=None, check=None, about="soc"),
        a_notice(4, tenant_id="2222", tenant_name="fabrikam"),
    )
    desk.send()

    desk.wait(hours=2)
    desk.send()

    (letter,) = [letter for letter in desk.channels[0].arrived if letter.is_digest]
    assert letter.checks == {CheckId("inactive-users"): checks[CheckId("inactive-users")]}
    assert letter.trends == {"contoso": points[-12:], "fabrikam": []}
    assert letter.written_at == desk.time.at


def test_the_same_notices_to_the_same_channel_make_the_same_id_on_every_machine() -> None:
    one, two = TellingDesk(), TellingDesk(worker="two")
    for desk in (one, two):
        desk.happen(a_notice(1))
        desk.send()

    assert one.channels[0].arrived[0].id == two.channels[0].arrived[0].id


def test_what_goes_to_a_channel_that_is_not_there_waits_until_it_is() -> None:
    soc, admins = MadeUpChannel(name="soc"), MadeUpChannel()
    desk = TellingDesk(channels=[admins], default=a_route("soc", "admins"))
    desk.happen(a_notice(1))
    desk.send()
    desk.wait(days=3)

    without = len(admins.arrived), desk.deliveries("soc")
    desk.channels = [admins, soc]
    desk.send()

    assert without == (1, [])
    assert [letter.notices[0].about for letter in soc.arrived] == ["f1"]


def test_a_delivery_to_a_channel_that_left_the_settings_waits_as_it_is() -> None:
    soc = MadeUpChannel(name="soc", allowance=Allowance(messages=1, within=5 * MINUTE))
    desk = TellingDesk(channels=[soc], default=a_route("soc"))
    desk.happen(a_notice(1), a_notice(2))
    desk.send()

    desk.channels = [MadeUpChannel()]
    desk.wait_and_send(times=3, hours=1)

    assert [(each.state, each.tries) for each in desk.deliveries("soc")] == [
        (DeliveryState.SENT, 1),
        (DeliveryState.WAITING, 0),
    ]


def test_one_channel_can_be_told_alone() -> None:
    soc, admins = MadeUpChannel(name="soc"), MadeUpChannel()
    desk = TellingDesk(channels=[soc, admins], default=a_route("soc", "admins"))
    desk.happen(a_notice(1))

    desk.send(only_channel="soc")
    only = len(soc.arrived), len(admins.arrived)
    desk.send(only_channel="nobody")
    desk.send()

    assert only == (1, 0)
    assert (len(soc.arrived), len(admins.arrived)) == (1, 1)


def test_a_channel_gets_no_more_than_it_takes_and_the_rest_later() -> None:
    teams = MadeUpChannel(allowance=Allowance(messages=3, within=5 * MINUTE))
    desk = TellingDesk(channels=[teams])
    desk.happen(*[a_notice(number) for number in range(8)])

    first = desk.send()
    at_once = len(teams.arrived)
    desk.wait(minutes=4, seconds=59)
    too_early = desk.send()
    desk.wait(seconds=1)
    desk.send()

    assert at_once == 3
    assert first[-1] == Waiting(channel="admins", deliveries=5, until=MONDAY + 5 * MINUTE)
    assert too_early == [Waiting(channel="admins", deliveries=5, until=MONDAY + 5 * MINUTE)]
    assert len(teams.arrived) == 6


def test_an_allowance_comes_back_bit_by_bit() -> None:
    teams = MadeUpChannel(allowance=Allowance(messages=2, within=5 * MINUTE))
    desk = TellingDesk(channels=[teams])
    desk.happen(a_notice(1))
    desk.send()
    desk.wait(minutes=2)
    desk.happen(a_notice(2), a_notice(3), a_notice(4))

    (waiting,) = [event for event in desk.send() if isinstance(event, Waiting)]
    desk.time.at = waiting.until
    desk.send()

    assert waiting.until == MONDAY + 5 * MINUTE
    assert len(teams.arrived) == 3


def test_everything_that_is_due_is_sent_in_one_call_however_much_has_piled_up() -> None:
    desk = TellingDesk()
    channel = desk.channels[0]
    channel.answer = lambda _: TryLater(because="the template broke", after=timedelta(hours=3), spares_channel=True)
    for number in range(12):
        desk.happen(*[a_notice(10 * number + each) for each in range(10)])
        desk.send()
    channel.answer = lambda _: Sent(note=None)
    desk.wait(hours=3)

    desk.send()

    assert [letter.notices[0].about for letter in channel.arrived] == [f"f{number}" for number in range(120)]


def test_ten_thousand_findings_are_one_message() -> None:
    desk = TellingDesk()
    desk.happen(*[a_notice(number) for number in range(10_000)])

    events = desk.send()

    assert events[0] == Routed(notices=10_000, errands=10_000)
    (letter,) = desk.channels[0].arrived
    assert len(letter.notices) == 10_000


def test_more_than_ten_thousand_findings_are_several_messages_that_leave_none_out() -> None:
    desk = TellingDesk()
    desk.happen(*[a_notice(number) for number in range(10_012)])

    desk.send()

    told = [notice.about for letter in desk.channels[0].arrived for notice in letter.notices]
    assert [len(letter.notices) for letter in desk.channels[0].arrived] == [10_000, 12]
    assert sorted(told) == sorted(a_notice(number).about for number in range(10_012))


def test_plans_that_have_waited_too_long_end_and_that_is_told() -> None:
    desk = TellingDesk()
    late = replace(a_plan(id="1"), expires_at=MONDAY)
    unused = a_plan(id="2", state=PlanState.APPROVED, approvals=(an_approval(at=MONDAY - timedelta(days=90)),))
    waiting = a_plan(id="3", expires_at=MONDAY + MINUTE)
    executing = a_plan(id="4", state=PlanState.EXECUTING, expires_at=MONDAY, started_at=MONDAY)
    desk.acting.plans = {plan.id: plan for plan in (late, unused, waiting, executing)}

    desk.send()
    desk.send()

    states = [plan.state for plan in desk.acting.plans.values()]
    assert states == [PlanState.EXPIRED, PlanState.EXPIRED, PlanState.PROPOSED, PlanState.EXECUTING]
    assert sorted(notice.about for notice in desk.acting.notices.values()) == ["1", "2"]


def test_what_was_told_long_ago_is_forgotten() -> None:
    desk = TellingDesk()
    desk.happen(a_notice(1), a_notice(2, event=Event.EXEMPTION_ENDING))
    desk.send()

    desk.time.at += KEPT_FOR
    desk.send()
    kept = len(desk.telling.deliveries)
    desk.wait(seconds=1)
    desk.send()

    assert kept == 2
    assert desk.telling.deliveries == {}
    # Every scan makes the other one anew, until the exemption ends.
    assert list(desk.telling.notices) == [a_notice(2).id]
