"""Writes on policies: Conditional Access, security defaults, the authorization policy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from posture.simulator.graph_errors import GraphError
from posture.simulator.tenant import Entity
from posture.simulator.writes.access import needs_one_of
from posture.simulator.writes.changes import merge, properties, refuse_read_only
from posture.simulator.writes.role_holders import DEFINITIONS
from posture.simulator.writes.write import Changed, Write, new_guid

POLICIES = "identity/conditionalAccess/policies"
DELETED_POLICIES = "identity/conditionalAccess/deletedItems/policies"
_DEFAULTS = "policies/identitySecurityDefaultsEnforcementPolicy"
_READ_ONLY = ("id", "createdDateTime", "modifiedDateTime", "deletedDateTime", "templateId")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EMPTY: Mapping[str, Mapping[str, Any]] = {
    "users": {
        "includeUsers": [], "excludeUsers": [], "includeGroups": [], "excludeGroups": [], "includeRoles": [],
        "excludeRoles": [], "includeGuestsOrExternalUsers": None, "excludeGuestsOrExternalUsers": None,
    },
    "applications": {
        "includeApplications": [], "excludeApplications": [], "includeUserActions": [],
        "includeAuthenticationContextClassReferences": [], "applicationFilter": None,
    },
}  # fmt: skip
_CONDITIONS: Mapping[str, Any] = {
    "userRiskLevels": [], "signInRiskLevels": [], "servicePrincipalRiskLevels": [], "insiderRiskLevels": None,
    "clientAppTypes": ["all"], "platforms": None, "locations": None, "devices": None, "clientApplications": None,
    "authenticationFlows": None, "applications": None, "users": None,
}  # fmt: skip
_GRANT: Mapping[str, Any] = {
    "operator": "OR", "builtInControls": [], "customAuthenticationFactors": [], "termsOfUse": [],
    "authenticationStrength": None,
}  # fmt: skip


def create_policy(write: Write) -> Changed:
    wanted = properties(write.body)
    refuse_read_only(wanted, _READ_ONLY)
    policy: Entity = {
        "id": new_guid(write.tenant),
        "templateId": None,
        "displayName": wanted["displayName"],
        "description": wanted.get("description"),
        "createdDateTime": write.at,
        "modifiedDateTime": None,
        "deletedDateTime": None,
        "state": wanted["state"],
        "conditions": _filled({**_CONDITIONS, **wanted["conditions"]}),
        "grantControls": _grant(wanted.get("grantControls"), write),
        "sessionControls": wanted.get("sessionControls"),
    }
    _check_policy(policy, {}, write)
    write.tenant.collections.setdefault(POLICIES, []).append(policy)
    return write.context("identity/conditionalAccess/policies/$entity") | policy


def change_policy(write: Write) -> Changed:
    """Set properties; of the conditions those not named stay, but each that is named is replaced as a whole."""
    before = write.target(POLICIES)
    wanted = properties(write.body)
    refuse_read_only(wanted, _READ_ONLY)
    after = dict(before)
    merge(after, wanted)
    after["conditions"] = _filled(after["conditions"] or {})
    if "grantControls" in wanted:
        after["grantControls"] = _grant(wanted["grantControls"], write)
    _check_policy(after, before, write)
    before.update(after, modifiedDateTime=write.at)
    return None


def delete_policy(write: Write) -> Changed:
    policy = write.target(POLICIES)
    write.tenant.collections[POLICIES].remove(policy)
    write.tenant.collections.setdefault(DELETED_POLICIES, []).append(policy | {"deletedDateTime": write.at})
    return None


def change_security_defaults(write: Write) -> Changed:
    policies = write.directory.collection(POLICIES)
    if write.body.get("isEnabled") is True and any(policy["state"] == "enabled" for policy in policies):
        raise _refused("Security defaults cannot be enabled while a Conditional Access policy is enabled.")
    return _change_singleton(write, _DEFAULTS)


def change_authorization_policy(write: Write) -> Changed:
    return _change_singleton(write, "policies/authorizationPolicy")


def _change_singleton(write: Write, path: str) -> Changed:
    refuse_read_only(write.body, ("id", "deletedDateTime"))
    merge(write.tenant.singletons[path], properties(write.body))
    return None


def _filled(conditions: Mapping[str, Any]) -> Entity:
    """Return conditions in which users and applications have every list."""
    filled = {name: {**empty, **(conditions.get(name) or {})} for name, empty in _EMPTY.items()}
    return {**conditions, **filled}


def _grant(wanted: Mapping[str, Any] | None, write: Write) -> Entity | None:
    """Return the grant controls with every member; a strength is named by its id and shown in full."""
    if wanted is None:
        return None
    strength = wanted.get("authenticationStrength")
    if strength is not None:
        strength = write.directory.one("policies/authenticationStrengthPolicies", str(strength.get("id")))
    return {**_GRANT, **wanted, "authenticationStrength": strength}


def _check_policy(after: Entity, before: Mapping[str, Any], write: Write) -> None:
    conditions = after["conditions"]
    users, applications = conditions["users"], conditions["applications"]
    if not any(users[name] for name in users if name.startswith("include")) and not conditions["clientApplications"]:
        raise _refused("1007: Users condition must include someone.")
    if not any(applications[name] for name in applications if name.startswith("include")):
        raise _refused("1007: Applications condition must include something.")
    if not after["grantControls"] and not after["sessionControls"]:
        raise _refused("1020: A policy needs grant controls or session controls.")
    _check_ids(conditions, before.get("conditions") or {}, write)
    defaults = write.tenant.singletons.get(_DEFAULTS, {})
    if after["state"] == "enabled" and defaults.get("isEnabled") is True:
        raise _refused(
            "1015: Security Defaults is enabled in the tenant. You must disable it before enabling a policy."
        )


def _check_ids(conditions: Mapping[str, Any], before: Mapping[str, Any], write: Write) -> None:
    """No list may repeat itself, and what it names newly must exist; who was deleted since may stay named."""
    old = {value for _, values in _lists(before) for value in values}
    for name, values in _lists(conditions):
        if len({value.lower() for value in values}) < len(values):
            raise _refused(f"1032: {name} holds a value twice.")
        for value in values:
            if value in old or _GUID.fullmatch(value) is None:
                continue
            if name.endswith("Applications"):
                needs_one_of(write.caller, "Application.Read.All", "Application.ReadWrite.All")
            elif not _is_known(name, value, write):
                raise _refused(f"1011: {name} holds an id that does not exist: {value}.")


def _lists(conditions: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for part in ("users", "applications", "locations"):
        for name, value in (conditions.get(part) or {}).items():
            if isinstance(value, list):
                yield name, value


def _is_known(name: str, value: str, write: Write) -> bool:
    if name.endswith("Roles"):
        return bool(
            write.directory.held_in(DEFINITIONS, id=value) or write.directory.held_in(DEFINITIONS, templateId=value)
        )
    if name.endswith("Locations"):
        return bool(write.directory.held_in("identity/conditionalAccess/namedLocations", id=value))
    return value.lower() in write.directory.objects()


def _refused(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)
