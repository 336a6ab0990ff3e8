"""Writes on users: sessions, properties, password, creation and deletion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from posture.simulator.directory import DirectoryObject
from posture.simulator.graph_errors import GraphError, invalid_request
from posture.simulator.rendering import DEFAULT_USER
from posture.simulator.tenant import Entity
from posture.simulator.writes.deletion import delete_object
from posture.simulator.writes.write import Changed, Write, new_guid

_READ_ONLY = frozenset(
    {
        "assignedLicenses", "assignedPlans", "createdDateTime", "creationType", "deletedDateTime", "id",
        "imAddresses", "isManagementRestricted", "lastPasswordChangeDateTime", "licenseAssignmentStates",
        "onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesLastSyncDateTime",
        "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled",
        "onPremisesUserPrincipalName", "provisionedPlans",
        "proxyAddresses", "securityIdentifier", "signInActivity", "signInSessionsValidFromDateTime",
    }
)  # fmt: skip
_KEPT_IN_CLOUD = frozenset(
    {"usageLocation", "userType", "passwordProfile", "passwordPolicies", "otherMails", "employeeLeaveDateTime"}
)
_USER_TYPES = frozenset({"Member", "Guest"})
_SHORTEST_PASSWORD = 8
_KINDS_OF_CHARACTERS = ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]")
_EMPTY: Mapping[str, Any] = {
    "deletedDateTime": None, "userType": "Member", "givenName": None, "surname": None, "mail": None, "otherMails": [],
    "department": None, "jobTitle": None, "businessPhones": [], "mobilePhone": None, "officeLocation": None,
    "preferredLanguage": None, "usageLocation": None, "employeeId": None, "employeeType": None,
    "employeeHireDate": None, "employeeLeaveDateTime": None, "creationType": None, "externalUserState": None,
    "externalUserStateChangeDateTime": None, "passwordPolicies": None, "isResourceAccount": None,
    "assignedLicenses": [], "licenseAssignmentStates": [], "onPremisesSyncEnabled": None,
    "onPremisesLastSyncDateTime": None, "onPremisesImmutableId": None, "onPremisesSamAccountName": None,
    "onPremisesDomainName": None, "onPremisesSecurityIdentifier": None, "onPremisesDistinguishedName": None,
    "onPremisesProvisioningErrors": [], "proxyAddresses": [], "identityParentId": None,
}  # fmt: skip


def revoke_sessions(write: Write) -> Changed:
    write.target("users")["signInSessionsValidFromDateTime"] = write.at
    return write.context("Edm.Boolean") | {"value": True}


def change_user(write: Write) -> Changed:
    """Set properties; a new password is not kept, but its date is, and it ends the sessions."""
    user = write.target("users")
    _check_changes(user, write)
    changes = {name: value for name, value in write.body.items() if "@" not in name}
    profile = changes.pop("passwordProfile", None)
    if profile is not None:
        _set_password(user, profile, write)
    user.update(changes)
    return None


def create_user(write: Write) -> Changed:
    name = str(write.body["userPrincipalName"])
    _check_new_name(name, write)
    _check_writable(write.body)
    _check_password(write.body["passwordProfile"].get("password"))
    own = {key: value for key, value in write.body.items() if "@" not in key and key != "passwordProfile"}
    user: Entity = {"id": new_guid(write.tenant), **_EMPTY, "createdDateTime": write.at, **own}
    user["identities"] = [
        {"signInType": "userPrincipalName", "issuer": name.rpartition("@")[2], "issuerAssignedId": name}
    ]
    _set_password(user, write.body["passwordProfile"], write)
    write.tenant.collections.setdefault("users", []).append(user)
    return write.context("users/$entity") | {key: user.get(key) for key in DEFAULT_USER}


def delete_user(write: Write) -> Changed:
    delete_object(write, DirectoryObject(type_name="user", entity=write.target("users")))
    return None


def _check_changes(user: Entity, write: Write) -> None:
    _check_writable(write.body)
    if user.get("onPremisesSyncEnabled") is True and any(name not in _KEPT_IN_CLOUD for name in write.body):
        raise invalid_request(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects "
            "currently undergoing migration."
        )
    name = write.body.get("userPrincipalName")
    if name is not None and str(name).lower() != str(user["userPrincipalName"]).lower():
        _check_new_name(str(name), write)


def _check_writable(body: Mapping[str, Any]) -> None:
    for name in body:
        if name in _READ_ONLY:
            raise invalid_request(f"Property '{name}' is read-only and cannot be set.")
    if "accountEnabled" in body and body["accountEnabled"] is None:
        raise invalid_request("Invalid value specified for property 'accountEnabled' of resource 'User'.")
    if body.get("userType") is not None and body["userType"] not in _USER_TYPES:
        raise invalid_request("Invalid value specified for property 'userType' of resource 'User'.")


def _check_new_name(name: str, write: Write) -> None:
    domains = {str(d["id"]).lower(): d.get("isVerified", True) for d in write.directory.collection("domains")}
    account, _, domain = name.rpartition("@")
    if not account or (domains and not domains.get(domain.lower())):
        raise invalid_request(
            "The domain portion of the userPrincipalName property is invalid. You must use one of the verified "
            "domain names in your organization."
        )
    if any(str(u.get("userPrincipalName")).lower() == name.lower() for u in write.directory.collection("users")):
        raise GraphError(
            400,
            "Request_MultipleObjectsWithSameKeyValue",
            "Another object with the same value for property userPrincipalName already exists.",
        )


def _check_password(password: Any) -> None:
    kinds = sum(bool(re.search(kind, str(password or ""))) for kind in _KINDS_OF_CHARACTERS)
    if not isinstance(password, str) or len(password) < _SHORTEST_PASSWORD or kinds < 3:
        raise invalid_request(
            "The specified password does not comply with password complexity requirements. Please provide a "
            "different password."
        )


def _set_password(user: Entity, profile: Mapping[str, Any], write: Write) -> None:
    if profile.get("password") is not None:
        _check_federated(user, write)
        _check_password(profile["password"])
        user["lastPasswordChangeDateTime"] = write.at
        user["signInSessionsValidFromDateTime"] = write.at
    user["passwordProfile"] = {
        "password": None,
        "forceChangePasswordNextSignIn": bool(profile.get("forceChangePasswordNextSignIn")),
        "forceChangePasswordNextSignInWithMfa": bool(profile.get("forceChangePasswordNextSignInWithMfa")),
    }


def _check_federated(user: Entity, write: Write) -> None:
    domain = str(user.get("userPrincipalName", "")).rpartition("@")[2].lower()
    for known in write.directory.collection("domains"):
        if str(known["id"]).lower() == domain and known.get("authenticationType") == "Federated":
            raise invalid_request("The password of a user whose domain is federated is changed where it is kept.")
