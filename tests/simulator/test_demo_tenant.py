"""The made-up company is the same every time, hangs together, and has every gap it is said to have."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

import pytest

from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.demo_tenant.known_gaps import known_gaps
from posture.simulator.tenant import Tenant

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SIZES = (10, 2000, 20_000)
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}")
ROLES = "roleManagement/directory"
# Facts that hold of a badly kept tenant, but not of this one: it has a policy for them.
ABSENT = {"legacy_authentication_not_blocked", "no_baseline"}
REPORT = "reports/authenticationMethods/userRegistrationDetails"


@cache
def company(users: int = 2000, seed: int = 1) -> Tenant:
    return demo_tenant(users=users, seed=seed, now=NOW)


def directory_ids(tenant: Tenant) -> set[str]:
    return {item["id"] for name in ("users", "groups", "servicePrincipals") for item in tenant.collections[name]}


def test_same_arguments_give_the_same_company() -> None:
    assert demo_tenant(users=300, seed=7, now=NOW) == demo_tenant(users=300, seed=7, now=NOW)


def test_another_seed_gives_other_people() -> None:
    ids = [{user["id"] for user in company(10, seed).collections["users"]} for seed in (1, 2)]

    assert not ids[0] & ids[1]


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        demo_tenant(users=10, now=datetime(2026, 3, 1))  # noqa: DTZ001


@pytest.mark.parametrize("users", SIZES)
def test_no_id_occurs_twice_in_a_collection(users: int) -> None:
    for name, items in company(users).collections.items():
        ids = [item["id"] for item in items]
        assert len(ids) == len(set(ids)), name


@pytest.mark.parametrize("users", SIZES)
def test_user_principal_names_are_unique(users: int) -> None:
    names = [user["userPrincipalName"].lower() for user in company(users).collections["users"]]

    assert len(names) == len(set(names))


def test_object_ids_are_guids() -> None:
    assert all(GUID.fullmatch(object_id) for object_id in directory_ids(company()))


@pytest.mark.parametrize("users", SIZES)
def test_the_number_of_users_is_as_asked_or_the_special_cases_alone(users: int) -> None:
    smallest = len(company(10).collections["users"])

    assert len(company(users).collections["users"]) == max(users, smallest)


@pytest.mark.parametrize("users", SIZES)
def test_relations_lead_to_existing_objects(users: int) -> None:
    tenant = company(users)
    deleted = dangling_principals(tenant)

    targets = {target for members in tenant.relations.values() for target in members}

    assert targets - directory_ids(tenant) <= deleted


def dangling_principals(tenant: Tenant) -> set[str]:
    rows = tenant.collections[f"{ROLES}/roleAssignments"]
    return {row["principalId"] for row in rows} - directory_ids(tenant)


@pytest.mark.parametrize("users", SIZES)
def test_role_assignments_name_existing_principals_but_for_the_deleted_one(users: int) -> None:
    assert len(dangling_principals(company(users))) == 1


@pytest.mark.parametrize("users", SIZES)
def test_role_assignments_name_existing_roles_and_scopes(users: int) -> None:
    tenant = company(users)
    roles = {role["id"] for role in tenant.collections[f"{ROLES}/roleDefinitions"]}
    units = tenant.collections["directory/administrativeUnits"]
    scopes = {"/", *(f"/administrativeUnits/{unit['id']}" for unit in units)}

    for name in (
        "roleAssignments",
        "roleAssignmentSchedules",
        "roleAssignmentScheduleInstances",
        "roleEligibilitySchedules",
        "roleEligibilityScheduleInstances",
    ):
        rows = tenant.collections[f"{ROLES}/{name}"]
        assert {row["roleDefinitionId"] for row in rows} <= roles
        assert {row["directoryScopeId"] for row in rows} <= scopes


@pytest.mark.parametrize("users", SIZES)
def test_grants_name_existing_clients_resources_and_permissions(users: int) -> None:
    tenant = company(users)
    known = directory_ids(tenant)
    resources = {item["id"]: item for item in tenant.collections["servicePrincipals"]}

    for row in tenant.collections["appRoleAssignments"]:
        offered = {role["id"] for role in resources[row["resourceId"]]["appRoles"]}
        assert row["principalId"] in known
        assert row["appRoleId"] in offered or row["principalType"] == "User"
    for grant in tenant.collections["oauth2PermissionGrants"]:
        assert grant["clientId"] in resources
        assert (grant["principalId"] in known) == (grant["consentType"] == "Principal")


def test_conditional_access_names_existing_groups_and_locations() -> None:
    tenant = company()
    groups = {group["id"] for group in tenant.collections["groups"]}
    locations = {item["id"] for item in tenant.collections["identity/conditionalAccess/namedLocations"]}
    for policy in tenant.collections["identity/conditionalAccess/policies"]:
        users, where = policy["conditions"]["users"], policy["conditions"]["locations"] or {}
        assert set(users["excludeGroups"]) <= groups
        assert set(where.get("includeLocations", [])) <= locations | {"All"}


def test_report_and_sign_ins_are_about_users_and_miss_some() -> None:
    tenant = company()
    users = {user["id"] for user in tenant.collections["users"]}
    reported = {line["id"] for line in tenant.collections[REPORT]}

    assert reported < users
    assert set(tenant.sign_in_activity) < users


def test_risk_is_about_users_and_one_who_was_deleted() -> None:
    tenant = company()
    users = {user["id"] for user in tenant.collections["users"]}
    risky = tenant.collections["identityProtection/riskyUsers"]

    assert {risk["id"] for risk in risky if not risk["isDeleted"]} <= users
    assert len({risk["id"] for risk in risky} - users) == 1


@pytest.mark.parametrize("users", SIZES)
def test_every_known_gap_exists_in_every_size(users: int) -> None:
    gaps = known_gaps(company(users), NOW)

    assert {name for name, ids in gaps.items() if not ids} == ABSENT


def test_gaps_follow_the_tenant_as_it_is_now() -> None:
    tenant = demo_tenant(users=10, now=NOW)
    before = known_gaps(tenant, NOW)["guest_invites_open"]
    tenant.singletons["policies/authorizationPolicy"]["allowInvitesFrom"] = "none"

    assert before == {tenant.tenant_id}
    assert known_gaps(tenant, NOW)["guest_invites_open"] == frozenset()


def test_special_people_are_judged_as_their_story_says() -> None:
    tenant = company()
    gaps = known_gaps(tenant, NOW)
    ids = {user["mailNickname"]: user["id"] for user in tenant.collections["users"]}
    idle, without_mfa = gaps["enabled_users_inactive_90_days"], gaps["enabled_members_without_mfa"]

    assert ids["member.type.null"] in idle & without_mfa
    assert ids["member.inactive.before.2023"] in idle
    assert ids["member.attacked.while.inactive"] in idle
    assert ids["member.inactive.year.one"] in idle
    assert ids["member.never.year.one"] in gaps["enabled_users_never_signed_in"] - idle
    assert ids["member.background.only"] not in idle
    assert ids["room"] not in idle
    assert ids["member.disallowed.method"] in without_mfa
    assert not {ids["member.new.without.mfa"], ids["member.future.hire"], ids["sync.account"]} & without_mfa
    assert ids["guest.pending.but.signed.in"] not in gaps["pending_guests_older_than_30_days"]
    assert ids["guest.pending.no.change.date"] in gaps["pending_guests_older_than_30_days"]
    assert {ids["admin.by.nested.group"], ids["admin.unreported"]} <= gaps["admins_without_mfa"]
    assert gaps["risky_privileged_users"] == {ids["ga.risky"], ids["risky.low"]}
    assert gaps["guest_admins"] == {ids["guest.admin"], ids["guest.admin.eligible"], ids["guest.admin.nested"]}


def test_hostile_names_stand_in_users_guests_groups_applications_and_principals() -> None:
    tenant = company(10)
    for name in ("users", "groups", "applications", "servicePrincipals"):
        shown = [item["displayName"] for item in tenant.collections[name]]
        assert any(text.startswith("<script>") for text in shown), name
        assert any("\x1b[31m" in text for text in shown) or name == "servicePrincipals", name
        assert not any("\x00" in text or len(text) > 256 for text in shown), name


@pytest.mark.parametrize(("users", "share"), [(2000, 0.05), (20_000, 0.03)])
def test_shares_are_those_of_a_mid_sized_tenant(users: int, share: float) -> None:
    people = company(users).collections["users"]
    guests = sum(user["userType"] == "Guest" for user in people) / len(people)
    synced = sum(user["onPremisesSyncEnabled"] is True for user in people) / len(people)

    assert guests == pytest.approx(0.12, abs=share)
    assert synced == pytest.approx(0.60, abs=share)


def test_graph_knows_no_other_way_to_say_never_than_those_documented() -> None:
    people = company().collections["users"]

    assert {user["onPremisesSyncEnabled"] for user in people} == {None, True, False}
    assert {user["userType"] for user in people} == {None, "Member", "Guest"}
    assert {user["employeeHireDate"] is None for user in people} == {True, False}
    activities = company().sign_in_activity.values()
    assert {"lastSuccessfulSignInDateTime" in activity for activity in activities} == {True, False}


def test_an_eligibility_of_the_future_has_a_schedule_and_makes_nobody_privileged() -> None:
    tenant = company()
    instances = tenant.collections[f"{ROLES}/roleEligibilityScheduleInstances"]
    scheduled = {row["id"] for row in tenant.collections[f"{ROLES}/roleEligibilitySchedules"]}
    waiting = scheduled - {row["roleEligibilityScheduleId"] for row in instances}
    ids = {user["mailNickname"]: user["id"] for user in tenant.collections["users"]}

    assert len(waiting) == 1
    assert ids["member.sync.stopped"] not in known_gaps(tenant, NOW)["privileged_users"]


def test_changing_one_policy_leaves_the_others_alone() -> None:
    tenant = demo_tenant(users=10, now=NOW)
    first, *others = tenant.collections["identity/conditionalAccess/policies"]
    before = [list(policy["conditions"]["users"]["excludeGroups"]) for policy in others]

    first["conditions"]["users"]["excludeGroups"].append("changed")

    assert [policy["conditions"]["users"]["excludeGroups"] for policy in others] == before
