"""What holds of every write: it works, it needs its permission, its target, its licence and a good body."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from posture.simulator.authentication_methods import ALTERNATE_MOBILE, PASSWORD
from posture.simulator.tenant import Tenant
from posture.simulator.write_facts import WriteRoute, write_routes
from tests.simulator.builders import guid
from tests.simulator.writes.company import (
    POLICIES,
    ROLES,
    SECURITY_READER,
    as_remediator,
    company,
    found,
    group,
    user,
)

Example = tuple[tuple[str, ...], object]
EVERYTHING = {"applications": {"includeApplications": ["All"]}, "users": {"includeUsers": ["All"]}}


def of_method(type_name: str) -> Callable[[Tenant], Example]:
    def example(tenant: Tenant) -> Example:
        owner = user(tenant, "risky.high")
        tenant.default_methods.pop(owner)
        made = {"@odata.type": f"#microsoft.graph.{type_name}", "id": "made"}
        tenant.authentication_methods[owner].append(made)
        return (owner, "made"), None

    return example


def restored(tenant: Tenant) -> Example:
    gone = tenant.collections["users"].pop()
    tenant.collections["directory/deletedItems"] = [gone | {"@odata.type": "#microsoft.graph.user"}]
    return (gone["id"],), None


def with_pass(tenant: Tenant) -> Example:
    configurations = tenant.singletons["policies/authenticationMethodsPolicy"]["authenticationMethodConfigurations"]
    next(one for one in configurations if one["id"] == "TemporaryAccessPass")["state"] = "enabled"
    return (user(tenant, "risky.high"),), {"lifetimeInMinutes": 60}


def reference(tenant: Tenant) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user(tenant, 'room')}"}


def new_eligibility(tenant: Tenant) -> dict[str, object]:
    return {
        "action": "adminAssign",
        "principalId": user(tenant, "room"),
        "roleDefinitionId": SECURITY_READER,
        "directoryScopeId": "/",
        "scheduleInfo": {"expiration": {"type": "noExpiration"}},
    }


def principal(tenant: Tenant) -> str:
    return str(found(tenant, "servicePrincipals", displayName="Secret ended")["id"])


def assignment(tenant: Tenant, column: str) -> Example:
    row = found(tenant, "appRoleAssignments", principalType="ServicePrincipal")
    return (row[column], row["id"]), None


def new_assignment(tenant: Tenant) -> Example:
    graph = found(tenant, "servicePrincipals", displayName="Microsoft Graph")
    own = {"principalId": principal(tenant), "resourceId": graph["id"], "appRoleId": graph["appRoles"][0]["id"]}
    tenant.collections["appRoleAssignments"] = []
    return (own["principalId"],), own


def new_grant(tenant: Tenant) -> Example:
    graph = found(tenant, "servicePrincipals", displayName="Microsoft Graph")["id"]
    tenant.collections["oauth2PermissionGrants"] = []
    own = {"clientId": principal(tenant), "resourceId": graph, "consentType": "AllPrincipals", "scope": "User.Read"}
    return (), own


def with_secret(collection: str) -> Callable[[Tenant], Example]:
    def example(tenant: Tenant) -> Example:
        owner = next(one for one in tenant.collections[collection] if one["passwordCredentials"])
        return (owner["id"],), {"keyId": owner["passwordCredentials"][0]["keyId"]}

    return example


def federated(tenant: Tenant) -> Example:
    owner = tenant.collections["applications"][0]["id"]
    tenant.collections[f"applications/{owner}/federatedIdentityCredentials"] = [{"id": "fic"}]
    return (owner, "fic"), None


EXAMPLES: dict[str, Callable[[Tenant], Example]] = {
    "user-revokesigninsessions": lambda t: ((user(t, "room"),), None),
    "user-patch-disable": lambda t: ((user(t, "room"),), {"accountEnabled": False}),
    "user-patch-usertype": lambda t: ((user(t, "room"),), {"userType": "Guest"}),
    "user-patch-password": lambda t: ((user(t, "room"),), {"passwordProfile": {"password": "Correct-Horse-7"}}),
    "user-create": lambda _: (
        (),
        {
            "accountEnabled": True,
            "displayName": "New",
            "mailNickname": "new",
            "userPrincipalName": "new@contoso.example.com",
            "passwordProfile": {"password": "Correct-Horse-7"},
        },
    ),
    "user-delete": lambda t: ((user(t, "room"),), None),
    "deleteditems-restore": restored,
    "delete-phonemethods": lambda t: ((user(t, "risky.high"), ALTERNATE_MOBILE), None),
    "delete-emailmethods": of_method("emailAuthenticationMethod"),
    "delete-fido2methods": of_method("fido2AuthenticationMethod"),
    "delete-microsoftauthenticatormethods": of_method("microsoftAuthenticatorAuthenticationMethod"),
    "delete-windowshelloforbusinessmethods": of_method("windowsHelloForBusinessAuthenticationMethod"),
    "delete-softwareoathmethods": of_method("softwareOathAuthenticationMethod"),
    "delete-temporaryaccesspassmethods": of_method("temporaryAccessPassAuthenticationMethod"),
    "delete-platformcredentialmethods": of_method("platformCredentialAuthenticationMethod"),
    "delete-externalauthenticationmethods": of_method("externalAuthenticationMethod"),
    "delete-passwordmethods": lambda t: ((user(t, "room"), PASSWORD), None),
    "temporaryaccesspass-create": with_pass,
    "riskyusers-dismiss": lambda t: ((), {"userIds": [user(t, "risky.high")]}),
    "riskyusers-confirmcompromised": lambda t: ((), {"userIds": [user(t, "risky.high")]}),
    "riskyserviceprincipals-dismiss": lambda t: ((), {"servicePrincipalIds": [principal(t)]}),
    "riskyserviceprincipals-confirmcompromised": lambda t: ((), {"servicePrincipalIds": [principal(t)]}),
    "application-addpassword": lambda t: ((t.collections["applications"][0]["id"],), {"passwordCredential": {}}),
    "application-removepassword": with_secret("applications"),
    "application-patch": lambda t: ((t.collections["applications"][0]["id"],), {"keyCredentials": []}),
    "application-fic-delete": federated,
    "serviceprincipal-addpassword": lambda t: ((principal(t),), None),
    "serviceprincipal-removepassword": with_secret("servicePrincipals"),
    "serviceprincipal-patch-disable": lambda t: ((principal(t),), {"accountEnabled": False}),
    "oauth2permissiongrant-create": new_grant,
    "oauth2permissiongrant-patch": lambda t: (
        (t.collections["oauth2PermissionGrants"][0]["id"],),
        {"scope": "openid"},
    ),
    "oauth2permissiongrant-delete": lambda t: ((t.collections["oauth2PermissionGrants"][0]["id"],), None),
    "approleassignment-create": new_assignment,
    "approleassignment-delete": lambda t: assignment(t, "principalId"),
    "approleassignedto-delete": lambda t: assignment(t, "resourceId"),
    "group-member-add": lambda t: ((group(t, "Without Members"),), reference(t)),
    "group-member-remove": lambda t: ((group(t, "Loop A"), user(t, "risky.low")), None),
    "group-member-delete": lambda t: ((group(t, "Loop A"), user(t, "risky.low")), None),
    "group-owner-add": lambda t: ((group(t, "Without Members"),), reference(t)),
    "group-create": lambda _: (
        (),
        {"displayName": "New", "mailEnabled": False, "mailNickname": "new", "securityEnabled": True},
    ),
    "group-patch": lambda t: ((group(t, "Loop A"),), {"description": "x"}),
    "group-delete": lambda t: ((group(t, "Loop A"),), None),
    "roleassignment-create": lambda t: (
        (),
        {"principalId": user(t, "room"), "roleDefinitionId": SECURITY_READER, "directoryScopeId": "/"},
    ),
    "roleassignment-delete": lambda t: (
        (found(t, f"{ROLES}/roleAssignments", principalId=user(t, "ga.first"))["id"],),
        None,
    ),
    "roleeligibilityschedulerequest-create": lambda t: ((), new_eligibility(t)),
    "roleassignmentschedulerequest-create": lambda t: ((), new_eligibility(t)),
    "ca-policy-create": lambda _: (
        (),
        {
            "displayName": "New",
            "state": "disabled",
            "conditions": EVERYTHING,
            "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        },
    ),
    "ca-policy-patch": lambda t: ((t.collections[POLICIES][0]["id"],), {"state": "disabled"}),
    "ca-policy-delete": lambda t: ((t.collections[POLICIES][0]["id"],), None),
    "securitydefaults-patch": lambda _: ((), {"isEnabled": False}),
    "authorizationpolicy-patch": lambda _: ((), {"allowInvitesFrom": "none"}),
}
WRITES = [route for route in write_routes() if route.id != "delete-passwordmethods"]
PERMITTED = [route for route in WRITES if route.permissions]


def url_of(route: WriteRoute, keys: tuple[str, ...]) -> str:
    left = iter(keys)
    return "/v1.0/" + "/".join(next(left) if part == "{id}" else part for part in route.segments)


def test_every_write_has_an_example() -> None:
    assert sorted(EXAMPLES) == sorted(route.id for route in write_routes())


@pytest.mark.parametrize("route", write_routes(), ids=lambda route: route.id)
def test_a_permitted_write_is_answered_as_documented(tmp_path: Path, route: WriteRoute) -> None:
    tenant = company()
    keys, body = EXAMPLES[route.id](tenant)
    graph = as_remediator(tmp_path, tenant)

    reply = graph.write(route.method, url_of(route, keys), body)

    assert reply.status == route.status, reply.content
    assert bool(reply.content) == (route.status != 204)
    assert graph.server.requests[-1].route == route.id
    if route.status == 201:
        assert reply.body["@odata.context"].startswith(f"{graph.root}/v1.0/$metadata#")
        assert reply.body["id"]


@pytest.mark.parametrize("route", PERMITTED, ids=lambda route: route.id)
def test_a_write_needs_one_of_its_permissions(tmp_path: Path, route: WriteRoute) -> None:
    sufficient = frozenset[str]().union(*route.permissions)
    tenant = company(withhold=sufficient)
    keys, body = EXAMPLES[route.id](tenant)
    graph = as_remediator(tmp_path, tenant)
    before = repr((tenant.collections, tenant.relations, tenant.singletons, tenant.authentication_methods))

    reply = graph.write(route.method, url_of(route, keys), body)

    assert (reply.status, reply.code) == (403, "Authorization_RequestDenied")
    after = repr((tenant.collections, tenant.relations, tenant.singletons, tenant.authentication_methods))
    assert after == before


TOGETHER = [route for route in PERMITTED if any(len(together) > 1 for together in route.permissions)]


@pytest.mark.parametrize("route", TOGETHER, ids=lambda route: route.id)
def test_permissions_needed_together_are_not_enough_alone(tmp_path: Path, route: WriteRoute) -> None:
    first, *others = route.permissions
    for missing in first:
        tenant = company(withhold=frozenset({missing}).union(*others))
        keys, body = EXAMPLES[route.id](tenant)
        graph = as_remediator(tmp_path / missing, tenant)
        assert graph.write(route.method, url_of(route, keys), body).status == 403


WITH_KEYS = [route for route in WRITES if "{id}" in route.path]


@pytest.mark.parametrize("route", WITH_KEYS, ids=lambda route: route.id)
def test_what_does_not_exist_is_not_found(tmp_path: Path, route: WriteRoute) -> None:
    tenant = company()
    keys, body = EXAMPLES[route.id](tenant)
    graph = as_remediator(tmp_path, tenant)

    for at in range(len(keys)):
        unknown = (*keys[:at], guid(404), *keys[at + 1 :])
        reply = graph.write(route.method, url_of(route, unknown), body)
        assert (reply.status, reply.code) == (404, "Request_ResourceNotFound")


WITH_BODY = [route for route in WRITES if route.body is not None]


@pytest.mark.parametrize("route", WITH_BODY, ids=lambda route: route.id)
def test_an_unknown_property_or_a_missing_one_is_a_bad_request(tmp_path: Path, route: WriteRoute) -> None:
    tenant = company()
    keys, body = EXAMPLES[route.id](tenant)
    graph = as_remediator(tmp_path, tenant)
    good = body if isinstance(body, dict) else {}
    bad = [good | {"nonsense": 1}, *({k: v for k, v in good.items() if k != name} for name in route.required)]
    bad += [good | {name: {"wrong": ["type"]}} for name in route.required]

    for document in bad:
        reply = graph.write(route.method, url_of(route, keys), document)
        assert (reply.status, reply.code) in {(400, "Request_BadRequest"), (400, "BadRequest")}, document


@pytest.mark.parametrize("route", [r for r in WRITES if r.licence], ids=lambda route: route.id)
def test_a_licence_is_needed_where_reading_needs_one(tmp_path: Path, route: WriteRoute) -> None:
    tenant = company()
    keys, body = EXAMPLES[route.id](tenant)
    tenant.licences = frozenset()
    graph = as_remediator(tmp_path, tenant)

    reply = graph.write(route.method, url_of(route, keys), body)

    expected = {"pim": (400, "AadPremiumLicenseRequired"), "conditional_access": (403, "AccessDenied")}
    assert (reply.status, reply.code) == expected.get(str(route.licence), (403, "Forbidden"))
