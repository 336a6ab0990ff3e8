"""Plans through ``Access``: decided by those who may, on what a worker found out, and handed to a worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from posture.bootstrap.access import Access
from posture.domain.action import ActionId
from posture.domain.audit import AuditKind
from posture.domain.examination import GOOD_FOR
from posture.domain.job import JobState
from posture.domain.job_kind import JobKind
from posture.domain.operator import Role, Scope
from posture.domain.plan import Plan, PlanState
from posture.errors import ActionRefused, NotAllowedToDecide, NotThere, SignInTooOld
from posture.store.audit_reader import AuditFilter
from tests.access.desk import NOON, TENANT_IDS, Desk
from tests.domain.plans import a_rule

MINUTE = timedelta(minutes=1)


def approve(access: Access, plan: Plan, **changes: Any) -> Plan:
    return access.approve(plan.id, **({"digest": plan.digest, "note": "agreed"} | changes))


def kinds(desk: Desk) -> list[AuditKind]:
    with desk.store.reading() as reader:
        return [link.event.kind for link in reader.audit.events(AuditFilter())]


def test_the_yes_that_was_needed_puts_the_execution_on_record_in_the_name_of_who_gave_it(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1")
    desk.examined("contoso")
    access = desk.access("ada", role=Role.HELPDESK)

    after = approve(access, plan)

    assert after.state is PlanState.APPROVED
    (job,) = desk.jobs(JobKind.EXECUTE)
    assert (job.tenant_id, job.arguments, job.asked_by) == (TENANT_IDS["contoso"], {"plan": "p1"}, "ada")
    assert job.state is JobState.WAITING


def test_the_first_of_two_needed_yeses_executes_nothing(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1", rule=a_rule(people=2))
    desk.examined("contoso")

    assert approve(desk.access("ada"), plan).state is PlanState.PROPOSED
    assert desk.jobs(JobKind.EXECUTE) == []
    assert approve(desk.access("bob"), plan).state is PlanState.APPROVED
    assert [job.asked_by for job in desk.jobs(JobKind.EXECUTE)] == ["bob"]


def test_a_token_that_decides_and_does_not_execute_leaves_that_to_somebody_else(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1")
    desk.examined("contoso")

    after = approve(desk.access(scopes=frozenset({Scope.READ, Scope.DECIDE})), plan)

    assert after.state is PlanState.APPROVED
    assert desk.jobs(JobKind.EXECUTE) == []


@pytest.mark.parametrize(("age", "may"), [(0, True), (14, True), (15, False), (400, False)])
def test_who_approves_on_the_page_signed_in_just_now(desk: Desk, age: int, may: bool) -> None:
    plan = desk.plan("contoso", "p1")
    desk.examined("contoso")
    access = desk.access(signed_in_at=NOON - age * MINUTE)

    if may:
        assert approve(access, plan).state is PlanState.APPROVED
    else:
        with pytest.raises(SignInTooOld):
            approve(access, plan)
        assert desk.jobs(JobKind.EXECUTE) == []
        # Whoever has to sign in again has not been refused anything.
        assert AuditKind.APPROVAL_REFUSED not in kinds(desk)


def test_without_an_examination_one_is_asked_for_and_nothing_is_approved(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1")
    access = desk.access("ada")

    for _ in range(2):
        with pytest.raises(ActionRefused, match=r"nobody examined it in the last 24 hours. A worker was asked to"):
            approve(access, plan)

    (job,) = desk.jobs(JobKind.EXAMINE)
    assert (job.tenant_id, job.asked_by) == (TENANT_IDS["contoso"], "ada")
    assert access._plan(plan.id).state is PlanState.PROPOSED
    assert kinds(desk) == [AuditKind.APPROVAL_REFUSED] * 2


@pytest.mark.parametrize(("age", "may"), [(GOOD_FOR - MINUTE, True), (GOOD_FOR, False)])
def test_an_examination_is_believed_for_a_day(desk: Desk, age: timedelta, may: bool) -> None:
    plan = desk.plan("contoso", "p1")
    desk.examined("contoso", at=NOON - age)
    desk.examined("fabrikam")
    access = desk.access()

    if may:
        assert approve(access, plan).state is PlanState.APPROVED
    else:
        with pytest.raises(ActionRefused, match="nobody examined it"):
            approve(access, plan)


@pytest.mark.parametrize(
    ("remediator", "sentence"),
    [
        ({"granted": frozenset({"User.Read.All"})}, "lacks permissions for revoke-sessions"),
        ({"granted": None}, "does not tell its permissions"),
        ({"granted": None, "refused": "AADSTS7000215: wrong secret"}, "got no token when .*: AADSTS7000215"),
    ],
)
def test_what_the_remediator_cannot_do_nobody_says_yes_to(
    desk: Desk, remediator: dict[str, Any], sentence: str
) -> None:
    plan = desk.plan("contoso", "p1")
    desk.examined("contoso")
    desk.examined("contoso", **remediator)

    with pytest.raises(ActionRefused, match=sentence):
        approve(desk.access(), plan)

    assert desk.jobs(JobKind.EXECUTE) == []


def test_who_may_not_decide_is_told_so_whatever_the_remediator_may(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1", proposed_by="ada")

    with pytest.raises(NotAllowedToDecide, match="ada proposed this plan"):
        approve(desk.access("ada"), plan)


def test_what_a_worker_has_nobody_to_show_to_is_left_to_a_terminal(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1", action=ActionId("issue-temporary-access-pass"))
    desk.examined("contoso", granted=frozenset({"UserAuthenticationMethod.ReadWrite.All", "User.Read.All"}))
    access = desk.access("ada")

    assert approve(access, plan).state is PlanState.APPROVED

    with pytest.raises(ActionRefused, match="Execute the plan on a terminal"):
        access.execute(plan.id)
    assert "on a terminal" in (access.plan(plan.id).not_execute or "")
    assert desk.jobs(JobKind.EXECUTE) == []


def test_a_page_offers_to_approve_also_to_who_will_have_to_sign_in_again(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1")

    assert desk.access(signed_in_at=NOON - 400 * MINUTE).plan(plan.id).not_approve is None


def test_a_plan_that_asks_for_an_admin_is_not_decided_by_helpdesk(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1", rule=a_rule(role=Role.ADMIN))
    desk.examined("contoso")

    with pytest.raises(NotAllowedToDecide, match="needs the role admin"):
        approve(desk.access(role=Role.HELPDESK), plan)


def test_another_digest_than_the_one_shown_is_refused(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1")
    desk.examined("contoso")

    with pytest.raises(NotAllowedToDecide, match="not the one that was shown"):
        approve(desk.access(), plan, digest="0" * 64)


def test_who_was_revoked_since_the_request_began_approves_nothing(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1")
    desk.examined("contoso")
    access = desk.access("ada")
    with desk.store.open_acting_unit() as unit:
        unit.revoke_operator("ada", at=NOON)

    with pytest.raises(NotAllowedToDecide, match="has ended"):
        approve(access, plan)

    assert desk.jobs(JobKind.EXECUTE) == []


def test_a_plan_is_rejected_with_a_sign_in_of_any_age(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1")

    after = desk.access("ada", signed_in_at=NOON - 400 * MINUTE).reject(plan.id, note="wrong person")

    assert (after.state, after.ended_because) == (PlanState.REJECTED, "ada: wrong person")


def test_an_approved_plan_is_handed_to_a_worker_once(desk: Desk) -> None:
    ready = desk.plan("contoso", "p1", state=PlanState.APPROVED)

    first = desk.access("ada").execute(ready.id)
    again = desk.access("bob").execute(ready.id)

    assert again == first
    assert [job.asked_by for job in desk.jobs(JobKind.EXECUTE)] == ["ada"]


def test_the_execution_that_an_approval_asked_for_is_the_one_that_is_returned(desk: Desk) -> None:
    plan = desk.plan("contoso", "p1")
    desk.examined("contoso")
    approve(desk.access("ada"), plan)

    assert [desk.access("bob").execute(plan.id)] == desk.jobs(JobKind.EXECUTE)


def test_a_plan_whose_execution_failed_can_be_handed_over_anew(desk: Desk) -> None:
    ready = desk.plan("contoso", "p1", state=PlanState.APPROVED)
    first = desk.access("ada").execute(ready.id)
    desk.application.working.cancel(first.id, by="ada")

    assert desk.access("bob").execute(ready.id).id != first.id


@pytest.mark.parametrize("state", [PlanState.PROPOSED, PlanState.REJECTED, PlanState.DONE])
def test_what_is_not_approved_is_handed_to_nobody(desk: Desk, state: PlanState) -> None:
    plan = desk.plan("contoso", "p1", state=state)

    with pytest.raises(NotAllowedToDecide, match="only an approved plan"):
        desk.access().execute(plan.id)

    assert desk.jobs(JobKind.EXECUTE) == []


@pytest.mark.parametrize("id", ["", "plan-of", "no-such-plan", "%", "plan-of-contos_"])
def test_a_plan_is_named_by_its_whole_id(desk: Desk, id: str) -> None:
    desk.furnish("contoso")

    for ask in (desk.access().execute, lambda plan: desk.access().reject(plan, note="n")):
        with pytest.raises(NotThere, match="there is no plan"):
            ask(id)


def test_a_proposal_passes_the_gates_of_every_proposal(desk: Desk) -> None:
    things = desk.furnish("contoso")

    # Nobody knows how many users there are before the first scan.
    with pytest.raises(ActionRefused, match="scan it first"):
        desk.access("ada").propose(
            action="revoke-sessions",
            tenant="contoso",
            findings=[things.finding.fingerprint],
            parameters={},
            reason="stolen laptop",
        )

    assert kinds(desk)[-1] is AuditKind.PROPOSAL_REFUSED


@pytest.mark.parametrize(
    "change",
    [
        {"action": "no-such-action"},
        {"check": "no-such-check"},
        {"findings": ["0" * 32]},
        {"findings": [""]},
        {"tenant": "nowhere"},
    ],
)
def test_what_is_not_there_is_not_proposed(desk: Desk, change: dict[str, Any]) -> None:
    fields: dict[str, Any] = {
        "action": "revoke-sessions",
        "tenant": "contoso",
        "findings": [desk.furnish("contoso").finding.fingerprint],
        "parameters": {},
        "reason": "r",
    }

    with pytest.raises(NotThere):
        desk.access().propose(**(fields | change))


def test_a_finding_of_another_tenant_is_not_in_this_one(desk: Desk) -> None:
    theirs = desk.furnish("fabrikam")

    with pytest.raises(NotThere, match="contoso has no finding"):
        desk.access().propose(
            action="revoke-sessions",
            tenant="contoso",
            findings=[theirs.finding.fingerprint],
            parameters={},
            reason="r",
        )


def test_what_was_not_carried_out_is_not_undone(desk: Desk) -> None:
    ready = desk.plan("contoso", "p1", state=PlanState.DONE, ended_at=NOON)

    with pytest.raises(ActionRefused, match="cannot be undone"):
        desk.access().propose_undo(ready.id, reason="mistake")
