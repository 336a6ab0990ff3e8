"""Plans move in one direction only, and a digest stands for everything that is approved."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from posture.domain.judgement import Resource
from posture.domain.plan import (
    FINAL,
    Plan,
    PlanState,
    TargetState,
    ended_target,
    final_state,
    is_overdue,
    moved,
)
from posture.errors import WrongMove
from tests.domain.plans import HOUR, MONDAY, a_plan, a_rule, a_target, a_yes

_ALLOWED = {
    (PlanState.PROPOSED, PlanState.APPROVED),
    (PlanState.PROPOSED, PlanState.REJECTED),
    (PlanState.PROPOSED, PlanState.EXPIRED),
    (PlanState.APPROVED, PlanState.EXECUTING),
    (PlanState.APPROVED, PlanState.REJECTED),
    (PlanState.APPROVED, PlanState.EXPIRED),
    (PlanState.EXECUTING, PlanState.DONE),
    (PlanState.EXECUTING, PlanState.PARTLY_DONE),
    (PlanState.EXECUTING, PlanState.FAILED),
}


@pytest.mark.parametrize(("before", "after"), list(product(PlanState, PlanState)))
def test_only_the_drawn_moves_are_possible(before: PlanState, after: PlanState) -> None:
    plan = a_plan(state=before)

    if (before, after) in _ALLOWED:
        assert moved(plan, after, at=MONDAY).state is after
    else:
        with pytest.raises(WrongMove, match=f"is {before} and cannot become {after}"):
            moved(plan, after, at=MONDAY)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_final_state_has_no_way_out(state: PlanState) -> None:
    assert not {after for before, after in _ALLOWED if before is state}


def test_starting_and_ending_are_dated() -> None:
    started = moved(a_plan(state=PlanState.APPROVED), PlanState.EXECUTING, at=MONDAY)
    ended = moved(started, PlanState.DONE, at=MONDAY + HOUR, because=None)

    assert (started.started_at, started.ended_at, ended.ended_at) == (MONDAY, None, MONDAY + HOUR)


def test_a_rejection_says_why() -> None:
    assert moved(a_plan(), PlanState.REJECTED, at=MONDAY, because="wrong person").ended_because == "wrong person"


@pytest.mark.parametrize(
    "change",
    [
        {"tenant_id": "t2"},
        {"action": "reset-mfa"},
        {"action_version": "v2"},
        {"parameters": {"days": 3}},
        {"parameters": {"levels": ("high",)}},
        {"targets": (a_target(1),)},
        {"targets": (a_target(2), a_target(1))},
        {"targets": (a_target(1), replace(a_target(2), resource=Resource(type="user", id="u9", name=None)))},
        {"targets": (a_target(1), a_target(2, parameters={"key_id": "k"}))},
        {"targets": (a_target(1), a_target(2, fingerprint="f"))},
        {"targets": (a_target(1), a_target(2, undoes=1))},
        {"undoes": "p0"},
    ],
)
def test_whatever_would_be_done_otherwise_changes_the_digest(change: dict[str, Any]) -> None:
    assert a_plan(**change).digest != a_plan().digest


@pytest.mark.parametrize(
    "change",
    [
        {"id": "p2"},
        {"state": PlanState.APPROVED},
        {"reason": "another"},
        {"targets": (a_target(1, state=TargetState.DONE), a_target(2))},
        {"targets": (replace(a_target(1), resource=Resource(type="user", id="u1", name="renamed")), a_target(2))},
    ],
)
def test_what_happens_on_the_way_leaves_the_digest_alone(change: dict[str, Any]) -> None:
    assert a_plan(**change).digest == a_plan().digest


@pytest.mark.parametrize("state", [state for state in TargetState if state is not TargetState.WAITING])
def test_a_target_ends_once(state: TargetState) -> None:
    ended = ended_target(a_target(), state, at=MONDAY, because="why")

    assert (ended.state, ended.because, ended.ended_at) == (state, "why", MONDAY)
    with pytest.raises(WrongMove):
        ended_target(ended, TargetState.DONE, at=MONDAY)


def test_waiting_is_no_end() -> None:
    with pytest.raises(WrongMove):
        ended_target(a_target(), TargetState.WAITING, at=MONDAY)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("done", "already_done"), PlanState.DONE),
        (("done", "refused"), PlanState.PARTLY_DONE),
        (("already_done", "unverified"), PlanState.PARTLY_DONE),
        (("unverified", "unverified"), PlanState.FAILED),
        (("failed", "refused"), PlanState.FAILED),
    ],
)
def test_a_plan_is_done_only_if_every_target_is(states: tuple[str, ...], expected: PlanState) -> None:
    assert final_state([a_target(state=TargetState(state)) for state in states]) is expected


def _approved() -> Plan:
    plan = a_plan(rule=a_rule(people=2, valid_for=2 * HOUR))
    late = a_yes("grace", plan, at=MONDAY + HOUR)
    return replace(plan, state=PlanState.APPROVED, approvals=(a_yes("alan", plan, at=MONDAY), late))


def test_an_approval_counts_from_its_first_yes_on() -> None:
    assert _approved().approved_until == MONDAY + 2 * HOUR
    assert _approved().approved_at == MONDAY + HOUR


def test_without_a_yes_nothing_is_approved() -> None:
    assert (a_plan().approved_until, a_plan().approved_at) == (None, None)
    assert replace(a_plan(), state=PlanState.APPROVED).approved_until is None


@pytest.mark.parametrize(
    ("plan", "hours", "expected"),
    [
        (a_plan(), 7 * 24 - 1, False),
        (a_plan(), 7 * 24, True),
        (_approved(), 1, False),
        (_approved(), 2, True),
        (a_plan(state=PlanState.APPROVED), 0, True),
        (a_plan(state=PlanState.EXECUTING), 10_000, False),
    ],
)
def test_what_waits_too_long_is_overdue_to_the_second(plan: Plan, hours: int, expected: bool) -> None:
    assert is_overdue(plan, now=MONDAY + hours * HOUR) is expected
