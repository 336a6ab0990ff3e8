"""Who may propose, approve, reject and execute."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.domain.action import ApprovalRule, Risk
from posture.domain.approval import (
    approved,
    effective_limits,
    effective_rule,
    is_enough,
    rejected,
    require_may_approve,
    require_may_execute,
    require_may_propose,
    require_may_reject,
)
from posture.domain.operator import Operator, Role, Scope, as_on_record
from posture.domain.plan import Plan, PlanState
from posture.errors import NotAllowedToDecide, SignInTooOld
from tests.domain.plans import HOUR, MONDAY, a_plan, a_rule, an_operator, limits

TWO = a_rule(people=2)


def yes(plan: Plan, name: str, **changes: Any) -> Plan:
    now = changes.pop("now", MONDAY + HOUR)
    digest = changes.pop("digest", plan.digest)
    note = changes.pop("note", "agreed by phone")
    return approved(plan, an_operator(name, **changes), digest=digest, note=note, now=now)


def test_one_other_person_is_enough_where_one_is_asked_for() -> None:
    after = yes(a_plan(), "grace")

    assert after.state is PlanState.APPROVED
    assert [(one.by, one.note) for one in after.approvals] == [("grace", "agreed by phone")]


def test_nobody_approves_alone_what_they_proposed() -> None:
    with pytest.raises(NotAllowedToDecide, match="ada proposed this plan"):
        yes(a_plan(), "ada")


def test_the_proposer_under_another_spelling_is_the_proposer() -> None:
    with pytest.raises(NotAllowedToDecide):
        yes(a_plan(), "ADA")


def test_a_destructive_plan_waits_for_the_second_person() -> None:
    first = yes(a_plan(rule=TWO), "grace")
    second = yes(first, "alan")

    assert (first.state, second.state) == (PlanState.PROPOSED, PlanState.APPROVED)


def test_of_two_people_the_proposer_may_be_one_but_never_both() -> None:
    own = yes(a_plan(rule=TWO), "ada")

    assert own.state is PlanState.PROPOSED
    with pytest.raises(NotAllowedToDecide, match="already"):
        yes(own, "Ada")
    assert yes(own, "grace").state is PlanState.APPROVED


def test_one_person_counts_once() -> None:
    with pytest.raises(NotAllowedToDecide, match="somebody else must"):
        yes(yes(a_plan(rule=TWO), "grace"), "Grace")


def test_a_yes_that_has_ended_does_not_count_towards_two() -> None:
    rule = a_rule(people=2, valid_for=2 * HOUR)
    first = yes(a_plan(rule=rule), "grace", now=MONDAY)

    late = yes(first, "alan", now=MONDAY + 2 * HOUR)

    assert late.state is PlanState.PROPOSED
    assert [one.by for one in late.approvals] == ["alan"]


def test_a_yes_is_for_what_was_shown() -> None:
    with pytest.raises(NotAllowedToDecide, match="not the one that was shown"):
        yes(a_plan(), "grace", digest=a_plan(action_version="v0").digest)


def test_an_approval_of_another_digest_is_not_enough() -> None:
    plan = yes(a_plan(), "grace")

    assert is_enough(plan)
    assert not is_enough(replace(plan, action_version="v2"))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.HELPDESK])
def test_a_lesser_role_decides_nothing(role: Role) -> None:
    plan = a_plan(rule=a_rule(role=Role.ADMIN))

    with pytest.raises(NotAllowedToDecide, match=f"is {role}; this plan needs the role admin"):
        yes(plan, "grace", role=role)


@pytest.mark.parametrize("note", ["", "  \n"])
def test_a_yes_or_no_without_a_note_is_none(note: str) -> None:
    with pytest.raises(NotAllowedToDecide, match="needs a note"):
        yes(a_plan(), "grace", note=note)
    with pytest.raises(NotAllowedToDecide, match="needs a note"):
        rejected(a_plan(), an_operator(), note=note, now=MONDAY)


@pytest.mark.parametrize("state", [state for state in PlanState if state is not PlanState.PROPOSED])
def test_only_a_proposed_plan_can_be_approved(state: PlanState) -> None:
    with pytest.raises(NotAllowedToDecide, match="only a proposed plan"):
        yes(a_plan(state=state), "grace")


@pytest.mark.parametrize("state", list(PlanState))
def test_a_plan_can_be_rejected_until_it_begins(state: PlanState) -> None:
    plan = a_plan(state=state)

    if state in (PlanState.PROPOSED, PlanState.APPROVED):
        after = rejected(plan, an_operator(), note="wrong person", now=MONDAY)
        assert (after.state, after.ended_because) == (PlanState.REJECTED, "grace: wrong person")
    else:
        with pytest.raises(NotAllowedToDecide, match="cannot be rejected any more"):
            rejected(plan, an_operator(), note="wrong person", now=MONDAY)


@pytest.mark.parametrize("state", list(PlanState))
def test_only_an_approved_plan_or_one_that_was_interrupted_is_executed(state: PlanState) -> None:
    plan = a_plan(state=state)

    if state in (PlanState.APPROVED, PlanState.EXECUTING):
        require_may_execute(plan, an_operator(), now=MONDAY)
    else:
        with pytest.raises(NotAllowedToDecide, match="only an approved plan"):
            require_may_execute(plan, an_operator(), now=MONDAY)


@pytest.mark.parametrize(
    "operator",
    [an_operator(expires_at=MONDAY), an_operator(revoked_at=MONDAY)],
    ids=["token has ended", "revoked"],
)
def test_whose_token_has_ended_does_nothing_any_more(operator: Operator) -> None:
    with pytest.raises(NotAllowedToDecide, match="has ended"):
        require_may_propose(operator, a_rule(), tenant="contoso", now=MONDAY)
    with pytest.raises(NotAllowedToDecide, match="has ended"):
        approved(a_plan(), operator, digest=a_plan().digest, note="yes", now=MONDAY)
    with pytest.raises(NotAllowedToDecide, match="has ended"):
        require_may_execute(a_plan(state=PlanState.APPROVED), operator, now=MONDAY)


def test_a_viewer_proposes_nothing() -> None:
    with pytest.raises(NotAllowedToDecide, match="grace is viewer; proposing this action needs the role helpdesk"):
        require_may_propose(an_operator(role=Role.VIEWER), a_rule(), tenant="contoso", now=MONDAY)


def test_each_role_covers_those_before_it() -> None:
    assert [[one.covers(other) for other in Role] for one in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_destructive_means_two_people_whatever_the_file_says() -> None:
    assert effective_rule(a_rule(people=1), Risk.DESTRUCTIVE).people == 2


rules = st.builds(
    ApprovalRule,
    people=st.integers(1, 5),
    role=st.sampled_from(Role),
    valid_for=st.integers(1, 100).map(lambda hours: timedelta(hours=hours)),
)


@given(rules, st.sampled_from(Risk), st.lists(st.none() | rules, max_size=3))
def test_settings_can_raise_and_never_lower(
    rule: ApprovalRule, risk: Risk, overrides: list[ApprovalRule | None]
) -> None:
    found = effective_rule(rule, risk, *overrides)

    for one in [rule, *(override for override in overrides if override)]:
        assert found.people >= max(one.people, risk.people)
        assert found.role.covers(one.role)
        assert found.valid_for <= one.valid_for


def test_the_smallest_of_every_limit_counts() -> None:
    found = effective_limits(limits(per_run=5, failures=9), limits(share=0.1), None, limits(per_day=2))

    assert found == limits(per_run=5, per_day=2, share=0.1, failures=1)


@pytest.mark.parametrize("scope", Scope)
def test_a_token_proposes_decides_and_executes_only_if_it_is_for_that(scope: Scope) -> None:
    operator = an_operator(scopes=frozenset({scope}))
    proposed, ready = a_plan(proposed_by="alan"), a_plan(state=PlanState.APPROVED)

    allowed = {
        Scope.PROPOSE: lambda: require_may_propose(operator, a_rule(), tenant="contoso", now=MONDAY),
        Scope.DECIDE: lambda: require_may_approve(proposed, operator, now=MONDAY),
        Scope.EXECUTE: lambda: require_may_execute(ready, operator, now=MONDAY),
    }

    for needed, ask in allowed.items():
        if needed is scope:
            ask()
        else:
            with pytest.raises(NotAllowedToDecide, match=f"this token of grace is not for {needed}"):
                ask()
    if scope is Scope.DECIDE:
        require_may_reject(proposed, operator, now=MONDAY)
    else:
        with pytest.raises(NotAllowedToDecide, match="not for decide"):
            require_may_reject(proposed, operator, now=MONDAY)


def test_who_is_limited_to_other_tenants_has_no_say_in_a_plan() -> None:
    operator = an_operator(tenants=frozenset({"fabrikam"}))

    with pytest.raises(NotAllowedToDecide, match="grace is not for the tenant contoso"):
        require_may_propose(operator, a_rule(), tenant="contoso", now=MONDAY)
    with pytest.raises(NotAllowedToDecide, match="not for the tenant contoso"):
        approved(a_plan(), operator, digest=a_plan().digest, note="yes", now=MONDAY)
    with pytest.raises(NotAllowedToDecide, match="not for the tenant contoso"):
        rejected(a_plan(), operator, note="no", now=MONDAY)
    with pytest.raises(NotAllowedToDecide, match="not for the tenant contoso"):
        require_may_execute(a_plan(state=PlanState.APPROVED), operator, now=MONDAY)


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("signed_in_at", "may"),
    [
        (None, True),
        (MONDAY, True),
        (MONDAY - 15 * MINUTE + timedelta.resolution, True),
        (MONDAY - 15 * MINUTE, False),
    ],
    ids=["a token", "just now", "almost 15 minutes ago", "15 minutes ago"],
)
def test_who_approves_on_the_page_has_proved_just_now_who_they_are(signed_in_at: datetime | None, may: bool) -> None:
    plan, operator = a_plan(proposed_by="alan"), an_operator(signed_in_at=signed_in_at)

    if may:
        assert approved(plan, operator, digest=plan.digest, note="yes", now=MONDAY).state is PlanState.APPROVED
    else:
        with pytest.raises(SignInTooOld, match="more than 15 minutes ago; sign in again"):
            approved(plan, operator, digest=plan.digest, note="yes", now=MONDAY)
    # Saying no does no harm.
    assert rejected(plan, operator, note="no", now=MONDAY).state is PlanState.REJECTED


def test_who_stands_on_record_keeps_when_they_signed_in_and_gets_no_wider_scopes() -> None:
    narrow = an_operator(scopes=frozenset({Scope.READ, Scope.DECIDE}), signed_in_at=MONDAY)
    record = an_operator(role=Role.HELPDESK, revoked_at=MONDAY)

    now = as_on_record(narrow, [an_operator("other"), record])

    assert (now.role, now.revoked_at, now.signed_in_at) == (Role.HELPDESK, MONDAY, MONDAY)
    assert now.scopes == {Scope.READ, Scope.DECIDE}
