"""What posture never acts on, whoever approved it; nothing is sent in any of these."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from posture.definitions.catalog import load_catalog
from posture.definitions.check_sql import compile_check
from posture.definitions.compiled import CompiledCheck
from posture.definitions.dictionary import Dictionary
from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.domain.judgement import Resource
from posture.domain.outcome import Outcome
from posture.domain.plan import PlanState, Target, TargetState
from posture.tables import RESOURCE_TYPES, TABLES
from tests.domain.plans import a_target
from tests.ports.made_up_tenant import NOW, MadeUpTenant, answered
from tests.usecases.acting_desk import Office, a_user, an_assignment, targets_of

GRANTED = frozenset(
    {"User.EnableDisableAccount.All", "User.Read.All", "Application.ReadWrite.All", "GroupMember.Read.All"}
)


def an_office(*users: dict[str, Any], **changes: Any) -> Office:
    items = {"users": list(users) or [a_user("u1", accountEnabled=False)]}
    tenant = MadeUpTenant(change=lambda *_: answered(204), items=items, granted=GRANTED)
    return Office(tenant=tenant, **changes)


def outcome(office: Office, target: str | Target = "u1", action: str = "enable-user", **changes: Any) -> str | None:
    """Execute, and return why the target was refused; None if posture acted."""
    (found,) = targets_of(office.execute(office.approved(action, target, **changes)))
    assert (found.state is TargetState.REFUSED) == (not office.tenant.sent)
    return found.because if found.state is TargetState.REFUSED else None


def test_an_ordinary_user_is_acted_on() -> None:
    assert outcome(an_office()) is None


@pytest.mark.parametrize("name", ["u1", "U1", "u1@example.com", "U1@EXAMPLE.COM"])
def test_protected_users_by_id_or_name(name: str) -> None:
    assert outcome(an_office(protected_users=("someone@example.com", name))) == "it is protected in the settings"


def test_members_of_protected_groups_however_deep() -> None:
    office = an_office(protected_groups=("G-Break-Glass",))
    office.tenant.items["user_transitive_memberships"] = [{"_of": "u1", "id": "g-break-glass"}]

    assert outcome(office) == "it is a member of the protected group g-break-glass"


def test_members_of_other_groups_only_are_not_protected() -> None:
    office = an_office(protected_groups=("g1",))
    office.tenant.items["user_transitive_memberships"] = [{"_of": "u1", "id": "g2"}, {"_of": "u2", "id": "g1"}]

    assert outcome(office) is None


def test_unknown_memberships_are_no_reason_to_act() -> None:
    office = an_office(protected_groups=("g1",))
    office.tenant.unreadable["user_transitive_memberships"] = Outcome.FORBIDDEN

    assert "whether it is in a protected group is not known" in str(outcome(office))


@pytest.mark.parametrize("who", ["grace", "ada"])
def test_nobody_is_changed_by_a_plan_they_decided_on(who: str) -> None:
    office = an_office(a_user("u1", accountEnabled=False, userPrincipalName=who))

    assert "somebody who proposed or approved this plan" in str(outcome(office))


def test_the_account_of_an_approver_counts_like_the_name() -> None:
    office = an_office()
    plan = office.approved("enable-user", "u1")
    approvals = tuple(replace(one, account="U1@example.com") for one in plan.approvals)

    office.store.plans["p3"] = replace(plan, id="p3", approvals=approvals)
    (found,) = targets_of(office.execute(office.store.plans["p3"]))
    assert "somebody who proposed or approved" in str(found.because)


def test_the_account_of_the_proposer_counts_like_the_name() -> None:
    office = an_office(accounts={"ada": "U1@example.com"})

    assert "somebody who proposed or approved this plan" in str(outcome(office))


@pytest.mark.parametrize("app_id", ["reader-app", "Remediator-App"])
def test_posture_does_not_switch_itself_off(app_id: str) -> None:
    office = an_office()
    office.tenant.items["service_principals"] = [
        {
            "id": "sp1",
            "appId": app_id,
            "accountEnabled": True,
            "appOwnerOrganizationId": "t1",
            "displayName": "posture",
        }
    ]

    assert outcome(office, "sp1", "disable-service-principal") == "it is one of posture's own identities"


# Exemptions


def an_exemption(**changes: Any) -> Exemption:
    fields: dict[str, Any] = {
        "tenant": "contoso",
        "check": None,
        "resource_id": "U1",
        "owner": "alan",
        "reason": "agreed",
        "ends_at": NOW + timedelta(days=1),
        "origin": "exemptions.yaml",
    }
    return Exemption(**(fields | changes))


def test_an_exempted_resource_is_left_alone() -> None:
    assert outcome(an_office(exemptions=(an_exemption(),))) == "it is exempted until 2026-03-03 by alan"


@pytest.mark.parametrize(
    "change",
    [{"ends_at": NOW}, {"resource_id": "u2"}, {"tenant": "fabrikam"}, {"check": CheckId("inactive-users")}],
)
def test_an_exemption_of_something_else_is_not_in_the_way(change: dict[str, Any]) -> None:
    assert outcome(an_office(exemptions=(an_exemption(**change),))) is None


# The last Global Administrator


def test_the_only_global_administrator_is_not_touched() -> None:
    office = an_office()
    office.tenant.items["active_role_assignments"] = [an_assignment("u1")]

    assert outcome(office) == "it is the last Global Administrator"


def test_with_another_one_who_can_sign_in_the_first_may_be_touched() -> None:
    office = an_office(a_user("u1", accountEnabled=False), a_user("u2"))
    office.tenant.items["active_role_assignments"] = [an_assignment("u1"), an_assignment("u2")]

    assert outcome(office) is None


@pytest.mark.parametrize("enabled", [False, None])
def test_another_one_who_cannot_sign_in_is_no_other_one(enabled: bool | None) -> None:
    office = an_office(a_user("u1", accountEnabled=False), a_user("u2", accountEnabled=enabled))
    office.tenant.items["active_role_assignments"] = [an_assignment("u1"), an_assignment("u2")]

    assert outcome(office) == "it is the last Global Administrator who can sign in"


def test_a_service_principal_is_not_the_other_one() -> None:
    office = an_office()
    office.tenant.items["active_role_assignments"] = [an_assignment("u1"), an_assignment("sp1")]

    assert outcome(office) == "it is the last Global Administrator who can sign in"


def test_one_through_a_group_counts_as_one() -> None:
    office = an_office()
    office.tenant.items["active_role_assignments"] = [an_assignment("g1")]
    office.tenant.items["role_groups"] = [{"id": "g1", "displayName": "Admins"}]
    office.tenant.items["role_group_members"] = [
        {"groupId": "g1", "id": "u1", "@odata.type": "#microsoft.graph.user"}
    ]

    assert outcome(office) == "it is the last Global Administrator"


def test_one_who_may_activate_the_role_counts_as_one() -> None:
    office = an_office()
    office.tenant.items["role_eligibility_instances"] = [an_assignment("u1") | {"memberType": "Direct"}]

    assert outcome(office) == "it is the last Global Administrator"


def test_one_whose_block_has_not_shown_yet_is_no_other_one() -> None:
    office = an_office(a_user("u1"), a_user("u2"))
    office.tenant.items["active_role_assignments"] = [an_assignment("u1"), an_assignment("u2")]

    first, second = targets_of(office.execute(office.approved("disable-user", "u1", "u2")))

    assert (first.state, second.state) == (TargetState.UNVERIFIED, TargetState.REFUSED)
    assert second.because == "it is the last Global Administrator"


def test_two_plans_at_once_do_not_take_each_others_last_administrator() -> None:
    office = an_office(a_user("u1"), a_user("u2"))
    office.tenant.items["active_role_assignments"] = [an_assignment("u1"), an_assignment("u2")]
    other = office.approved("disable-user", "u2", id="p2")
    with office.store.open_unit() as unit:
        unit.claim(replace(other, state=PlanState.EXECUTING), was=PlanState.APPROVED, worker="worker-2")

    assert outcome(office, action="disable-user") == "it is the last Global Administrator"


def test_other_roles_and_narrower_scopes_do_not_make_one() -> None:
    office = an_office()
    office.tenant.items["active_role_assignments"] = [an_assignment("u1", role="another")]

    assert outcome(office) is None


@pytest.mark.parametrize(
    "table", ["active_role_assignments", "role_groups", "role_group_members", "role_definitions"]
)
def test_unknown_roles_are_no_reason_to_act(table: str) -> None:
    office = an_office()
    office.tenant.unreadable[table] = Outcome.FAILED

    assert "whether it is the last Global Administrator is not known" in str(outcome(office))


def test_unknown_state_of_the_others_is_no_reason_to_act() -> None:
    office = an_office(a_user("u1", accountEnabled=False), a_user("u2"))
    office.tenant.items["active_role_assignments"] = [an_assignment("u1"), an_assignment("u2")]
    seen = office.tenant.seen

    def once_more() -> Any:
        if office.tenant.reads.count("users") >= 2:
            office.tenant.unreadable["users"] = Outcome.FAILED
        return seen()

    office.tenant.seen = once_more  # type: ignore[method-assign]

    assert "is not known" in str(outcome(office))


# The finding behind it


def a_check(name: str) -> CompiledCheck:
    loaded = load_catalog([], Dictionary(TABLES, RESOURCE_TYPES)).check(name)
    return compile_check(loaded, {})


def of_a_finding(check: str, **changes: Any) -> Target:
    resource = Resource(type="user", id="u1", name="u1@example.com")
    return a_target(1, resource=resource, check=CheckId(check), fingerprint="f1", **changes)


def a_risky_office(state: str = "confirmedCompromised", **user: Any) -> Office:
    office = an_office(a_user("u1", **user), checks={"risky-users": a_check("risky-users")})
    office.tenant.items["risky_users"] = [{"id": "u1", "riskState": state, "riskLevel": "high"}]
    return office


def test_a_finding_that_still_stands_is_acted_on() -> None:
    assert outcome(a_risky_office(), of_a_finding("risky-users"), "disable-user") is None


@pytest.mark.parametrize(
    ("office", "verdict"),
    [
        (a_risky_office("dismissed"), "pass"),
        (a_risky_office("atRisk", accountEnabled=None), "unknown"),
        (a_risky_office(accountEnabled=False), "not_applicable"),
    ],
    ids=["resolved meanwhile", "not known any more", "not about it any more"],
)
def test_a_finding_that_does_not_fail_live_is_left_alone(office: Office, verdict: str) -> None:
    because = outcome(office, of_a_finding("risky-users"), "disable-user")

    assert because == f"risky-users does not fail on live data any more: {verdict}"


def test_a_resource_that_is_gone_is_left_alone() -> None:
    office = a_risky_office()
    office.tenant.items["users"] = []

    assert "gone" in str(outcome(office, of_a_finding("risky-users"), "disable-user"))


def test_a_finding_that_cannot_be_judged_live_is_left_alone() -> None:
    office = a_risky_office()
    office.tenant.unreadable["risky_users"] = Outcome.NOT_LICENSED

    because = outcome(office, of_a_finding("risky-users"), "disable-user")

    assert "risky-users cannot be judged on live data: risky_users could not be read" in str(because)


def test_a_finding_of_a_check_that_is_gone_is_left_alone() -> None:
    because = outcome(an_office(a_user("u1")), of_a_finding("no-such-check"), "disable-user")

    assert "there is no check no-such-check any more" in str(because)
