"""Conditional Access and other policies through Graph's writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posture.simulator.tenant import Entity, Tenant
from tests.simulator.builders import InProcess, guid
from tests.simulator.writes.company import POLICIES, as_remediator, company, found, group, user

URL = f"/v1.0/{POLICIES}"
MFA = {"operator": "OR", "builtInControls": ["mfa"]}
NEW: dict[str, Any] = {
    "displayName": "MFA for everybody",
    "state": "enabledForReportingButNotEnforced",
    "conditions": {
        "clientAppTypes": ["all"],
        "applications": {"includeApplications": ["All"]},
        "users": {"includeUsers": ["All"]},
    },
    "grantControls": MFA,
}


def policy(tenant: Tenant, name: str) -> Entity:
    return found(tenant, POLICIES, displayName=name)


def with_users(**users: Any) -> dict[str, Any]:
    return NEW | {"conditions": NEW["conditions"] | {"users": {"includeUsers": ["All"]} | users}}


def test_a_policy_is_created_switched_on_and_deleted(graph: InProcess, tenant: Tenant) -> None:
    emergency = group(tenant, "Emergency Accounts")

    made = graph.post(URL, with_users(excludeGroups=[emergency])).body["id"]
    switched = graph.patch(f"{URL}/{made}", {"state": "enabled"})

    shown = graph.get(f"{URL}/{made}").body
    assert switched.status == 204
    assert (shown["state"], shown["modifiedDateTime"]) == ("enabled", "2026-03-02T12:00:00Z")
    assert shown["conditions"]["users"]["excludeGroups"] == [emergency]
    assert shown["conditions"]["users"]["excludeRoles"] == []
    assert made in graph.get(URL).ids
    assert (graph.delete(f"{URL}/{made}").status, graph.get(f"{URL}/{made}").status) == (204, 404)
    assert made not in graph.get(URL).ids


def test_conditions_not_named_stay_and_lists_are_replaced(graph: InProcess, tenant: Tenant) -> None:
    legacy = policy(tenant, "Block legacy authentication")
    before = dict(legacy["conditions"])
    emergency = group(tenant, "Emergency Accounts")
    users = before["users"] | {"excludeGroups": [emergency]}

    assert graph.patch(f"{URL}/{legacy['id']}", {"conditions": {"users": users}}).status == 204

    after = policy(tenant, "Block legacy authentication")["conditions"]
    assert after["users"]["excludeGroups"] == [emergency]
    assert {k: v for k, v in after.items() if k != "users"} == {k: v for k, v in before.items() if k != "users"}


def test_a_condition_that_is_named_is_replaced_as_a_whole(graph: InProcess, tenant: Tenant) -> None:
    legacy = policy(tenant, "Block legacy authentication")
    change = {"conditions": {"users": {"excludeGroups": []}}}

    reply = graph.patch(f"{URL}/{legacy['id']}", change)

    assert reply.status == 400  # nobody would be included any more
    assert legacy["conditions"]["users"]["includeUsers"] == ["All"]


def test_who_was_deleted_since_may_stay_named(graph: InProcess, tenant: Tenant) -> None:
    azure = policy(tenant, "MFA for Azure management")
    users = dict(azure["conditions"]["users"])
    assert users["excludeUsers"][0] not in {one["id"] for one in tenant.collections["users"]}

    users["excludeUsers"] = [*users["excludeUsers"], user(tenant, "room")]

    assert graph.patch(f"{URL}/{azure['id']}", {"conditions": {"users": users}}).status == 204


@pytest.mark.parametrize(
    "body",
    [
        with_users(excludeGroups=[guid(404)]),
        with_users(excludeUsers=[guid(404)]),
        with_users(includeRoles=[guid(404)]),
        with_users(excludeUsers=["None", "none"]),
        with_users(includeUsers=[]),
        NEW | {"conditions": {"users": {"includeUsers": ["All"]}}},
        NEW | {"state": "on"},
        NEW | {"grantControls": None},
        NEW | {"id": guid(1)},
        NEW | {"conditions": NEW["conditions"] | {"moods": ["calm"]}},
        NEW | {"conditions": NEW["conditions"] | {"locations": {"includeLocations": [guid(404)]}}},
    ],
)
def test_a_policy_that_graph_would_not_make_is_refused(
    graph: InProcess, tenant: Tenant, body: dict[str, Any]
) -> None:
    before = len(tenant.collections[POLICIES])

    reply = graph.post(URL, body)

    assert reply.status == 400
    assert len(tenant.collections[POLICIES]) == before


def test_naming_an_application_needs_the_permission_to_read_them(tmp_path: Path) -> None:
    tenant = company(withhold=frozenset({"Application.Read.All", "Application.ReadWrite.All"}))
    graph = as_remediator(tmp_path, tenant)
    named = {"applications": {"includeApplications": ["797f4846-ba00-4fd7-ba43-dac1f8f63013"]}}

    assert graph.post(URL, NEW | {"conditions": NEW["conditions"] | named}).status == 403
    assert graph.post(URL, NEW).status == 201


def test_a_strength_is_named_by_its_id(graph: InProcess, tenant: Tenant) -> None:
    strength = tenant.collections["policies/authenticationStrengthPolicies"][0]
    grant = {"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": strength["id"]}}

    made = graph.post(URL, NEW | {"grantControls": grant})
    unknown = graph.post(URL, NEW | {"grantControls": grant | {"authenticationStrength": {"id": guid(404)}}})

    assert made.body["grantControls"]["authenticationStrength"]["displayName"] == strength["displayName"]
    assert unknown.status == 404


def test_security_defaults_and_enabled_policies_exclude_each_other(graph: InProcess, tenant: Tenant) -> None:
    defaults = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"

    refused = graph.patch(defaults, {"isEnabled": True})
    for one in tenant.collections[POLICIES]:
        one["state"] = "disabled"
    switched = graph.patch(defaults, {"isEnabled": True})

    assert (refused.status, switched.status) == (400, 204)
    assert graph.get(defaults).body["isEnabled"] is True
    assert graph.post(URL, NEW | {"state": "enabled"}).status == 400
    assert graph.post(URL, NEW).status == 201


def test_parts_of_the_authorization_policy_that_are_not_named_stay(graph: InProcess, tenant: Tenant) -> None:
    before = dict(tenant.singletons["policies/authorizationPolicy"]["defaultUserRolePermissions"])

    graph.patch("/v1.0/policies/authorizationPolicy", {"defaultUserRolePermissions": {"allowedToCreateApps": False}})

    shown = graph.get("/v1.0/policies/authorizationPolicy").body["defaultUserRolePermissions"]
    assert shown == before | {"allowedToCreateApps": False}
