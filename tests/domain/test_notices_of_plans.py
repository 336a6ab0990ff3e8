"""What is told of a plan in each of its states."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posture.domain.judgement import Resource
from posture.domain.notice import Event, Notice
from posture.domain.notices_of_plans import plan_notice
from posture.domain.plan import Plan, PlanState, TargetState
from posture.domain.severity import Severity
from tests.domain.plans import HOUR, MONDAY, a_plan, a_rule, a_target, a_yes


def told(plan: Plan, *, by: str = "ada") -> Notice:
    notice = plan_notice(plan, at=MONDAY, by=by)
    assert notice is not None
    return notice


@pytest.mark.parametrize(
    ("state", "event", "severity"),
    [
        (PlanState.PROPOSED, Event.PLAN_WAITING, Severity.MEDIUM),
        (PlanState.APPROVED, Event.PLAN_APPROVED, Severity.INFO),
        (PlanState.REJECTED, Event.PLAN_REJECTED, Severity.INFO),
        (PlanState.EXPIRED, Event.PLAN_EXPIRED, Severity.LOW),
        (PlanState.DONE, Event.PLAN_DONE, Severity.INFO),
        (PlanState.PARTLY_DONE, Event.PLAN_PARTLY_DONE, Severity.HIGH),
        (PlanState.FAILED, Event.PLAN_FAILED, Severity.HIGH),
    ],
)
def test_each_state_is_an_event_of_its_own(state: PlanState, event: Event, severity: Severity) -> None:
    notice = told(a_plan(state=state))

    assert (notice.event, notice.severity) == (event, severity)
    assert (notice.about, notice.tenant_id, notice.tenant_name) == ("p1", "t1", "contoso")
    assert (notice.check, notice.resource_type, notice.at) == (None, "user", MONDAY)


def test_a_plan_that_is_being_executed_is_told_of_when_it_ends() -> None:
    assert plan_notice(a_plan(state=PlanState.EXECUTING), at=MONDAY, by="ada") is None


def test_a_proposal_tells_what_somebody_needs_to_decide() -> None:
    plan = a_plan(rule=a_rule(people=2), targets=tuple(a_target(number) for number in range(1, 13)))

    facts = told(plan).facts

    assert facts == {
        "action": "revoke-sessions",
        "risk": "disruptive",
        "reason": "stolen laptop",
        "by": "ada",
        "proposed_by": "ada",
        "because": None,
        "approvals": 0,
        "people": 2,
        "until": "2026-03-09T09:00:00Z",
        "undoes": None,
        "targets": 12,
        "first": [f"user{number}@example.com" for number in range(1, 11)],
        "ended": {"waiting": 12},
    }


def test_an_approved_plan_tells_until_when_it_can_be_executed() -> None:
    plan = a_plan()
    approved = replace(plan, state=PlanState.APPROVED, approvals=(a_yes("grace", plan, at=MONDAY + HOUR),))

    facts = told(approved, by="grace").facts

    assert (facts["until"], facts["approvals"], facts["by"]) == ("2026-03-03T10:00:00Z", 1, "grace")


def test_an_executed_plan_counts_how_its_targets_ended() -> None:
    targets = (
        a_target(1, state=TargetState.DONE),
        a_target(2, state=TargetState.DONE),
        a_target(3, state=TargetState.REFUSED),
    )

    assert told(a_plan(state=PlanState.PARTLY_DONE, targets=targets)).facts["ended"] == {"done": 2, "refused": 1}


def test_a_target_without_a_name_is_called_by_its_id() -> None:
    nameless = a_target(resource=Resource(type="application", id="a1", name=None))

    notice = told(a_plan(targets=(nameless,)))

    assert (notice.facts["first"], notice.resource_type) == (["a1"], "application")


def test_a_plan_without_targets_is_about_no_type_of_resource() -> None:
    assert told(a_plan(targets=())).resource_type is None


def test_the_same_step_makes_the_same_notice_and_each_yes_another_one() -> None:
    plan = a_plan(rule=a_rule(people=3))
    grace, alan = a_yes("grace", plan), a_yes("alan", plan)

    ids = [told(replace(plan, approvals=given)).id for given in ((), (grace,), (alan,), (grace, alan))]

    assert len(set(ids)) == 4
    assert told(plan).id == told(plan, by="somebody").id
    assert told(plan).id != told(replace(plan, id="p2")).id
