"""What every acting unit keeps to, in memory, in SQLite, in PostgreSQL: plans are kept and found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from posture.domain.action import ApprovalRule, Limits, Risk
from posture.domain.judgement import Resource
from posture.domain.operator import Role
from posture.domain.plan import Plan, PlanState, TargetState
from posture.domain.switch import Stop
from posture.usecases.ports.acting import PlanQuery
from tests.store.acting_store import ActingStore
from tests.usecases.builders import (
    MONDAY,
    TENANT_ID,
    a_plan,
    a_target,
    an_approval,
    an_audit_event,
    an_operator,
)

OTHER_TENANT = "22222222-2222-2222-2222-222222222222"
HASH = "0a" * 32
HOSTILE = "Zoë \u202e<b>名前</b>\x1b[31m '; drop table plans; --"


def _add(acting: ActingStore, *plans: Plan) -> None:
    with acting.open_unit() as unit:
        for plan in plans:
            unit.add_plan(plan)


def _read(acting: ActingStore, plan_id: str = "a1b2c3") -> Plan | None:
    with acting.open_unit() as unit:
        return unit.plan(plan_id)


def _list(acting: ActingStore, **query: object) -> list[str]:
    with acting.open_unit() as unit:
        return [plan.id for plan in unit.plans(PlanQuery(**query))]  # type: ignore[arg-type]


def _write_and_fail(acting: ActingStore) -> None:
    with acting.open_unit() as unit:
        unit.add_plan(a_plan())
        unit.set_stop(Stop(tenant_id=None, by="ada", reason="r", at=MONDAY))
        unit.add_operator(an_operator(), token_hash=HASH)
        unit.note_settings("d1", summary={}, at=MONDAY)
        unit.record(an_audit_event())
        raise ZeroDivisionError


def test_a_plan_comes_back_as_it_was_proposed_and_with_the_same_digest(acting: ActingStore) -> None:
    plan = a_plan(
        tenant_name=HOSTILE,
        risk=Risk.DESTRUCTIVE,
        parameters={"days": 30, "share": 0.1, "really": True, "names": ("a", HOSTILE), "none": (), "text": "1.0"},
        targets=(
            a_target(
                1, resource=Resource(type="user", id="x", name=HOSTILE), identity={"key": [1, None, {"a": 1.5}]}
            ),
            a_target(2, check=None, fingerprint=None, undoes=7, parameters={"key_id": HOSTILE, "ids": ("b",)}),
            a_target(10, state=TargetState.REFUSED, because=HOSTILE, ended_at=MONDAY),
        ),
        reason=HOSTILE,
        undoes="0f0f",
        rule=ApprovalRule(people=2, role=Role.ADMIN, valid_for=timedelta(days=400, microseconds=1)),
        limits=Limits(per_run=1, per_day=2, share=1 / 3, failures=0),
        approvals=(an_approval(note=HOSTILE), an_approval(by="carol", account="carol@contoso.com", role=Role.ADMIN)),
        proposed_at=MONDAY + timedelta(microseconds=1),
    )

    _add(acting, plan)

    kept = _read(acting)
    assert kept == plan
    assert kept is not None
    assert kept.digest == plan.digest


def test_a_time_of_another_zone_is_the_same_moment(acting: ActingStore) -> None:
    _add(acting, a_plan(expires_at=MONDAY.astimezone(timezone(timedelta(hours=9)))))

    kept = _read(acting)

    assert kept is not None
    assert kept.expires_at == MONDAY


def test_a_plan_that_nobody_proposed_is_not_found(acting: ActingStore) -> None:
    _add(acting, a_plan())

    assert _read(acting, "a1b2") is None
    assert _read(acting, "A1B2C3") is None
    assert _list(acting, tenant_ids=(OTHER_TENANT,)) == []


def test_an_error_inside_drops_everything_that_was_written(acting: ActingStore) -> None:
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(acting)

    with acting.open_unit() as unit:
        assert (unit.plan("a1b2c3"), list(unit.stops()), list(unit.operators())) == (None, [], [])
    assert list(acting.links()) == []


def test_plans_are_found_by_the_beginning_of_their_id_in_any_case(acting: ActingStore) -> None:
    _add(acting, a_plan(id="ab12"), a_plan(id="ab01"), a_plan(id="b012"))

    with acting.open_unit() as unit:
        assert [plan.id for plan in unit.plans_with_prefix("AB")] == ["ab01", "ab12"]
        assert [plan.id for plan in unit.plans_with_prefix("b012")] == ["b012"]
        assert list(unit.plans_with_prefix("a%")) == []
        assert list(unit.plans_with_prefix("a_1")) == []


def test_of_many_plans_that_begin_alike_ten_are_enough_to_tell(acting: ActingStore) -> None:
    _add(acting, *(a_plan(id=f"a{number:02}") for number in range(12)))

    with acting.open_unit() as unit:
        assert len(unit.plans_with_prefix("a")) == 10


def test_plans_are_listed_newest_first_by_tenant_and_state(acting: ActingStore) -> None:
    _add(
        acting,
        a_plan(id="1"),
        a_plan(id="2", tenant_id=OTHER_TENANT),
        a_plan(id="3", state=PlanState.APPROVED),
        a_plan(id="4", state=PlanState.DONE),
    )

    assert _list(acting) == ["4", "3", "2", "1"]
    assert _list(acting, limit=2) == ["4", "3"]
    assert _list(acting, tenant_ids=(TENANT_ID,)) == ["4", "3", "1"]
    assert _list(acting, states=(PlanState.PROPOSED, PlanState.APPROVED)) == ["3", "2", "1"]
    assert _list(acting, tenant_ids=(TENANT_ID,), states=(PlanState.PROPOSED,), limit=5) == ["1"]


def test_each_listed_plan_has_its_own_targets_in_their_order(acting: ActingStore) -> None:
    plans = [
        a_plan(id=f"{number:04}", targets=tuple(a_target(n, because=str(number)) for n in (2, 1)))
        for number in range(1_003)
    ]
    _add(acting, *(replace(plan, targets=plan.targets[::-1]) for plan in plans))

    with acting.open_unit() as unit:
        listed = unit.plans(PlanQuery())

    assert len(listed) == len(plans)
    assert all(
        [(t.number, t.because) for t in plan.targets] == [(n, str(int(plan.id))) for n in (1, 2)] for plan in listed
    )
