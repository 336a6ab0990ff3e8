"""What posture never touches, whoever approved it, and what is not so any more when its turn comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from posture.domain.plan import Plan, TargetState
from posture.errors import ActionRefused
from posture.simulator.demo_tenant.role_holders import ASSIGNMENTS, ELIGIBILITIES, ROLES
from posture.simulator.registrations import REMEDIATOR_OBJECT_ID

from .acting_company import REMEDIATOR, Office, OpenOffice

GLOBAL = "62e90394-69f5-4237-9190-012177145e10"
EXEMPTION = """\
exemptions:
  - tenant: contoso
    check: {check}
    resource: {resource}
    owner: it-security@example.com
    reason: Looked into.
    until: {until:%Y-%m-%d}
"""


def assert_refused(office: Office, plan: Plan, *says: str) -> None:
    """The dry run and the execution both refuse the only target, for the same reason, and nothing is sent."""
    (rehearsed,) = office.rehearse(plan)
    done = office.execute(plan)

    assert done.target.state is TargetState.REFUSED
    for because in (str(done.target.because), str(rehearsed.refused)):
        assert all(part in because for part in says), because
    assert (office.writes, office.application.acting.journal(plan)) == ([], [])


@pytest.mark.parametrize("named_by", ["id", "userPrincipalName"])
def test_a_protected_user_is_left_alone(open_office: OpenOffice, office: Office, named_by: str) -> None:
    user = office.member(0)
    careful = office.reopened(more=f"{REMEDIATOR}    protected: {{users: ['{user[named_by].upper()}']}}\n")

    assert_refused(careful, careful.approved("disable-user", user["id"]), "it is protected in the settings")


def test_everybody_in_a_protected_group_is_left_alone_however_deep(office: Office) -> None:
    user, outer = office.user("member_background_only"), office.group("Legacy Protocol Exceptions")["id"]
    assert user["id"] not in office.state(f"groups/{outer}/members")
    careful = office.reopened(more=f"{REMEDIATOR}    protected: {{groups: [{outer}]}}\n")

    assert_refused(careful, careful.approved("disable-user", user["id"]), "a member of the protected group", outer)


def test_the_last_global_administrator_stays(office: Office) -> None:
    last = office.user("ga_first")["id"]
    for path in (ASSIGNMENTS, ELIGIBILITIES, f"{ROLES}/roleAssignmentScheduleInstances"):
        rows = office.tenant.collections[path]
        rows[:] = [row for row in rows if row["roleDefinitionId"] != GLOBAL or row["principalId"] == last]

    assert_refused(office, office.approved("disable-user", last), "it is the last Global Administrator")
    role = office.approved("remove-role-assignment", last, role_definition_id=GLOBAL)
    assert_refused(office, role, "it is the last Global Administrator")


def test_the_last_global_administrator_who_can_sign_in_stays(office: Office) -> None:
    last = office.user("ga_first")["id"]
    for user in office.tenant.collections["users"]:
        user["accountEnabled"] = user["id"] == last

    assert_refused(office, office.approved("disable-user", last), "the last Global Administrator who can sign in")


@pytest.mark.parametrize("named_by", ["id", "userPrincipalName"])
def test_nobody_acts_on_the_account_of_who_approved_it(office: Office, named_by: str) -> None:
    user = office.member(0)
    office.employ("mallory", account=user[named_by].upper())
    plan = office.approve(office.propose("enable-user", user["id"]), "mallory")

    assert_refused(office, plan, "the account of somebody who proposed or approved this plan")


def test_nobody_acts_on_the_account_of_who_proposed_it(office: Office) -> None:
    user = office.member(0)
    office.employ(user["userPrincipalName"])
    plan = office.approve(office.propose("enable-user", user["id"], by=user["userPrincipalName"]), "grace")

    assert_refused(office, plan, "the account of somebody who proposed or approved this plan")


def test_nobody_acts_on_the_recorded_account_of_who_proposed_it(office: Office) -> None:
    user = office.member(0)
    office.employ("mallory", account=user["userPrincipalName"])
    plan = office.approve(office.propose("enable-user", user["id"], by="mallory"), "grace")

    assert_refused(office, plan, "the account of somebody who proposed or approved this plan")


def test_posture_does_not_act_on_itself(office: Office) -> None:
    principal, application = REMEDIATOR_OBJECT_ID, office.application_called("posture remediator")
    (key,) = (one["keyId"] for one in application["passwordCredentials"])
    plans = [
        office.approved("disable-service-principal", principal),
        office.approved("remove-app-credential", application["id"], key_id=key, allow_last="true"),
    ]

    for plan in plans:
        assert_refused(office, plan, "it is one of posture's own identities")


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_accepted_finding_is_left_alone(office: Office, when: str) -> None:
    view = office.finding("risky-users", office.user("risky_medium")["id"])
    plan = office.approved("dismiss-user-risk", findings=[view.finding.fingerprint])
    text = EXEMPTION.format(
        check="risky-users", resource=view.finding.resource.id, until=datetime.now(UTC) + timedelta(days=9)
    )
    (office.directory / "exemptions.yaml").write_text(text, encoding="utf-8")

    if when == "before":
        with pytest.raises(ActionRefused, match="is exempted; only an open finding is acted on"):
            office.propose("dismiss-user-risk", findings=[view.finding.fingerprint])
        assert office.writes == []
    else:
        assert_refused(office, plan, "it is exempted until", "it-security@example.com")


def test_what_was_mended_since_the_scan_is_left_alone(office: Office) -> None:
    user = office.user("risky_medium")["id"]
    plan = office.approved(
        "require-password-change", findings=[office.finding("risky-users", user).finding.fingerprint]
    )
    (risk,) = [one for one in office.tenant.collections["identityProtection/riskyUsers"] if one["id"] == user]
    risk.update(riskState="remediated", riskLevel="none")

    assert_refused(office, plan, "risky-users does not fail on live data any more")


@pytest.mark.parametrize("from_finding", [True, False])
def test_what_was_deleted_since_the_scan_is_left_alone(office: Office, from_finding: bool) -> None:
    user = office.user("risky_medium")["id"]
    named = {"findings": [office.finding("risky-users", user).finding.fingerprint]} if from_finding else {}
    plan = office.approved("require-password-change", *([] if from_finding else [user]), **named)
    people = office.tenant.collections["users"]
    people[:] = [one for one in people if one["id"] != user]

    assert_refused(office, plan)


def test_what_a_finding_is_about_must_be_what_the_action_is_for(office: Office) -> None:
    finding = office.finding("ca-break-glass-excluded", office.policy("Block some countries")["id"]).finding

    with pytest.raises(
        ActionRefused, match=r"disable-user is for user, but finding .* is about conditional_access_policy"
    ):
        office.propose("disable-user", findings=[finding.fingerprint])
