"""What every acting unit keeps to: what was sent is on record, and counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from posture.domain.action import ActionId
from posture.domain.journal import BeforeImage, SendState
from posture.domain.plan import Plan, PlanState, TargetState
from tests.domain.builders import a_finding
from tests.store.acting_store import ActingStore
from tests.usecases.builders import (
    MONDAY,
    TENANT_ID,
    a_journal_entry,
    a_plan,
    a_target,
)

HOUR = timedelta(hours=1)
OTHER_TENANT = "22222222-2222-2222-2222-222222222222"
ACTION = a_plan().action
HOSTILE = "Zoë \u202e<b>名前</b>\x1b[31m '; drop table plans; --"


def _add(acting: ActingStore, *plans: Plan) -> None:
    with acting.open_unit() as unit:
        for plan in plans:
            unit.add_plan(plan)


def test_a_journal_is_read_by_target_and_number(acting: ActingStore) -> None:
    _add(acting, a_plan(targets=(a_target(2), a_target(10))), a_plan(id="ffff"))
    order = [(2, 2), (2, 10), (10, 1)]

    with acting.open_unit() as unit:
        for target, number in reversed(order):
            unit.write_entry(a_journal_entry(target=target, number=number))
        unit.write_entry(a_journal_entry(plan_id="ffff"))

        assert [(entry.target, entry.number) for entry in unit.entries("a1b2c3")] == order
        assert list(unit.entries("0000")) == []


def test_an_intended_request_is_completed_by_what_came_of_it(acting: ActingStore) -> None:
    _add(acting, a_plan())
    intended = a_journal_entry(body=None, path="/users/%C3%A9/x")
    answered = replace(
        intended,
        state=SendState.ANSWERED,
        ended_at=MONDAY + HOUR,
        status=409,
        error=HOSTILE,
        request_id="r-1",
        kept={"id": "x", "nested": {"list": [1, 2.5, None, HOSTILE]}},
    )

    with acting.open_unit() as unit:
        unit.write_entry(intended)
        before = unit.entries("a1b2c3")
        unit.write_entry(answered)

    with acting.open_unit() as unit:
        assert before == [intended]
        assert unit.entries("a1b2c3") == [answered]


def test_the_image_of_a_target_comes_back_as_it_was_taken(acting: ActingStore) -> None:
    _add(acting, a_plan(targets=(a_target(1), a_target(2))))
    image = BeforeImage(
        plan_id="a1b2c3",
        target=1,
        taken_at=MONDAY,
        tables={"users": ({"id": "x", "name": HOSTILE, "many": 2**53, "nested": [{"a": None}]},), "groups": ()},
    )

    with acting.open_unit() as unit:
        unit.save_image(image)

    with acting.open_unit() as unit:
        assert unit.image("a1b2c3", 1) == image
        assert unit.image("a1b2c3", 2) is None
        assert unit.image("ffff", 1) is None


def test_targets_still_to_come_count_as_acted_on(acting: ActingStore) -> None:
    two = (a_target(1), a_target(2))
    _add(
        acting,
        a_plan(id="1", targets=two),
        a_plan(id="2", targets=two, state=PlanState.APPROVED),
        a_plan(id="3", targets=two, state=PlanState.EXECUTING),
        *(a_plan(id=state, state=state) for state in PlanState if state not in ("proposed", "approved", "executing")),
        a_plan(id="5", tenant_id=OTHER_TENANT),
        a_plan(id="6", action=ActionId("revoke-sessions")),
    )

    with acting.open_unit() as unit:
        assert unit.acted_since(TENANT_ID, ACTION, MONDAY) == 6
        assert unit.acted_since(OTHER_TENANT, ACTION, MONDAY) == 1
        assert unit.acted_since(TENANT_ID, ActionId("delete-user"), MONDAY) == 0


def test_targets_that_ended_count_as_acted_on_if_something_was_sent_or_may_have_been(acting: ActingStore) -> None:
    ends = [
        a_target(1, state=TargetState.DONE, ended_at=MONDAY),
        a_target(2, state=TargetState.UNVERIFIED, ended_at=MONDAY + HOUR),
        a_target(3, state=TargetState.DONE, ended_at=MONDAY - timedelta(microseconds=1)),
        a_target(4, state=TargetState.REFUSED, ended_at=MONDAY),
        a_target(5, state=TargetState.ALREADY_DONE, ended_at=MONDAY),
    ]
    _add(acting, a_plan(targets=tuple(ends), state=PlanState.PARTLY_DONE))
    with acting.open_unit() as unit:
        for target, number in ((1, 1), (1, 2), (2, 1), (3, 1)):
            unit.write_entry(a_journal_entry(target=target, number=number, intended_at=MONDAY - HOUR))

    with acting.open_unit() as unit:
        assert unit.acted_since(TENANT_ID, ACTION, MONDAY) == 2
        assert unit.acted_since(TENANT_ID, ACTION, MONDAY - HOUR) == 3
        assert unit.acted_since(TENANT_ID, ACTION, MONDAY + 2 * HOUR) == 0


def test_targets_count_as_sent_once_from_the_moment_something_was_intended(acting: ActingStore) -> None:
    _add(
        acting,
        a_plan(id="1", targets=(a_target(1), a_target(2), a_target(3)), state=PlanState.EXECUTING),
        a_plan(id="2", tenant_id=OTHER_TENANT),
        a_plan(id="3", action=ActionId("revoke-sessions")),
    )
    with acting.open_unit() as unit:
        unit.write_entry(a_journal_entry(plan_id="1", target=1, number=1))
        unit.write_entry(a_journal_entry(plan_id="1", target=1, number=2, state=SendState.LOST))
        unit.write_entry(a_journal_entry(plan_id="1", target=2, intended_at=MONDAY - timedelta(microseconds=1)))
        unit.write_entry(a_journal_entry(plan_id="2"))
        unit.write_entry(a_journal_entry(plan_id="3"))

    with acting.open_unit() as unit:
        assert unit.sent_since(TENANT_ID, ACTION, MONDAY) == 1
        assert unit.sent_since(TENANT_ID, ACTION, MONDAY - HOUR) == 2
        assert unit.sent_since(TENANT_ID, ACTION, MONDAY + HOUR) == 0


def test_a_finding_is_read_whatever_its_tenant(acting: ActingStore) -> None:
    finding = a_finding(tenant_id=OTHER_TENANT)
    acting.keep_finding(finding)

    with acting.open_unit() as unit:
        assert unit.finding(finding.fingerprint) == finding
        assert unit.finding("unheard-of") is None
