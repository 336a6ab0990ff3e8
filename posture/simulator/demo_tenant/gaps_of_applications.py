"""What is wrong with the credentials and permissions of a tenant's applications, in plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from posture.simulator.demo_tenant.gaps_of_people import moment
from posture.simulator.demo_tenant.graph_permissions import APPLICATION_PERMISSIONS, GRAPH_APP_ID, TIER0_PERMISSIONS
from posture.simulator.tenant import Entity, Tenant


def gaps_of_applications(tenant: Tenant, now: datetime) -> dict[str, frozenset[str]]:
    """Return plain fact → ids: key ids for credentials, assignment ids for permissions, else object ids."""
    secrets = [key for owner in _owners(tenant) for key in owner["passwordCredentials"]]
    certificates = [key for owner in _owners(tenant) if not _is_saml(owner) for key in _certificates(owner)]
    every_key = [
        key for owner in _owners(tenant) for key in (*owner["passwordCredentials"], *owner["keyCredentials"])
    ]
    disabled = [owner for owner in _owners(tenant) if owner["isDisabled"]]
    return {
        "secrets_ending_within_30_days": _ending(secrets, 30, now),
        "secrets_ending_within_90_days": _ending(secrets, 90, now),
        "certificates_ending_within_30_days": _ending(certificates, 30, now),
        "certificates_ending_within_90_days": _ending(certificates, 90, now),
        "credentials_ended": frozenset(key["keyId"] for key in every_key if _ended(key, now)),
        "credentials_without_end": frozenset(key["keyId"] for key in every_key if key["endDateTime"] is None),
        "secrets_of_disabled_applications": _key_ids(disabled, "passwordCredentials"),
        "secrets_of_saml_signing": _key_ids([o for o in _owners(tenant) if _is_saml(o)], "passwordCredentials"),
        "certificates_of_managed_identities": _key_ids(
            [o for o in _owners(tenant) if o.get("servicePrincipalType") == "ManagedIdentity"], "keyCredentials"
        ),
        "tier0_graph_assignments": frozenset(row["id"] for row in _tier0_assignments(tenant)),
        "tier0_graph_principals": frozenset(row["principalId"] for row in _tier0_assignments(tenant)),
    }


def _owners(tenant: Tenant) -> Iterator[Entity]:
    """Yield registrations, then service principals whose registration is elsewhere or nowhere."""
    registered = {application["appId"] for application in tenant.collections["applications"]}
    yield from tenant.collections["applications"]
    for principal in tenant.collections["servicePrincipals"]:
        if principal["appId"] not in registered:
            yield principal


def _is_saml(owner: Entity) -> bool:
    return owner.get("preferredTokenSigningKeyThumbprint") is not None


def _certificates(owner: Entity) -> list[Entity]:
    return [key for key in owner["keyCredentials"] if key["type"] == "AsymmetricX509Cert"]


def _key_ids(owners: list[Entity], kind: str) -> frozenset[str]:
    return frozenset(key["keyId"] for owner in owners for key in owner[kind])


def _ending(keys: list[Entity], days: int, now: datetime) -> frozenset[str]:
    last = now + timedelta(days=days)
    ends = ((key["keyId"], moment(key["endDateTime"])) for key in keys)
    return frozenset(key_id for key_id, end in ends if end is not None and now < end <= last)


def _ended(key: Entity, now: datetime) -> bool:
    end = moment(key["endDateTime"])
    return end is not None and end < now


def _tier0_assignments(tenant: Tenant) -> list[Entity]:
    graph = next(item["id"] for item in tenant.collections["servicePrincipals"] if item["appId"] == GRAPH_APP_ID)
    tier0 = {APPLICATION_PERMISSIONS[name] for name in TIER0_PERMISSIONS}
    rows = tenant.collections["appRoleAssignments"]
    return [row for row in rows if row["resourceId"] == graph and row["appRoleId"] in tier0]
