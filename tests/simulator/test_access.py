from __future__ import annotations

from pathlib import Path

import pytest

from posture.simulator.graph_facts import Route, routes
from posture.simulator.registrations import demo_registration
from tests.simulator.builders import InProcess, a_reader_with, a_tenant, guid, in_process

SIMPLE = [r for r in routes() if "{id}" not in r.path and r.kind == "collection" and r.method == "GET"]
DENIED = (403, "Authorization_RequestDenied")


def with_roles(directory: Path, *roles: str) -> InProcess:
    return in_process(directory, a_tenant(registrations=[a_reader_with(*roles)]))


# deleted items are judged by the type asked for, see below
@pytest.mark.parametrize("route", [r for r in SIMPLE if r.path != "directory/deletedItems"], ids=lambda r: r.id)
def test_every_list_needs_one_of_its_permissions(tmp_path: Path, route: Route) -> None:
    others = {p for r in routes() for p in r.permissions} - set(route.permissions)
    graph = with_roles(tmp_path, *others)

    reply = graph.get(f"/v1.0/{route.path}" + _needed_filter(route))

    assert (reply.status, reply.code) == DENIED


@pytest.mark.parametrize("route", SIMPLE, ids=lambda route: route.id)
def test_every_list_opens_with_its_first_permission(tmp_path: Path, route: Route) -> None:
    cast = "/microsoft.graph.user" if route.path == "directory/deletedItems" else ""
    tenant = a_tenant(registrations=[a_reader_with(route.permissions[0])])
    tenant.licences = frozenset({"p1", "p2", "intune"})
    graph = in_process(tmp_path, tenant)

    reply = graph.get(f"/v1.0/{route.path}{cast}" + _needed_filter(route))

    assert reply.status == 200
    assert isinstance(reply.body["value"], list)


def _needed_filter(route: Route) -> str:
    return (
        "?$filter=scopeId%20eq%20'/'%20and%20scopeType%20eq%20'DirectoryRole'" if route.filter == "required" else ""
    )


def test_sign_in_activity_needs_the_audit_permission_as_well(tmp_path: Path) -> None:
    url = "/v1.0/users?$select=id,signInActivity"

    assert with_roles(tmp_path, "User.Read.All").get(url).status == 403
    assert with_roles(tmp_path, "AuditLog.Read.All").get(url).status == 403
    assert with_roles(tmp_path, "User.Read.All", "AuditLog.Read.All").get(url).status == 200


def test_deleted_items_need_the_permission_of_their_type(tmp_path: Path) -> None:
    graph = with_roles(tmp_path, "User.Read.All")

    assert graph.get("/v1.0/directory/deletedItems/microsoft.graph.user").status == 200
    assert graph.get("/v1.0/directory/deletedItems/microsoft.graph.application").status == 403


def test_members_of_types_that_may_not_be_read_come_with_their_id_only(tmp_path: Path) -> None:
    graph = with_roles(tmp_path, "GroupMember.Read.All")

    members = graph.get(f"/v1.0/groups/{guid(5001)}/members?$select=id,displayName&$top=999").body["value"]

    users = [m for m in members if m["@odata.type"] == "#microsoft.graph.user"]
    assert {frozenset(m) for m in users} == {frozenset({"@odata.type", "id"})}
    assert members[-1]["displayName"] == "Group 5002"


@pytest.mark.parametrize(
    ("path", "held", "expected"),
    [
        ("users?$select=id,signInActivity", "", (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")),
        (
            "reports/authenticationMethods/userRegistrationDetails",
            "",
            (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"),
        ),
        ("identity/conditionalAccess/policies", "", (403, "AccessDenied")),
        ("identityProtection/riskyUsers", "", (403, "Forbidden")),
        ("roleManagement/directory/roleEligibilityScheduleInstances", "p1", (400, "AadPremiumLicenseRequired")),
        ("deviceManagement/managedDevices", "p2", (400, "BadRequest")),
    ],
)
def test_what_the_licence_does_not_cover_is_refused_as_documented(
    tmp_path: Path, path: str, held: str, expected: tuple[int, str]
) -> None:
    graph = in_process(tmp_path, a_tenant(licences=frozenset({held})))

    reply = graph.get(f"/v1.0/{path}")

    assert (reply.status, reply.code) == expected


def test_without_p2_the_risk_is_shown_without_detail(tmp_path: Path) -> None:
    graph = in_process(tmp_path, a_tenant(licences=frozenset({"p1"})))

    assert graph.get("/v1.0/identityProtection/riskyUsers").body["value"][0]["riskLevel"] == "hidden"
    assert graph.get(f"/v1.0/identityProtection/riskyUsers/{guid(1)}").body["riskLevel"] == "hidden"
    assert graph.get("/v1.0/identityProtection/riskDetections").body["value"][0]["riskEventType"] == "generic"


@pytest.mark.parametrize(
    ("held", "plans"), [({"p1", "p2"}, ["p1", "p2", "mail"]), ({"p1"}, ["p1", "mail"]), (set(), ["mail"])]
)
def test_the_organization_lists_the_plans_that_its_licences_include(
    tmp_path: Path, held: set[str], plans: list[str]
) -> None:
    ids = {
        "p1": "41781fb2-bc02-4b7c-bd55-b576c07bb09d",
        "p2": "eec0eb4f-6444-4f95-aba0-50c24d67f998",
        "mail": "efb87545-963c-4e0d-99df-69c6916d9eb0",
    }
    tenant = a_tenant(licences=frozenset(held))
    tenant.collections["organization"] = [
        {"id": tenant.tenant_id, "assignedPlans": [{"servicePlanId": plan} for plan in ids.values()]}
    ]
    graph = in_process(tmp_path, tenant)

    for path in ("organization?$select=id,assignedPlans", f"organization/{tenant.tenant_id}"):
        body = graph.get(f"/v1.0/{path}").body
        (organization,) = body.get("value", [body])
        assert [plan["servicePlanId"] for plan in organization["assignedPlans"]] == [ids[name] for name in plans]


def test_withheld_permissions_are_missing_from_a_registration() -> None:
    assert "User.Read.All" in demo_registration().roles
    assert "User.Read.All" not in demo_registration(withhold=frozenset({"User.Read.All"})).roles


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic dXNlcg==", "Bearer " + "a" * 5000])
def test_a_request_without_a_good_token_is_refused(graph: InProcess, header: str) -> None:
    reply = graph.get("/v1.0/users", Authorization=header)

    assert (reply.status, reply.code) == (401, "InvalidAuthenticationToken")
    assert "WWW-Authenticate" in reply.headers


def test_a_token_ends(graph: InProcess) -> None:
    graph.clock.advance(3_600)

    assert graph.get("/v1.0/users").code == "InvalidAuthenticationToken"
    graph.sign_in()
    assert graph.get("/v1.0/users").status == 200


def test_a_token_for_another_host_is_refused(graph: InProcess, tmp_path: Path) -> None:
    elsewhere = in_process(tmp_path / "other")
    graph.token = elsewhere.token

    assert graph.get("/v1.0/users").status == 401
