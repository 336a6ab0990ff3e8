"""Secrets, certificates and permissions of applications through Graph's writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from posture.simulator.registrations import REMEDIATOR_OBJECT_ID
from posture.simulator.tenant import Entity, Tenant
from tests.simulator.builders import InProcess, guid
from tests.simulator.writes.company import as_remediator, company, found

KEY = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": "cHVibGlj", "displayName": "CN=new"}


def app(tenant: Tenant, name: str = "Secret rotated") -> Entity:
    return found(tenant, "applications", displayName=name)


def url(entity: Entity, action: str = "") -> str:
    return f"/v1.0/applications/{entity['id']}{action}"


def test_a_secret_is_told_once(graph: InProcess, tenant: Tenant) -> None:
    owner = app(tenant)
    wanted = {"displayName": "new one", "endDateTime": "2027-01-01T00:00:00Z"}

    reply = graph.post(url(owner, "/addPassword"), {"passwordCredential": wanted})

    text = reply.body["secretText"]
    kept = app(tenant)["passwordCredentials"][-1]
    assert (kept["displayName"], kept["endDateTime"], kept["hint"]) == ("new one", "2027-01-01T00:00:00Z", text[:3])
    assert (kept["keyId"], kept["secretText"]) == (reply.body["keyId"], None)
    assert text not in repr(tenant)
    assert text not in repr(graph.server.requests)
    shown = graph.get(url(owner, "?$select=passwordCredentials")).body["passwordCredentials"]
    assert [one["keyId"] for one in shown] == [one["keyId"] for one in owner["passwordCredentials"]]


@pytest.mark.parametrize(
    "wanted",
    [{"secretText": "mine"}, {"keyId": guid(1)}, {"endDateTime": "2020-01-01T00:00:00Z"}, {"endDateTime": "x"}],
)
def test_a_secret_that_graph_would_not_make_is_refused(
    graph: InProcess, tenant: Tenant, wanted: dict[str, str]
) -> None:
    before = list(app(tenant)["passwordCredentials"])

    assert graph.post(url(app(tenant), "/addPassword"), {"passwordCredential": wanted}).status == 400
    assert app(tenant)["passwordCredentials"] == before


def test_a_removed_secret_is_gone_and_the_others_stay(graph: InProcess, tenant: Tenant) -> None:
    first, second = app(tenant)["passwordCredentials"]

    reply = graph.post(url(app(tenant), "/removePassword"), {"keyId": first["keyId"]})
    again = graph.post(url(app(tenant), "/removePassword"), {"keyId": first["keyId"]})

    assert (reply.status, again.status, again.code) == (204, 400, "Request_BadRequest")
    assert app(tenant)["passwordCredentials"] == [second]


def test_secrets_cannot_be_patched(graph: InProcess, tenant: Tenant) -> None:
    before = list(app(tenant)["passwordCredentials"])

    assert graph.patch(url(app(tenant)), {"passwordCredentials": []}).status == 400
    assert app(tenant)["passwordCredentials"] == before


def test_certificates_are_replaced_as_a_whole(graph: InProcess, tenant: Tenant) -> None:
    owner = app(tenant, "Certificate ends_later")
    (old,) = owner["keyCredentials"]
    shown = graph.get(url(owner)).body["keyCredentials"]

    assert graph.patch(url(owner), {"keyCredentials": [*shown, KEY]}).status == 204
    both = list(owner["keyCredentials"])
    assert graph.patch(url(owner), {"keyCredentials": [{"keyId": both[1]["keyId"]}]}).status == 204

    assert (both[0], both[1]["displayName"]) == (old, "CN=new")
    assert [one["keyId"] for one in owner["keyCredentials"]] == [both[1]["keyId"]]


@pytest.mark.parametrize("missing", ["type", "usage", "key"])
def test_a_new_certificate_must_be_complete(graph: InProcess, tenant: Tenant, missing: str) -> None:
    owner = app(tenant, "Certificate ends_later")
    incomplete = {name: value for name, value in KEY.items() if name != missing}

    assert graph.patch(url(owner), {"keyCredentials": [incomplete]}).status == 400
    assert len(owner["keyCredentials"]) == 1


@pytest.mark.parametrize("body", [{"appId": guid(1)}, {"publisherDomain": "x"}, {"keyCredentials": "none"}])
def test_what_graph_sets_itself_is_read_only(graph: InProcess, tenant: Tenant, body: dict[str, object]) -> None:
    assert graph.patch(url(app(tenant)), body).status == 400


def test_parts_of_a_complex_property_that_are_not_named_stay(graph: InProcess, tenant: Tenant) -> None:
    graph.patch(url(app(tenant)), {"web": {"redirectUris": []}})

    web = app(tenant)["web"]
    assert web["redirectUris"] == []
    assert web["implicitGrantSettings"] == {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False}


def test_a_disabled_principal_shows_so(graph: InProcess, tenant: Tenant) -> None:
    principal = found(tenant, "servicePrincipals", displayName="Secret ended", accountEnabled=True)

    assert graph.patch(f"/v1.0/servicePrincipals/{principal['id']}", {"accountEnabled": False}).status == 204
    assert graph.get(f"/v1.0/servicePrincipals/{principal['id']}").body["accountEnabled"] is False


def test_owning_an_application_is_enough_for_it_alone(tmp_path: Path) -> None:
    tenant = company(withhold=frozenset({"Application.ReadWrite.All"}))
    owned, other = tenant.collections["applications"][:2]
    tenant.relations[f"applications/{owned['id']}/owners"] = [REMEDIATOR_OBJECT_ID]
    roles = tenant.registrations[1].roles | {"Application.ReadWrite.OwnedBy"}
    tenant.registrations[1] = replace(tenant.registrations[1], roles=roles)
    graph = as_remediator(tmp_path, tenant)

    assert graph.post(url(owned, "/addPassword"), {}).status == 200
    assert graph.post(url(other, "/addPassword"), {}).status == 403


# Grants


def test_a_grant_is_shrunk_deleted_and_made_again(graph: InProcess, tenant: Tenant) -> None:
    grant = dict(next(one for one in tenant.collections["oauth2PermissionGrants"] if " " in one["scope"]))
    path = f"/v1.0/oauth2PermissionGrants/{grant['id']}"

    assert graph.patch(path, {"scope": "openid"}).status == 204
    assert graph.get(path).body["scope"] == "openid"
    assert (graph.delete(path).status, graph.get(path).status, graph.delete(path).status) == (204, 404, 404)
    again = graph.post("/v1.0/oauth2PermissionGrants", {k: v for k, v in grant.items() if k != "id"})
    listed = graph.get(f"/v1.0/oauth2PermissionGrants?$filter=clientId%20eq%20'{grant['clientId']}'")

    assert again.body["id"] != grant["id"]
    assert listed.ids == [again.body["id"]]
    assert listed.body["value"][0]["scope"] == grant["scope"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"consentType": "Everybody"}, 400),
        ({"consentType": "Principal"}, 400),
        ({"principalId": guid(404), "consentType": "Principal"}, 404),
        ({"clientId": guid(404)}, 404),
        ({}, 409),
    ],
)
def test_a_grant_that_cannot_be_is_refused(
    graph: InProcess, tenant: Tenant, change: dict[str, str], status: int
) -> None:
    standing = found(tenant, "oauth2PermissionGrants", consentType="AllPrincipals")
    wanted = {name: value for name, value in standing.items() if name not in ("id", "principalId")} | change
    before = len(tenant.collections["oauth2PermissionGrants"])

    assert graph.post("/v1.0/oauth2PermissionGrants", wanted).status == status
    assert len(tenant.collections["oauth2PermissionGrants"]) == before


def test_only_the_scope_of_a_grant_changes(graph: InProcess, tenant: Tenant) -> None:
    path = f"/v1.0/oauth2PermissionGrants/{tenant.collections['oauth2PermissionGrants'][0]['id']}"

    assert graph.patch(path, {"consentType": "AllPrincipals"}).status == 400
    assert graph.patch(path, {"scope": " "}).status == 400


def test_a_permission_is_withdrawn_and_given_back(graph: InProcess, tenant: Tenant) -> None:
    row = dict(found(tenant, "appRoleAssignments", principalType="ServicePrincipal"))
    base = f"/v1.0/servicePrincipals/{row['principalId']}/appRoleAssignments"
    assert graph.get(f"{base}/{row['id']}").body["appRoleId"] == row["appRoleId"]

    assert graph.delete(f"{base}/{row['id']}").status == 204
    assert graph.get(f"{base}/{row['id']}").status == 404
    own = {name: row[name] for name in ("principalId", "resourceId", "appRoleId")}
    made, twice = graph.post(base, own), graph.post(base, own)

    assert (made.status, twice.status) == (201, 400)
    assert made.body["principalDisplayName"] == row["principalDisplayName"]
    assert made.body["id"] in graph.get(f"/v1.0/servicePrincipals/{row['resourceId']}/appRoleAssignedTo?$top=999").ids


def test_an_assignment_is_found_below_its_own_principal_only(graph: InProcess, tenant: Tenant) -> None:
    row = found(tenant, "appRoleAssignments", principalType="ServicePrincipal")

    other = f"/v1.0/servicePrincipals/{REMEDIATOR_OBJECT_ID}/appRoleAssignments/{row['id']}"

    assert (graph.get(other).status, graph.delete(other).status) == (404, 404)


@pytest.mark.parametrize("change", [{"appRoleId": guid(9)}, {"principalId": REMEDIATOR_OBJECT_ID}])
def test_an_assignment_of_something_else_is_refused(graph: InProcess, tenant: Tenant, change: dict[str, str]) -> None:
    row = found(tenant, "appRoleAssignments", principalType="ServicePrincipal")
    wanted = {name: row[name] for name in ("principalId", "resourceId", "appRoleId")} | change

    assert graph.post(f"/v1.0/servicePrincipals/{row['principalId']}/appRoleAssignments", wanted).status == 400
