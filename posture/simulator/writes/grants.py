"""Writes on what applications were granted: delegated grants and app role assignments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from posture.simulator.graph_errors import GraphError, invalid_request, not_found
from posture.simulator.tenant import Entity
from posture.simulator.writes.changes import properties
from posture.simulator.writes.write import Changed, Effect, Write, new_opaque_id

GRANTS = "oauth2PermissionGrants"
ASSIGNMENTS = "appRoleAssignments"
_NO_ROLE = "00000000-0000-0000-0000-000000000000"


def create_grant(write: Write) -> Changed:
    wanted = {
        name: write.body.get(name) for name in ("clientId", "consentType", "principalId", "resourceId", "scope")
    }
    _check_grant(wanted, write)
    made: Entity = {"id": new_opaque_id(write.tenant), **wanted}
    write.tenant.collections.setdefault(GRANTS, []).append(made)
    return write.context(f"{GRANTS}/$entity") | made


def change_grant(write: Write) -> Changed:
    """Replace the scopes; nothing else of a grant can change."""
    grant = write.target(GRANTS)
    for name in properties(write.body):
        if name != "scope":
            raise invalid_request(f"Property '{name}' is read-only and cannot be set.")
    if not str(write.body.get("scope") or "").strip():
        raise invalid_request("Invalid value specified for property 'scope' of resource 'OAuth2PermissionGrant'.")
    grant["scope"] = write.body["scope"]
    return None


def delete_grant(write: Write) -> Changed:
    write.tenant.collections[GRANTS].remove(write.target(GRANTS))
    return None


def create_assignment(write: Write) -> Changed:
    principal = write.target("servicePrincipals")
    resource = write.directory.one("servicePrincipals", str(write.body["resourceId"]))
    if str(write.body["principalId"]).lower() != principal["id"].lower():
        raise invalid_request("The principalId of the assignment must be the id in the request's URL.")
    offered = {role["id"] for role in resource.get("appRoles", ())} or {_NO_ROLE}
    if write.body["appRoleId"] not in offered:
        raise invalid_request("Permission being assigned was not found on application.")
    same = {"principalId": principal["id"], "resourceId": resource["id"], "appRoleId": str(write.body["appRoleId"])}
    if write.directory.held_in(ASSIGNMENTS, **same):
        raise invalid_request("Permission being assigned already exists on the object.")
    made: Entity = {
        "id": new_opaque_id(write.tenant),
        "deletedDateTime": None,
        "createdDateTime": write.at,
        "principalDisplayName": principal.get("displayName"),
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource.get("displayName"),
        **same,
    }
    write.tenant.collections.setdefault(ASSIGNMENTS, []).append(made)
    return write.context("appRoleAssignments/$entity") | made


def deleting_assignment(column: str) -> Effect:
    """Return the write that removes an assignment below its principal or its resource."""

    def delete_assignment(write: Write) -> Changed:
        owner = write.target("servicePrincipals")
        for row in write.directory.collection(ASSIGNMENTS):
            if row["id"] == write.keys[1] and row[column] == owner["id"]:
                write.tenant.collections[ASSIGNMENTS].remove(row)
                return None
        raise not_found(write.keys[1][:200])

    return delete_assignment


def _check_grant(wanted: Mapping[str, Any], write: Write) -> None:
    write.directory.one("servicePrincipals", str(wanted["clientId"]))
    write.directory.one("servicePrincipals", str(wanted["resourceId"]))
    consent, principal = wanted["consentType"], wanted["principalId"]
    if consent not in {"AllPrincipals", "Principal"} or (consent == "Principal") != bool(principal):
        raise invalid_request("consentType is AllPrincipals without a principalId, or Principal with one.")
    if principal:
        write.directory.one("users", str(principal))
    for row in write.directory.collection(GRANTS):
        if all(row.get(name) == wanted[name] for name in ("clientId", "resourceId", "principalId", "consentType")):
            raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.")
