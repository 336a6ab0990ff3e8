"""What units record is what people are told of, and what they read about telling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import pytest

from posture.domain.delivery import DeliveryState, TrendPoint
from posture.domain.delivery_view import DeliveryFilter, DeliveryView, WaitingErrands
from posture.domain.judgement import CheckOutcome, CheckResult, Counts, SkipKind, SkipReason
from posture.domain.notice import Event, Notice
from posture.domain.run import RunState, RunSummary
from posture.domain.severity import Severity
from posture.store.database import Store
from tests.domain.builders import MONDAY, TENANT, a_check_result, a_run
from tests.domain.telling import DAILY, a_closed_channel, a_delivery, a_notice, an_errand

MINUTE = timedelta(minutes=1)


class _Records(Protocol):
    def add_notices(self, notices: list[Notice]) -> None: ...


@contextmanager
def _unit(store: Store, kind: str) -> Iterator[_Records]:
    opened: AbstractContextManager[_Records]
    opened = store.open_unit(TENANT) if kind == "scan" else store.open_acting_unit()  # type: ignore[assignment]
    with opened as unit:
        yield unit


def a_counts(*, failed: int) -> Counts:
    return Counts(passed=0, failed=failed, unknown=0, not_applicable=0, exempted=0)


def _end(store: Store, number: int, *checks: CheckResult) -> None:
    run = a_run(id=f"run-{number}", taken_at=MONDAY + timedelta(days=number), state=RunState.COMPLETE)
    with store.open_unit(TENANT) as unit:
        unit.save_summary(RunSummary(run=run, tenant_display_name=None, tables=(), checks=checks))


def _unrouted(store: Store) -> list[Notice]:
    with store.open_outbox() as outbox:
        return list(outbox.unrouted(9))


def _made(store: Store, *numbers: int, channel: str = "admins", **changes: object) -> str:
    """Record a delivery of these notices and return its id."""
    with store.open_outbox() as outbox:
        errands = [an_errand(number, channel=channel) for number in numbers]
        outbox.add_notices([errand.notice for errand in errands])
        outbox.route([errand.notice for errand in errands], [(errand, MONDAY) for errand in errands], at=MONDAY)
        delivery = a_delivery(*numbers, channel=channel, **changes)
        outbox.add_delivery(delivery)
    return delivery.id


def _ids(store: Store, **conditions: object) -> list[str]:
    with store.reading() as reader:
        return [view.delivery.id for view in reader.telling.deliveries(DeliveryFilter(**conditions))]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["scan", "plan"])
def test_what_a_unit_records_waits_in_the_outbox_once(store: Store, kind: str) -> None:
    for _ in range(2):
        with _unit(store, kind) as unit:
            unit.add_notices([a_notice(2), a_notice(1)])
            unit.add_notices([])

    assert _unrouted(store) == [a_notice(2), a_notice(1)]


@pytest.mark.parametrize("kind", ["scan", "plan"])
def test_what_a_unit_that_fails_recorded_never_happened(store: Store, kind: str) -> None:
    def fail() -> None:
        with _unit(store, kind) as unit:
            unit.add_notices([a_notice(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert _unrouted(store) == []


def test_text_that_no_database_holds_is_kept_as_near_as_can_be(store: Store) -> None:
    with store.open_unit(TENANT) as unit:
        unit.add_notices([a_notice(1, about="nul\x00", tenant_name="half \ud800", facts={"message": "nul\x00"})])

    (kept,) = _unrouted(store)
    assert (kept.about, kept.tenant_name, kept.facts) == ("nul\ufffd", "half \ufffd", {"message": "nul\x00"})


def test_deliveries_are_listed_newest_first_with_what_they_tell(store: Store) -> None:
    first = _made(store, 1)
    with store.open_outbox() as outbox:
        notices = [a_notice(2), a_notice(3), a_notice(4, event=Event.PLAN_FAILED)]
        outbox.add_notices(notices)
        for number, event in ((2, Event.FINDING_OPENED), (3, Event.FINDING_OPENED), (4, Event.PLAN_FAILED)):
            outbox.route([], [(an_errand(number, event=event), MONDAY)], at=MONDAY)
        digest = a_delivery(2, 3, 4, is_digest=True)
        outbox.add_delivery(digest)
        for minutes in (1, 2):
            outbox.save_try(digest, worker="one", now=MONDAY + minutes * MINUTE)

    with store.reading() as reader:
        views = reader.telling.deliveries(DeliveryFilter())

    assert views == [
        DeliveryView(
            delivery=digest,
            events={Event.FINDING_OPENED: 2, Event.PLAN_FAILED: 1},
            tried_at=MONDAY + 2 * MINUTE,
        ),
        DeliveryView(delivery=a_delivery(1), events={Event.FINDING_OPENED: 1}, tried_at=None),
    ]
    assert first == a_delivery(1).id


def test_deliveries_are_listed_by_channel_state_and_number(store: Store) -> None:
    waiting = _made(store, 1)
    sent = _made(store, 2, state=DeliveryState.SENT, ended_at=MONDAY)
    other = _made(store, 3, channel="soc")
    refused = _made(store, 4, state=DeliveryState.REFUSED, ended_at=MONDAY)

    assert _ids(store) == [refused, other, sent, waiting]
    assert _ids(store, limit=2) == [refused, other]
    assert _ids(store, channels=("soc", "nobody")) == [other]
    assert _ids(store, states=(DeliveryState.SENT, DeliveryState.REFUSED)) == [refused, sent]
    assert _ids(store, channels=("admins",), states=(DeliveryState.WAITING,)) == [waiting]


def test_a_delivery_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    wanted = _made(store, 1)
    _made(store, 2)

    with store.reading() as reader:
        found = reader.telling.by_prefix
        assert [each.id for each in found(wanted[:12].upper())] == [wanted]
        assert len(found("")) == 2
        assert list(found("%")) == []


def test_errands_that_wait_are_counted_by_channel_with_the_next_time(store: Store) -> None:
    _made(store, 1)
    with store.open_outbox() as outbox:
        outbox.add_notices([a_notice(2), a_notice(3)])
        digest = [(an_errand(number, digest=DAILY), MONDAY + number * MINUTE) for number in (3, 2)]
        outbox.route([a_notice(2), a_notice(3)], [*digest, (an_errand(2, channel="soc"), MONDAY)], at=MONDAY)

    with store.reading() as reader:
        assert reader.telling.waiting() == [
            WaitingErrands(channel="admins", notices=2, next_due_at=MONDAY + 2 * MINUTE),
            WaitingErrands(channel="soc", notices=1, next_due_at=MONDAY),
        ]


def test_closed_channels_are_read_by_name(store: Store) -> None:
    with store.open_outbox() as outbox:
        outbox.close_channel(a_closed_channel("soc"))

    with store.reading() as reader:
        assert reader.telling.closed_channels() == {"soc": a_closed_channel("soc")}


def test_the_latest_notices_of_an_event_are_read_for_examples(store: Store) -> None:
    with store.open_outbox() as outbox:
        outbox.add_notices([a_notice(1), a_notice(2, event=Event.PLAN_FAILED), a_notice(3), a_notice(4)])

    with store.reading() as reader:
        assert reader.telling.latest_notices(Event.FINDING_OPENED, limit=2) == [a_notice(4), a_notice(3)]
        assert reader.telling.latest_notices(Event.RUN_ABORTED, limit=2) == []


def test_a_trend_shows_what_failed_in_the_last_runs_that_came_to_an_end(store: Store) -> None:
    states = [RunState.COMPLETE, RunState.INCOMPLETE, RunState.ABORTED, RunState.COMPLETE, RunState.RUNNING]
    for number, state in enumerate(states):
        run = a_run(id=f"run-{number}", taken_at=MONDAY + timedelta(days=number), state=state)
        failing = [
            a_check_result(check="a", severity=Severity.HIGH),
            a_check_result(check="b", severity=Severity.HIGH),
            a_check_result(check="c", severity=Severity.LOW, counts=None),
        ]
        with store.open_unit(TENANT) as unit:
            checks = failing if number != 3 else [replace(each, counts=a_counts(failed=0)) for each in failing]
            unit.save_summary(RunSummary(run=run, tenant_display_name=None, tables=(), checks=tuple(checks)))
    none = dict.fromkeys(Severity, 0)
    second = TrendPoint(at=MONDAY + timedelta(days=1), failed=none | {Severity.HIGH: 4})
    fourth = TrendPoint(at=MONDAY + timedelta(days=3), failed=none)

    with store.reading() as reader:
        assert reader.telling.trend(TENANT, points=2) == [second, fourth]
        assert len(reader.telling.trend(TENANT, points=9)) == 3
        assert reader.telling.trend("nobody", points=9) == []
    with store.open_outbox() as outbox:
        assert outbox.trend(TENANT, points=2) == [second, fourth]


def test_a_run_that_leaves_checks_out_makes_no_dip_in_the_trend(store: Store) -> None:
    high, low = a_check_result(check="a", severity=Severity.HIGH), a_check_result(check="b", severity=Severity.LOW)
    unread = SkipReason(kind=SkipKind.TABLE_INCOMPLETE, detail="users: page 2 failed")
    off = SkipReason(kind=SkipKind.SWITCHED_OFF, detail="the settings skip it")
    skipped = replace(low, outcome=CheckOutcome.SKIPPED, counts=None, skipped=unread)
    switched_off = replace(high, outcome=CheckOutcome.SKIPPED, counts=None, skipped=off)
    for number, checks in enumerate([(high, low), (replace(high, counts=a_counts(failed=1)),), (skipped,), ()]):
        _end(store, number, *checks)
    _end(store, 4, switched_off, low)

    with store.reading() as reader:
        points = reader.telling.trend(TENANT, points=9)
        last = reader.telling.trend(TENANT, points=3)

    assert [(point.failed[Severity.HIGH], point.failed[Severity.LOW]) for point in points] == [
        (2, 2),
        (1, 2),
        (1, 2),
        (1, 2),
        (0, 2),
    ]
    assert last == points[-3:]


def test_what_nobody_routed_is_forgotten_after_its_time_and_nothing_else(store: Store) -> None:
    later, elsewhere = a_notice(3, at=MONDAY + MINUTE), a_notice(4, tenant_id="another-tenant")
    with store.open_outbox() as outbox:
        outbox.add_notices([a_notice(1), a_notice(2), later, elsewhere])
        outbox.route([a_notice(1)], [(an_errand(1), MONDAY)], at=MONDAY)

    with store.open_unit(TENANT) as unit:
        unit.forget_unrouted(MONDAY + MINUTE)

    assert _unrouted(store) == [later, elsewhere]
    with store.open_outbox() as outbox:
        assert set(outbox.notices([a_notice(1).id, a_notice(2).id])) == {a_notice(1).id}
