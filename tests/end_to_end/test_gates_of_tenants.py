"""Nothing is sent where the settings, the permissions, the limits or a stop say no, or where nobody knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from posture.domain.plan import Plan, PlanState, Target, TargetState
from posture.errors import ActionRefused, SettingsError, TokenRefused, UsageError
from posture.simulator.demo_tenant.role_holders import ASSIGNMENTS
from posture.simulator.registrations import (
    DEMO_CLIENT_ID,
    REMEDIATOR_OBJECT_ID,
    demo_registration,
    remediator_registration,
)
from posture.usecases.acting_events import TargetEnded

from .acting_company import REMEDIATOR, REMEDIATOR_VARIABLE, Office, OpenOffice
from .conftest import SECRET_VARIABLE
from .test_gates_of_people import refused, untouched

OFF = "    remediation: {enabled: false}\n"


def users(office: Office, count: int) -> list[str]:
    return [str(office.member(number)["id"]) for number in range(count)]


# The tenant


def test_a_tenant_that_is_only_read_says_which_permissions_a_remediator_needs(open_office: OpenOffice) -> None:
    office = open_office(more="")
    proposal = ("actions", "propose", "disable-user", "--target", office.member(0)["id"], "--reason", "drill")

    done = office.posture(*proposal, by="ada")

    needed = "User.EnableDisableAccount.All, User.Read.All"
    refused(done, "contoso is read-only", f"Register a second application with {needed}", code=1)
    assert office.writes == []


@pytest.mark.parametrize(("more", "says"), [("", "contoso is read-only"), (REMEDIATOR + OFF, "is switched off")])
def test_settings_that_close_the_tenant_close_every_step(office: Office, more: str, says: str) -> None:
    waiting, approved = (
        office.propose("disable-user", users(office, 1)[0]),
        office.approved("enable-user", blocked(office)),
    )
    closed = office.reopened(more=more)

    steps: list[Callable[[], object]] = [
        lambda: closed.propose("disable-user", users(closed, 2)[1]),
        lambda: closed.approve(waiting),
        lambda: closed.execute(approved),
    ]
    for step in steps:
        with pytest.raises(ActionRefused, match=says):
            step()
    assert untouched(office, approved)


def blocked(office: Office) -> str:
    return str(office.user("member_disabled_without_mfa")["id"])


def test_a_permission_that_is_missing_is_named_before_anybody_says_yes(office: Office) -> None:
    plan = office.propose("disable-user", users(office, 1)[0])
    office.replace_registration(
        remediator_registration(withhold=frozenset({"User.EnableDisableAccount.All", "User.ReadWrite.All"}))
    )

    with pytest.raises(
        ActionRefused, match=r"lacks permissions for disable-user: add User\.EnableDisableAccount\.All"
    ):
        office.approve(plan)
    assert office.application.acting.plan(plan.id).approvals == ()
    assert untouched(office, plan)


def test_a_permission_that_is_withdrawn_after_the_approval_stops_the_plan(office: Office) -> None:
    plan = office.approved("disable-user", users(office, 1)[0])
    office.replace_registration(
        remediator_registration(withhold=frozenset({"User.EnableDisableAccount.All", "User.ReadWrite.All"}))
    )

    refused(office.posture("plans", "execute", plan.id, by="grace"), "add User.EnableDisableAccount.All", code=1)
    assert untouched(office, plan)


def test_a_directory_role_that_is_missing_is_told_in_words(office: Office) -> None:
    user = office.user("ga_third")["id"]
    rows = office.tenant.collections[ASSIGNMENTS]
    rows[:] = [row for row in rows if row["principalId"] != REMEDIATOR_OBJECT_ID]
    plan = office.approved("disable-user", user)

    done = office.execute(plan)

    assert done.target.state is TargetState.FAILED
    assert "403" in str(done.target.because)
    assert "directory role" in str(done.target.because)
    assert office.state(f"users/{user}")["accountEnabled"] is True
    assert office.writes == [("PATCH", f"/users/{user}", {"accountEnabled": False})]  # asked once, and told no


def test_a_wrong_secret_of_the_remediator_is_said_and_nothing_is_sent(office: Office) -> None:
    waiting = office.propose("disable-user", users(office, 1)[0])
    plan = office.approved("enable-user", blocked(office))
    mistaken = office.reopened(**{REMEDIATOR_VARIABLE: "wrong"})

    done = office.posture("plans", "execute", plan.id, by="grace", **{REMEDIATOR_VARIABLE: "wrong"})

    refused(done, "AADSTS7000215", code=4)
    with pytest.raises(TokenRefused, match="AADSTS7000215"):
        mistaken.approve(waiting)
    assert untouched(office, plan)


def test_a_wrong_secret_of_the_reader_is_said_and_nothing_is_sent(office: Office) -> None:
    plan = office.approved("disable-user", users(office, 1)[0])
    mistaken = office.reopened(**{SECRET_VARIABLE: "wrong"})

    with pytest.raises(TokenRefused, match="AADSTS7000215"):
        mistaken.execute(plan)
    assert untouched(office, plan)


# How much


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ("{per_run: 1}", "2 targets are more than the 1 that one plan may have"),
        ("{per_day: 1}", "2 more targets would make 2 within a day; 1 are allowed"),
        ("{share: 1%}", "2 of 150 resources within a day are more than 0.01 of them; 1 are allowed"),
    ],
)
def test_more_than_the_limits_allow_is_not_even_proposed(open_office: OpenOffice, limits: str, says: str) -> None:
    office = open_office(more=f"{REMEDIATOR}    remediation: {{limits: {limits}}}\n")

    with pytest.raises(ActionRefused, match=says):
        office.propose("disable-user", *users(office, 2))
    assert office.application.acting.plan(office.propose("disable-user", users(office, 1)[0]).id)


def test_a_limit_is_not_split_into_small_plans(office: Office) -> None:
    for user in users(office, 3):
        office.propose("disable-user", user)

    with pytest.raises(
        ActionRefused, match=r"4 of 150 resources within a day are more than 0\.02 of them; 3 are allowed"
    ):
        office.propose("disable-user", users(office, 4)[3])


def test_without_a_snapshot_nobody_knows_how_much_it_is(open_office: OpenOffice) -> None:
    office = open_office(keeps_snapshot=False)
    finding = office.finding("risky-users", office.user("risky_medium")["id"]).finding

    with pytest.raises(ActionRefused, match=r"it is not known how many resources .*: scan it first"):
        office.propose("revoke-sessions", findings=[finding.fingerprint])
    with pytest.raises(ActionRefused, match="the latest snapshot has no user"):
        office.propose("disable-user", users(office, 1)[0])
    assert office.writes == []


def test_too_many_failures_end_a_plan(open_office: OpenOffice) -> None:
    office = open_office(more=f"{REMEDIATOR}    remediation: {{limits: {{failures: 1}}}}\n")
    people = [office.user(name)["id"] for name in ("ga_second", "ga_third", "ga_risky")]
    rows = office.tenant.collections[ASSIGNMENTS]
    rows[:] = [row for row in rows if row["principalId"] != REMEDIATOR_OBJECT_ID]

    done = office.execute(office.approved("disable-user", *people))

    assert [target.state for target in done.plan.targets] == [
        TargetState.FAILED,
        TargetState.FAILED,
        TargetState.REFUSED,
    ]
    assert "2 targets failed or could not be verified; 1 are allowed" in str(done.plan.targets[2].because)
    assert len(office.writes) == 2


# The stop switch


@pytest.mark.parametrize("everywhere", [True, False])
def test_while_actions_are_stopped_nothing_is_proposed_or_executed(office: Office, everywhere: bool) -> None:
    plan = office.approved("disable-user", users(office, 1)[0])
    tenant = None if everywhere else office.application.tenant_named(None)
    office.application.acting.stop(office.people["hedy"], tenant, reason="incident 7")

    for step in (lambda: office.propose("disable-user", users(office, 2)[1]), lambda: office.execute(plan)):
        with pytest.raises(ActionRefused, match="actions are stopped by hedy: incident 7"):
            step()
    assert untouched(office, plan)

    office.application.acting.allow(office.people["ada"], tenant)
    assert office.execute(plan).plan.state is PlanState.DONE


def test_a_stop_in_the_middle_spares_those_whose_turn_has_not_come(office: Office) -> None:
    first, second = users(office, 2)
    plan = office.approved("disable-user", first, second)

    targets = stopped_after_the_first(office, plan)

    assert [target.state for target in targets] == [TargetState.DONE, TargetState.REFUSED]
    assert "actions were stopped by hedy: enough" in str(targets[1].because)
    assert [path for _, path, _ in office.writes] == [f"/users/{first}"]
    assert office.state(f"users/{second}")["accountEnabled"] is True


def stopped_after_the_first(office: Office, plan: Plan) -> list[Target]:
    ended: list[Target] = []
    for event in office.application.acting.execute(office.people["grace"], plan):
        if isinstance(event, TargetEnded):
            ended.append(event.target)
            if len(ended) == 1:
                office.application.acting.stop(office.people["hedy"], None, reason="enough")
    return ended


# What nobody knows


@pytest.mark.parametrize(
    ("withheld", "says"),
    [
        ("User.Read.All", "users could not be read"),
        ("RoleManagement.Read.Directory", "whether it is the last Global Administrator is not known"),
    ],
)
def test_what_the_reader_may_not_read_is_not_acted_on(office: Office, withheld: str, says: str) -> None:
    plan = office.approved("disable-user", users(office, 1)[0])
    others = {"Directory.Read.All", "Group.Read.All", "User.ReadBasic.All", "RoleManagement.Read.All"}
    office.replace_registration(demo_registration(withhold=frozenset({withheld, *others})))

    done = office.execute(plan)

    assert done.target.state is TargetState.REFUSED
    assert says in str(done.target.because)
    assert office.writes == []


def test_what_the_licence_hides_is_not_acted_on(office: Office) -> None:
    plan = office.approved("dismiss-user-risk", office.user("risky_medium")["id"])
    office.tenant.licences = frozenset()

    done = office.execute(plan)

    assert done.target.state is TargetState.REFUSED
    assert "risky_users could not be read" in str(done.target.because)
    assert office.writes == []


def test_the_reader_cannot_be_the_remediator(office: Office) -> None:
    same = f'    remediator: {{client_id: {DEMO_CLIENT_ID}, client_secret: "${{env:{SECRET_VARIABLE}}}"}}\n'

    with pytest.raises(SettingsError, match="remediator"):
        office.reopened(more=same)


def test_a_plan_for_nothing_is_not_proposed(office: Office) -> None:
    with pytest.raises(UsageError, match="there is nothing to act on"):
        office.propose("disable-user")
