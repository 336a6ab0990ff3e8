"""What every acting unit keeps to: in memory, in SQLite, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from posture.domain.action import ActionId, ApprovalRule, Limits, Risk
from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.journal import BeforeImage, SendState
from posture.domain.judgement import Resource
from posture.domain.operator import Role
from posture.domain.plan import Plan, PlanState, TargetState
from posture.domain.switch import Stop
from posture.errors import ClaimLost, UsageError
from posture.usecases.ports.acting import PlanQuery
from tests.domain.builders import a_finding
from tests.store.acting_store import ActingStore
from tests.usecases.builders import (
    MONDAY,
    TENANT_ID,
    a_journal_entry,
    a_plan,
    a_target,
    an_approval,
    an_audit_event,
    an_operator,
)

HOUR = timedelta(hours=1)
OTHER_TENANT = "22222222-2222-2222-2222-222222222222"
ACTION = a_plan().action
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


def _executing(**changes: object) -> Plan:
    return a_plan(state=PlanState.EXECUTING, started_at=MONDAY + HOUR, **changes)


def _claim(acting: ActingStore, plan: Plan, *, was: PlanState, worker: str) -> bool:
    with acting.open_unit() as unit:
        return unit.claim(plan, was=was, worker=worker)


def _events(acting: ActingStore) -> Sequence[AuditEvent]:
    return [link.event for link in acting.links()]


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
    assert _events(acting) == []


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


def test_stops_are_shown_the_global_one_first(acting: ActingStore) -> None:
    of_tenant = Stop(tenant_id=TENANT_ID, by="ada", reason=HOSTILE, at=MONDAY)
    of_all = Stop(tenant_id=None, by="bob", reason="An incident.", at=MONDAY + HOUR)

    with acting.open_unit() as unit:
        unit.set_stop(of_tenant)
        unit.set_stop(of_all)

    with acting.open_unit() as unit:
        assert list(unit.stops()) == [of_all, of_tenant]


def test_stopping_again_keeps_who_stopped_first(acting: ActingStore) -> None:
    for tenant_id in (TENANT_ID, None):
        first = Stop(tenant_id=tenant_id, by="ada", reason="r", at=MONDAY)
        with acting.open_unit() as unit:
            unit.set_stop(first)
            unit.set_stop(Stop(tenant_id=tenant_id, by="bob", reason="later", at=MONDAY + HOUR))

            assert [stop for stop in unit.stops() if stop.tenant_id == tenant_id] == [first]


def test_a_stop_is_cleared_alone(acting: ActingStore) -> None:
    of_tenant = Stop(tenant_id=TENANT_ID, by="ada", reason="r", at=MONDAY)
    of_all = Stop(tenant_id=None, by="ada", reason="r", at=MONDAY)
    with acting.open_unit() as unit:
        unit.set_stop(of_tenant)
        unit.set_stop(of_all)

        unit.clear_stop(None)
        unit.clear_stop(OTHER_TENANT)
        assert list(unit.stops()) == [of_tenant]

        unit.set_stop(of_all)
        unit.clear_stop(TENANT_ID)
        assert list(unit.stops()) == [of_all]


def test_an_operator_is_found_by_the_hash_of_the_token_only(acting: ActingStore) -> None:
    ada = an_operator(HOSTILE, role=Role.ADMIN, account="ada@contoso.com")

    with acting.open_unit() as unit:
        unit.add_operator(ada, token_hash=HASH)

    with acting.open_unit() as unit:
        assert unit.operator_by_token(HASH) == ada
        assert unit.operator_by_token("0b" * 32) is None
        assert unit.operator_by_token(HASH.upper()) is None
        assert list(unit.operators()) == [ada]


@pytest.mark.parametrize("token", ["", "posture_secret-token", "0A" * 32, "0a" * 31, "0a" * 32 + "\n"])
def test_a_token_in_clear_is_never_taken_for_its_hash_nor_repeated(acting: ActingStore, token: str) -> None:
    with pytest.raises(ValueError, match="as its SHA-256") as refusal, acting.open_unit() as unit:
        unit.add_operator(an_operator(), token_hash=token)

    assert "secret" not in str(refusal.value)
    with acting.open_unit() as unit:
        assert list(unit.operators()) == []


def test_two_active_operators_cannot_have_one_name_in_any_case(acting: ActingStore) -> None:
    with acting.open_unit() as unit:
        unit.add_operator(an_operator("Straße"), token_hash=HASH)

    with pytest.raises(UsageError, match="STRASSE"), acting.open_unit() as unit:
        unit.add_operator(an_operator("STRASSE"), token_hash="0b" * 32)


def test_a_name_is_free_again_once_its_token_has_ended(acting: ActingStore) -> None:
    later = MONDAY + timedelta(days=90)
    with acting.open_unit() as unit:
        unit.add_operator(an_operator("ada"), token_hash=HASH)
        unit.add_operator(an_operator("bob"), token_hash="0b" * 32)
        unit.revoke_operator("bob", at=MONDAY)

        unit.add_operator(an_operator("ADA", added_at=later, expires_at=later + HOUR), token_hash="0c" * 32)
        unit.add_operator(an_operator("bob"), token_hash="0d" * 32)

        assert [operator.name for operator in unit.operators()] == ["ada", "bob", "ADA", "bob"]


def test_a_revoked_operator_stays_on_record_with_the_time(acting: ActingStore) -> None:
    with acting.open_unit() as unit:
        unit.add_operator(an_operator("ada"), token_hash=HASH)
        unit.add_operator(an_operator("bob"), token_hash="0b" * 32)

        assert unit.revoke_operator("ADA", at=MONDAY + HOUR)

        assert unit.operator_by_token(HASH) == an_operator("ada", revoked_at=MONDAY + HOUR)
        assert unit.operator_by_token("0b" * 32) == an_operator("bob")


def test_only_an_active_operator_can_be_revoked(acting: ActingStore) -> None:
    with acting.open_unit() as unit:
        unit.add_operator(an_operator("ada"), token_hash=HASH)
        unit.add_operator(an_operator("bob", expires_at=MONDAY + HOUR), token_hash="0b" * 32)
        unit.revoke_operator("ada", at=MONDAY)

        assert not unit.revoke_operator("ada", at=MONDAY + HOUR)
        assert not unit.revoke_operator("bob", at=MONDAY + HOUR)
        assert not unit.revoke_operator("nobody", at=MONDAY)
        assert unit.operators()[0].revoked_at == MONDAY


def test_events_come_back_chained_in_the_order_they_were_recorded(acting: ActingStore) -> None:
    events = [
        an_audit_event(actor=HOSTILE, details={"who": HOSTILE, "n": [1, 2.5, -0.0, 1e300, 2**70, True, None]}),
        an_audit_event(tenant_id=None, plan_id=None, kind=AuditKind.LOGIN_REFUSED, details={}),
        an_audit_event(at=MONDAY + timedelta(microseconds=1), details={"b": {"2": 1, "10": 2}, "a": []}),
    ]
    with acting.open_unit() as unit:
        unit.record(events[0])
        unit.record(events[1])
    with acting.open_unit() as unit:
        unit.record(events[2])

    assert _events(acting) == events
    assert [link.number for link in acting.links()] == [1, 2, 3]
    assert [link.previous_hash for link in acting.links()][1:] == [link.hash for link in acting.links()][:-1]


def test_the_configuration_is_recorded_the_first_time_and_when_it_changes(acting: ActingStore) -> None:
    for digest, hours in (("d1", 0), ("d1", 1), ("d2", 2), ("d2", 3), ("d1", 4)):
        with acting.open_unit() as unit:
            unit.note_settings(digest, summary={"digest": digest}, at=MONDAY + hours * HOUR)

    told = _events(acting)
    assert {(event.kind, event.actor) for event in told} == {(AuditKind.SETTINGS_CHANGED, "posture")}
    assert [(event.details["digest"], event.at) for event in told] == [
        ("d1", MONDAY),
        ("d2", MONDAY + 2 * HOUR),
        ("d1", MONDAY + 4 * HOUR),
    ]
