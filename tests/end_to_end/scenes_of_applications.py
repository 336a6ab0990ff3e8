"""Actions on applications, their service principals, and Conditional Access."""

from __future__ import annotations

from typing import Any

from .acting_company import Office
from .scenes import Scene, scene

REPORT_ONLY = "enabledForReportingButNotEnforced"


def keys_of(office: Office, path: str) -> list[str]:
    """Return the key ids of the secrets and certificates of an application or service principal."""
    held = office.state(path)
    return [one["keyId"] for one in (*held["passwordCredentials"], *held["keyCredentials"])]


@scene("remove-app-credential")
def remove_secret(office: Office) -> Scene:
    application = office.application_called("Secret ended")["id"]
    (key,) = keys_of(office, f"applications/{application}")
    return Scene(
        target=application,
        check="credential-expired",
        seen=lambda: keys_of(office, f"applications/{application}"),
        before=[key],
        after=[],
        sent=[("POST", f"/applications/{application}/removePassword", {"keyId": key})],
        sent_back=None,
    )


@scene("remove-app-credential")
def remove_certificate(office: Office) -> Scene:
    entity = office.application_called("Certificate ended")
    other = office.application_called("Certificate ends_later")["keyCredentials"][0]
    entity["keyCredentials"] = [*entity["keyCredentials"], dict(other)]
    path, ended = f"applications/{entity['id']}", entity["keyCredentials"][0]["keyId"]
    return Scene(
        target=entity["id"],
        check="credential-expired",
        seen=lambda: keys_of(office, path),
        before=[ended, other["keyId"]],
        after=[other["keyId"]],
        sent=[("PATCH", f"/{path}", {"keyCredentials": [as_told(other)]})],
        sent_back=None,
    )


def as_told(certificate: dict[str, Any]) -> dict[str, Any]:
    """Return a certificate as it is sent back: with everything that Graph tells of it, and it tells no key."""
    return {name: value for name, value in certificate.items() if name != "key"}


@scene("remove-service-principal-credential")
def remove_principals_secret(office: Office) -> Scene:
    principal = office.service_principal("Fabrikam Helpdesk Importer")["id"]
    (key,) = keys_of(office, f"servicePrincipals/{principal}")
    return Scene(
        target=principal,
        parameters={"key_id": key},
        seen=lambda: keys_of(office, f"servicePrincipals/{principal}"),
        before=[key],
        after=[],
        sent=[("POST", f"/servicePrincipals/{principal}/removePassword", {"keyId": key})],
        sent_back=None,
    )


@scene("disable-service-principal")
def block_application(office: Office) -> Scene:
    principal = office.service_principal("Secret ended")["id"]
    path = f"/servicePrincipals/{principal}"
    return Scene(
        target=principal,
        check="app-tier0-graph-permission",
        seen=lambda: office.state(path)["accountEnabled"],
        before=True,
        after=False,
        sent=[("PATCH", path, {"accountEnabled": False})],
        sent_back=lambda: [("PATCH", path, {"accountEnabled": True})],
    )


@scene("revoke-app-role")
def revoke_permission(office: Office) -> Scene:
    principal = office.service_principal("Certificate ended")["id"]
    (grant,) = [one for one in office.tenant.collections["appRoleAssignments"] if one["principalId"] == principal]
    given = {"principalId": principal, "resourceId": grant["resourceId"], "appRoleId": grant["appRoleId"]}
    path = f"/servicePrincipals/{principal}/appRoleAssignments"
    return Scene(
        target=principal,
        check="app-tier0-graph-permission",
        seen=lambda: [
            {name: one[name] for name in given}
            for one in office.state("appRoleAssignments")
            if one["principalId"] == principal
        ],
        before=[given],
        after=[],
        sent=[("DELETE", f"{path}/{grant['id']}", None)],
        sent_back=lambda: [("POST", path, given)],
    )


@scene("revoke-delegated-grant")
def revoke_consent_of_all(office: Office) -> Scene:
    return revoke_consent(office, "AllPrincipals")


@scene("revoke-delegated-grant")
def revoke_consent_of_one(office: Office) -> Scene:
    return revoke_consent(office, "Principal")


def revoke_consent(office: Office, consent: str) -> Scene:
    grants = office.tenant.collections["oauth2PermissionGrants"]
    grant = dict(next(one for one in grants if one["consentType"] == consent))
    id = grant.pop("id")
    return Scene(
        target=grant["clientId"],
        parameters={"grant_id": id},
        seen=lambda: [
            {name: one[name] for name in grant}
            for one in office.state("oauth2PermissionGrants")
            if one["clientId"] == grant["clientId"]
        ],
        before=[grant],
        after=[],
        sent=[("DELETE", f"/oauth2PermissionGrants/{id}", None)],
        sent_back=lambda: [("POST", "/oauth2PermissionGrants", grant)],
    )


@scene("set-conditional-access-state")
def only_report(office: Office) -> Scene:
    policy = office.policy("Block some countries")["id"]
    path = f"/identity/conditionalAccess/policies/{policy}"
    return Scene(
        target=policy,
        check="ca-break-glass-excluded",
        parameters={"to": REPORT_ONLY},
        seen=lambda: office.state(path)["state"],
        before="enabled",
        after=REPORT_ONLY,
        sent=[("PATCH", path, {"state": REPORT_ONLY})],
        sent_back=lambda: [("PATCH", path, {"state": "enabled"})],
    )
