"""Nobody acts alone, unknown, or on something else than what was approved: every way around it, tried."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from posture.bootstrap import dictionary
from posture.definitions.catalog import load_catalog
from posture.definitions.content import content_directory
from posture.domain.operator import Role
from posture.domain.plan import Plan, PlanState
from posture.errors import ActionRefused, NotAllowedToDecide

from .acting_company import MONTH, Office, OpenOffice
from .conftest import TRACEBACK, Done

A_DAY = timedelta(hours=25)
A_WEEK = timedelta(days=8)


def untouched(office: Office, plan: Plan) -> bool:
    """Say that nothing was sent, and that the plan has not begun."""
    return not office.writes and office.application.acting.plan(plan.id).started_at is None


def refused(done: Done, *says: str, code: int) -> None:
    """The command ended with one sentence that says all of ``says``."""
    assert (done.code, done.out, TRACEBACK in done.err) == (code, "", False), done.err
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.err
    assert all(part in errors[0] for part in says), errors


# Who


def test_nobody_executes_without_a_good_token(office: Office) -> None:
    plan = office.approved("disable-user", office.member(0)["id"])
    execute = ("plans", "execute", plan.id)
    office.application.acting.revoke_operator("alan", by=office.people["ada"])

    refused(office.posture(*execute), "POSTURE_TOKEN", code=2)
    refused(office.posture(*execute, POSTURE_TOKEN="posture_guessed"), "no operator has this token", code=1)
    refused(office.posture(*execute, by="alan"), "the token of alan has ended", code=1)
    refused(office.posture(*execute, by="vera"), "vera is viewer", "needs the role admin", code=1)
    assert untouched(office, plan)


def test_a_token_ends_with_its_time(office: Office) -> None:
    plan = office.approved("disable-user", office.member(0)["id"])
    office.clock.forward(MONTH)

    with pytest.raises(NotAllowedToDecide, match="the token of grace has ended"):
        office.application.acting.login(office.tokens["grace"])
    with pytest.raises(NotAllowedToDecide, match="the token of grace has ended"):
        office.execute(plan)
    assert untouched(office, plan)


def test_only_admins_do_what_is_for_admins(office: Office) -> None:
    user = office.member(0)["id"]
    plan = office.propose("disable-user", user)

    for name in ("hedy", "vera"):
        with pytest.raises(NotAllowedToDecide, match=f"{name} is .*; proposing this action needs the role admin"):
            office.propose("disable-user", user, by=name)
        with pytest.raises(NotAllowedToDecide, match="this plan needs the role admin"):
            office.approve(plan, name)
    approved = office.approve(plan)
    for name in ("hedy", "vera"):
        with pytest.raises(NotAllowedToDecide, match="this plan needs the role admin"):
            office.execute(approved, by=name)
    assert untouched(office, plan)


def test_helpdesk_does_what_is_for_helpdesk(office: Office) -> None:
    office.employ("henry", role=Role.HELPDESK)
    plan = office.propose("revoke-sessions", office.member(0)["id"], by="hedy")

    done = office.execute(office.approve(plan, "henry"), by="hedy")

    assert done.plan.state is PlanState.DONE


# How many


def test_nobody_approves_a_plan_of_their_own(office: Office) -> None:
    plan = office.propose("disable-user", office.member(0)["id"])
    approval = ("plans", "approve", plan.id, "--digest", plan.digest, "--note", "mine")

    refused(office.posture(*approval, by="ada"), "ada proposed this plan; somebody else must approve it", code=1)
    refused(office.posture("plans", "execute", plan.id, by="ada"), "only an approved plan can be executed", code=1)
    assert untouched(office, plan)


def test_what_cannot_be_undone_needs_two(office: Office) -> None:
    plan = office.propose("reset-mfa", office.user("risky_high")["id"])
    once = office.approve(plan, "grace")

    assert once.state is PlanState.PROPOSED
    with pytest.raises(NotAllowedToDecide, match="grace has approved this plan already"):
        office.approve(once, "grace")
    with pytest.raises(NotAllowedToDecide, match="only an approved plan can be executed"):
        office.execute(once)
    assert untouched(office, plan)


def test_what_cannot_be_undone_needs_two_even_if_the_record_says_one(office: Office) -> None:
    plan = office.propose("reset-mfa", office.user("risky_high")["id"])
    office.tamper("update plans set rule_people = 1 where id = ?", plan.id)
    once = office.approve(office.application.acting.plan(plan.id), "grace")

    with pytest.raises(NotAllowedToDecide, match="has not been approved by enough people"):
        office.execute(once)
    assert untouched(office, plan)


# What


def test_only_what_was_shown_is_approved(office: Office) -> None:
    plan = office.propose("disable-user", office.member(0)["id"])
    other = office.propose("disable-user", office.member(1)["id"])
    approval = ("plans", "approve", plan.id, "--digest", other.digest, "--note", "seen")

    refused(office.posture(*approval, by="grace"), "is not the one that was shown", code=1)
    assert office.application.acting.plan(plan.id).approvals == ()
    assert untouched(office, plan)


@pytest.mark.parametrize(
    "statement",
    [
        "update plan_targets set resource_id = ?2 where plan_id = ?1",
        "update plan_targets set check_id = ?2 where plan_id = ?1",
        'update plans set parameters = \'{"to": "Guest", "more": "\' || ?2 || \'"}\' where id = ?1',
        "update plans set action_version = ?2 where id = ?1",
        "update plans set undoes = ?2 where id = ?1",
    ],
)
def test_a_plan_that_was_changed_on_record_after_the_approval_is_not_executed(office: Office, statement: str) -> None:
    plan = office.approved("update-user-type", office.user("member_external")["id"], to="Guest")
    office.tamper(statement, plan.id, office.member(1)["id"])
    changed = office.application.acting.plan(plan.id)
    assert changed.digest != plan.digest

    with pytest.raises(NotAllowedToDecide, match="has not been approved by enough people as it is now"):
        office.execute(changed)
    assert untouched(office, plan)


def test_a_plan_that_was_set_to_approved_on_record_is_not_executed(office: Office) -> None:
    plan = office.propose("disable-user", office.member(0)["id"])
    office.tamper("update plans set state = 'approved' where id = ?", plan.id)

    with pytest.raises(NotAllowedToDecide, match=r"has ended|enough people"):
        office.execute(office.application.acting.plan(plan.id))
    assert untouched(office, plan)


def test_an_action_file_that_was_edited_after_the_approval_is_not_executed(
    open_office: OpenOffice, tmp_path: Path
) -> None:
    file = tmp_path / "actions" / "block-user.yaml"
    file.parent.mkdir()
    (shipped,) = content_directory("actions").rglob("disable-user.yaml")
    text = shipped.read_text(encoding="utf-8").replace("id: disable-user", "id: block-user", 1)
    file.write_text(text, encoding="utf-8")
    office = open_office(catalog=load_catalog([], dictionary(), action_directories=[file.parent]))
    plan = office.approved("block-user", office.member(0)["id"])
    file.write_text(text.replace("ok: [204]", "ok: [200, 204]", 1), encoding="utf-8")
    after = office.reopened(catalog=load_catalog([], dictionary(), action_directories=[file.parent]))

    with pytest.raises(ActionRefused, match="the action block-user was changed since the plan was approved"):
        after.execute(plan)
    assert untouched(office, plan)


# When


def test_an_approval_counts_for_its_time_only(office: Office) -> None:
    plan = office.approved("disable-user", office.member(0)["id"])
    office.clock.forward(A_DAY)

    with pytest.raises(NotAllowedToDecide, match=r"the approval of plan .* has ended"):
        office.execute(plan)
    assert untouched(office, plan)
    assert office.application.acting.plan(plan.id).state is PlanState.EXPIRED


def test_an_approval_that_has_ended_does_not_count_for_the_second(office: Office) -> None:
    plan = office.approve(office.propose("reset-mfa", office.user("risky_high")["id"]), "grace")
    office.clock.forward(A_DAY)

    later = office.approve(plan, "alan")

    assert (later.state, [approval.by for approval in later.approvals]) == (PlanState.PROPOSED, ["alan"])


def test_a_proposal_that_waited_too_long_is_approved_no_more(office: Office) -> None:
    plan = office.propose("disable-user", office.member(0)["id"])
    office.clock.forward(A_WEEK)

    with pytest.raises(NotAllowedToDecide, match="has expired"):
        office.approve(plan)
    assert office.application.acting.plan(plan.id).state is PlanState.EXPIRED


def test_what_was_rejected_stays_rejected(office: Office) -> None:
    plan = office.approved("disable-user", office.member(0)["id"])
    office.application.acting.reject(office.people["alan"], plan, note="wrong person")

    with pytest.raises(NotAllowedToDecide, match="is rejected; only a proposed plan"):
        office.approve(plan)
    with pytest.raises(NotAllowedToDecide, match="is rejected; only an approved plan"):
        office.execute(plan)
    assert untouched(office, plan)


def test_what_was_executed_is_not_executed_again(office: Office) -> None:
    plan = office.approved("disable-user", office.member(0)["id"])
    office.execute(plan)
    sent = office.writes

    refused(office.posture("plans", "execute", plan.id, by="grace"), "is done; only an approved plan", code=1)
    assert office.writes == sent


def test_every_refusal_is_on_record_and_the_record_holds(office: Office) -> None:
    plan = office.propose("disable-user", office.member(0)["id"])
    with pytest.raises(NotAllowedToDecide):
        office.approve(plan, "ada")
    with pytest.raises(NotAllowedToDecide):
        office.execute(plan, by="vera")

    shown = office.posture("audit", "list", "--format", "json")
    checked = office.posture("audit", "verify")

    events = [event["kind"] for event in json.loads(shown.out)]
    assert {"approval_refused", "execution_refused"} <= set(events), events
    assert checked.code == 0, checked.err
