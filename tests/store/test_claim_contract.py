"""What every acting unit keeps to: a plan moves once, for one worker, and keeps what was approved."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from posture.domain.judgement import Resource
from posture.domain.plan import Plan, PlanState, TargetState
from posture.errors import ClaimLost
from tests.store.acting_store import ActingStore
from tests.usecases.builders import (
    MONDAY,
    a_plan,
    a_target,
    an_approval,
)

HOUR = timedelta(hours=1)
HOSTILE = "Zoë \u202e<b>名前</b>\x1b[31m '; drop table plans; --"


def _add(acting: ActingStore, *plans: Plan) -> None:
    with acting.open_unit() as unit:
        for plan in plans:
            unit.add_plan(plan)


def _read(acting: ActingStore, plan_id: str = "a1b2c3") -> Plan | None:
    with acting.open_unit() as unit:
        return unit.plan(plan_id)


def _executing(**changes: object) -> Plan:
    return a_plan(state=PlanState.EXECUTING, started_at=MONDAY + HOUR, **changes)


def _claim(acting: ActingStore, plan: Plan, *, was: PlanState, worker: str) -> bool:
    with acting.open_unit() as unit:
        return unit.claim(plan, was=was, worker=worker)


def test_a_plan_is_saved_if_nobody_moved_it_meanwhile(acting: ActingStore) -> None:
    _add(acting, a_plan())
    approved = a_plan(state=PlanState.APPROVED, approvals=(an_approval(), an_approval(by="carol")))

    with acting.open_unit() as unit:
        assert unit.save_plan(approved, was=PlanState.PROPOSED)

    assert _read(acting) == approved


def test_a_plan_that_was_moved_meanwhile_stays_as_it_is(acting: ActingStore) -> None:
    rejected = a_plan(state=PlanState.REJECTED, ended_at=MONDAY, ended_because="bob: no")
    _add(acting, rejected)

    with acting.open_unit() as unit:
        assert not unit.save_plan(
            a_plan(state=PlanState.APPROVED, approvals=(an_approval(),)), was=PlanState.PROPOSED
        )
        assert not unit.save_plan(a_plan(id="ffff"), was=PlanState.PROPOSED)

    assert _read(acting) == rejected


def test_saving_a_plan_leaves_its_targets_and_what_was_proposed_alone(acting: ActingStore) -> None:
    _add(acting, a_plan())

    with acting.open_unit() as unit:
        unit.save_plan(a_plan(targets=(), reason="another", parameters={"days": 1}), was=PlanState.PROPOSED)

    assert _read(acting) == a_plan()


def test_an_approval_that_has_ended_can_be_taken_out(acting: ActingStore) -> None:
    _add(acting, a_plan(approvals=(an_approval(), an_approval(by="carol"))))

    with acting.open_unit() as unit:
        unit.save_plan(a_plan(approvals=(an_approval(by="carol"),)), was=PlanState.PROPOSED)

    assert _read(acting) == a_plan(approvals=(an_approval(by="carol"),))


def test_a_claimed_plan_cannot_be_claimed_from_its_former_state_again(acting: ActingStore) -> None:
    _add(acting, a_plan(state=PlanState.APPROVED))

    assert _claim(acting, _executing(), was=PlanState.APPROVED, worker="one")
    assert not _claim(acting, _executing(), was=PlanState.APPROVED, worker="two")

    assert _read(acting) == _executing()
    with acting.open_unit() as unit:
        unit.require_claim("a1b2c3", worker="one")
        with pytest.raises(ClaimLost, match="a1b2c3"):
            unit.require_claim("a1b2c3", worker="two")


def test_whoever_takes_a_plan_over_locks_the_former_worker_out(acting: ActingStore) -> None:
    _add(acting, a_plan(state=PlanState.APPROVED))
    _claim(acting, _executing(), was=PlanState.APPROVED, worker="one")

    assert _claim(acting, _executing(), was=PlanState.EXECUTING, worker="two")

    with acting.open_unit() as unit:
        unit.require_claim("a1b2c3", worker="two")
        with pytest.raises(ClaimLost):
            unit.require_claim("a1b2c3", worker="one")


@pytest.mark.parametrize("state", [state for state in PlanState if state is not PlanState.EXECUTING])
def test_nobody_holds_a_claim_on_a_plan_that_is_not_executing(acting: ActingStore, state: PlanState) -> None:
    _add(acting, a_plan(state=PlanState.APPROVED))
    _claim(acting, _executing(), was=PlanState.APPROVED, worker="one")
    with acting.open_unit() as unit:
        unit.save_plan(a_plan(state=state), was=PlanState.EXECUTING)

    with acting.open_unit() as unit, pytest.raises(ClaimLost):
        unit.require_claim("a1b2c3", worker="one")


def test_nobody_holds_a_claim_on_a_plan_that_nobody_proposed_or_claimed(acting: ActingStore) -> None:
    _add(acting, _executing())

    with acting.open_unit() as unit:
        for plan_id in ("a1b2c3", "ffff"):
            with pytest.raises(ClaimLost):
                unit.require_claim(plan_id, worker="one")


def test_a_target_is_saved_with_how_it_ended_and_nothing_else_changes(acting: ActingStore) -> None:
    _add(acting, a_plan(targets=(a_target(1), a_target(2))))
    ended = replace(a_target(2), state=TargetState.FAILED, because=HOSTILE, ended_at=MONDAY + HOUR)

    with acting.open_unit() as unit:
        unit.save_target("a1b2c3", replace(ended, resource=Resource(type="user", id="another", name=None)))

    assert _read(acting) == a_plan(targets=(a_target(1), ended))


def test_a_target_that_was_never_approved_cannot_be_saved(acting: ActingStore) -> None:
    _add(acting, a_plan())

    for plan_id, number in (("a1b2c3", 2), ("ffff", 1)):
        with pytest.raises(ValueError, match=f"plan {plan_id} has no target {number}"), acting.open_unit() as unit:
            unit.save_target(plan_id, a_target(number))

    assert _read(acting) == a_plan()
