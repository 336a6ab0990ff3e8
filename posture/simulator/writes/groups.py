"""Writes on groups: members, owners, creation, properties, deletion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from posture.simulator.directory import DirectoryObject
from posture.simulator.graph_errors import invalid_request, not_found
from posture.simulator.tenant import Entity
from posture.simulator.writes.access import needs_one_of
from posture.simulator.writes.changes import SYNCHRONISED, merge, properties, refuse_read_only
from posture.simulator.writes.deletion import delete_object, may_delete
from posture.simulator.writes.role_holders import check_role
from posture.simulator.writes.write import Changed, Write, new_guid

_MOST_BOUND = 20
_NICKNAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_LAST_SEGMENT = re.compile(
    r"https://[^/]+/(v1\.0|beta)/(directoryObjects|users|groups|servicePrincipals|devices)/([^/]+)"
)
_READ_ONLY = (
    "id", "createdDateTime", "deletedDateTime", "expirationDateTime", "mail", "onPremisesDomainName",
    "onPremisesLastSyncDateTime", "onPremisesSamAccountName", "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled", "proxyAddresses", "renewedDateTime", "securityIdentifier", "assignedLicenses",
)  # fmt: skip
_EMPTY: Mapping[str, Any] = {
    "deletedDateTime": None, "description": None, "classification": None, "expirationDateTime": None,
    "groupTypes": [], "mail": None, "proxyAddresses": [], "visibility": None, "isAssignableToRole": None,
    "membershipRule": None, "membershipRuleProcessingState": None, "onPremisesSyncEnabled": None,
    "onPremisesLastSyncDateTime": None, "onPremisesSecurityIdentifier": None, "onPremisesSamAccountName": None,
    "onPremisesDomainName": None, "onPremisesNetBiosName": None, "onPremisesProvisioningErrors": [],
    "preferredDataLocation": None, "preferredLanguage": None, "resourceBehaviorOptions": [],
    "resourceProvisioningOptions": [], "theme": None, "uniqueName": None, "assignedLicenses": [],
}  # fmt: skip


def add_member(write: Write) -> Changed:
    group = write.target("groups")
    _check_membership(group, write)
    _bind(write, group, "members", [write.body["@odata.id"]])
    return None


def add_owner(write: Write) -> Changed:
    _bind(write, write.target("groups"), "owners", [write.body["@odata.id"]])
    return None


def remove_member(write: Write) -> Changed:
    group = write.target("groups")
    _check_membership(group, write)
    member = _member(group, write)
    write.tenant.relations[f"groups/{group['id']}/members"].remove(member.entity["id"])
    return None


def delete_member_itself(write: Write) -> Changed:
    """Delete the very object: what a request without ``/$ref`` at its end means, however little it is meant."""
    member = _member(write.target("groups"), write)
    may_delete(write, member.type_name)
    if member.type_name == "user":
        check_role("privileged", write.directory, write.caller.object_id, member.entity)
    delete_object(write, member)
    return None


def create_group(write: Write) -> Changed:
    wanted = properties(write.body)
    refuse_read_only(wanted, _READ_ONLY)
    _check_new(wanted, write)
    group: Entity = {"id": new_guid(write.tenant), **_EMPTY, "createdDateTime": write.at, "renewedDateTime": write.at}
    group |= {"securityIdentifier": f"S-1-12-1-{int(group['id'][:8], 16)}-1-2-3", **wanted}
    found = {name: _found(write, write.body.get(f"{name}@odata.bind") or []) for name in ("members", "owners")}
    write.tenant.collections.setdefault("groups", []).append(group)
    for name, objects in found.items():
        write.tenant.relations[f"groups/{group['id']}/{name}"] = [one.entity["id"] for one in objects]
    return write.context("groups/$entity") | group


def change_group(write: Write) -> Changed:
    group = write.target("groups")
    refuse_read_only(write.body, (*_READ_ONLY, "isAssignableToRole"))
    if group.get("onPremisesSyncEnabled") is True:
        raise invalid_request(SYNCHRONISED)
    bound = write.body.get("members@odata.bind")
    if group.get("isAssignableToRole") or bound:
        _check_membership(group, write, is_about_members=bool(bound))
    if bound:
        _bind(write, group, "members", bound)
    merge(group, properties(write.body))
    return None


def delete_group(write: Write) -> Changed:
    group = write.target("groups")
    _check_role_assignable(group, write)
    delete_object(write, DirectoryObject(type_name="group", entity=group))
    return None


def _check_membership(group: Entity, write: Write, *, is_about_members: bool = True) -> None:
    _check_role_assignable(group, write)
    if is_about_members and "DynamicMembership" in group.get("groupTypes", ()):
        raise invalid_request("Insufficient privileges: the members of a dynamic group are decided by its rule.")
    if group.get("onPremisesSyncEnabled") is True:
        raise invalid_request(SYNCHRONISED)


def _check_role_assignable(group: Mapping[str, Any], write: Write) -> None:
    if group.get("isAssignableToRole"):
        needs_one_of(write.caller, "RoleManagement.ReadWrite.Directory")


def _check_new(wanted: Mapping[str, Any], write: Write) -> None:
    _check_role_assignable(wanted, write)
    is_unified = "Unified" in (wanted.get("groupTypes") or ())
    if _NICKNAME.fullmatch(str(wanted["mailNickname"])) is None:
        raise invalid_request("Invalid value specified for property 'mailNickname' of resource 'Group'.")
    if bool(wanted["mailEnabled"]) != is_unified or not (is_unified or wanted["securityEnabled"]):
        raise invalid_request("The service does not currently support writes of mail-enabled groups of this kind.")
    is_dynamic = "DynamicMembership" in (wanted.get("groupTypes") or ())
    if wanted.get("isAssignableToRole") and (is_dynamic or not wanted["securityEnabled"]):
        raise invalid_request("A role-assignable group is security-enabled and has assigned members.")


def _member(group: Entity, write: Write) -> DirectoryObject:
    for member in write.directory.related(f"groups/{group['id']}/members"):
        if member.entity["id"].lower() == write.keys[1].lower():
            return member
    raise not_found(write.keys[1][:200])


def _bind(write: Write, group: Entity, relation: str, urls: list[Any]) -> None:
    """Add all the objects named by their URLs, or none."""
    path = f"groups/{group['id']}/{relation}"
    found = _found(write, urls)
    if relation == "members" and group.get("isAssignableToRole") and any(o.type_name == "group" for o in found):
        raise invalid_request("A group cannot be a member of a role-assignable group.")
    ids = [one.entity["id"] for one in found]
    if set(ids) & set(write.tenant.relations.get(path, ())) or len(set(ids)) < len(ids):
        raise invalid_request(
            f"One or more added object references already exist for the following modified properties: '{relation}'."
        )
    write.tenant.relations.setdefault(path, []).extend(ids)


def _found(write: Write, urls: Any) -> list[DirectoryObject]:
    if not isinstance(urls, list) or len(urls) > _MOST_BOUND:
        raise invalid_request(f"At most {_MOST_BOUND} references can be given at once.")
    return [_object(write, url) for url in urls]


def _object(write: Write, url: Any) -> DirectoryObject:
    found = _LAST_SEGMENT.fullmatch(str(url))
    if found is None:
        raise invalid_request("Invalid URL format specified in @odata.bind or @odata.id.")
    known = write.directory.objects().get(found[3].lower())
    if known is None:
        raise not_found(found[3][:200])
    return known
