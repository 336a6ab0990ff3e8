"""Soft deletion, what it takes along and what a restore gives back, and deletion for good."""

from __future__ import annotations

from posture.simulator.directory import DIRECTORY_OBJECTS, DirectoryObject
from posture.simulator.graph_errors import GraphError, invalid_request
from posture.simulator.tenant import Entity, Remembered, Tenant
from posture.simulator.writes.access import needs_one_of
from posture.simulator.writes.write import Changed, Write

DELETED = "directory/deletedItems"
RISKY_USERS = "identityProtection/riskyUsers"
REPORT = "reports/authenticationMethods/userRegistrationDetails"
_HOMES = {kind: path for path, kind in DIRECTORY_OBJECTS.items()}
_ROLES = "roleManagement/directory"
_ROWS_OF_PRINCIPALS = (
    "appRoleAssignments",
    "oauth2PermissionGrants",
    f"{_ROLES}/roleAssignments",
    f"{_ROLES}/roleAssignmentSchedules",
    f"{_ROLES}/roleAssignmentScheduleInstances",
    f"{_ROLES}/roleEligibilitySchedules",
    f"{_ROLES}/roleEligibilityScheduleInstances",
)
_POINTERS = ("principalId", "clientId", "resourceId")
_RESTORE = {
    "user": ("User.DeleteRestore.All", "User.ReadWrite.All"),
    "group": ("Group.ReadWrite.All",),
    "application": ("Application.ReadWrite.All",),
    "servicePrincipal": ("Application.ReadWrite.All",),
}
_DELETE = _RESTORE | {"device": ("Device.ReadWrite.All",)}


def may_delete(write: Write, kind: str) -> None:
    """Raise a 403 unless the caller may delete objects of a kind."""
    needs_one_of(write.caller, *_DELETE.get(kind, ("",)))


def delete_object(write: Write, found: DirectoryObject) -> None:
    """Take an object out of the directory: to the deleted items if Graph keeps its kind, else for good."""
    tenant, entity = write.tenant, found.entity
    tenant.collections[_HOMES[found.type_name]].remove(entity)
    ties = _untie(tenant, entity["id"], _HOMES[found.type_name])
    if found.type_name == "user":
        ties.rows[REPORT] = _taken(tenant, REPORT, ("id",), entity["id"])
        _mark_risk(tenant, entity["id"], is_deleted=True)
    if _is_kept(found):
        tenant.remembered[entity["id"]] = ties
        gone = {"@odata.type": f"#microsoft.graph.{found.type_name}", **entity, "deletedDateTime": write.at}
        tenant.collections.setdefault(DELETED, []).append(gone)


def restore(write: Write) -> Changed:
    """Give a soft-deleted object back with everything it was tied to."""
    tenant = write.tenant
    gone = write.directory.one(DELETED, write.keys[0])
    kind = str(gone["@odata.type"]).removeprefix("#microsoft.graph.")
    needs_one_of(write.caller, *_RESTORE.get(kind, ("",)))
    back = {name: value for name, value in gone.items() if name != "@odata.type"} | {"deletedDateTime": None}
    if kind == "user":
        _name_again(write, back)
        _mark_risk(tenant, back["id"], is_deleted=False)
    tenant.collections[DELETED].remove(gone)
    tenant.collections.setdefault(_HOMES[kind], []).append(back)
    _tie_again(tenant, back["id"], tenant.remembered.pop(gone["id"], Remembered()))
    shown = {"@odata.type": f"#microsoft.graph.{kind}", "id": back["id"], "displayName": back.get("displayName")}
    return write.context("directoryObjects/$entity") | shown


def _is_kept(found: DirectoryObject) -> bool:
    """Security groups and devices go at once, Microsoft 365 groups and the other kinds wait thirty days."""
    if found.type_name == "group":
        return "Unified" in found.entity.get("groupTypes", ())
    return found.type_name in _RESTORE


def _name_again(write: Write, user: Entity) -> None:
    wanted = write.body.get("newUserPrincipalName") or user.get("userPrincipalName")
    taken = {str(one.get("userPrincipalName")).lower() for one in write.directory.collection("users")}
    if str(wanted).lower() in taken:
        raise GraphError(
            409, "Request_MultipleObjectsWithSameKeyValue", "Another object has the same userPrincipalName."
        )
    if "@" not in str(wanted):
        raise invalid_request("Property userPrincipalName is invalid.")
    user["userPrincipalName"] = wanted


def _mark_risk(tenant: Tenant, user_id: str, *, is_deleted: bool) -> None:
    for risk in tenant.collections.get(RISKY_USERS, ()):
        if risk["id"] == user_id:
            risk["isDeleted"] = is_deleted


def _untie(tenant: Tenant, object_id: str, home: str) -> Remembered:
    ties = Remembered()
    for path in [path for path in tenant.relations if path.startswith(f"{home}/{object_id}/")]:
        ties.relations[path] = tenant.relations.pop(path)
    for path, ids in tenant.relations.items():
        if object_id in ids:
            ids.remove(object_id)
            ties.held_in.append(path)
    for name in _ROWS_OF_PRINCIPALS:
        ties.rows[name] = _taken(tenant, name, _POINTERS, object_id)
    return ties


def _taken(tenant: Tenant, name: str, columns: tuple[str, ...], object_id: str) -> list[Entity]:
    """Remove the rows that point to an object, in place, and return them."""
    rows = tenant.collections.get(name, [])
    gone = [row for row in rows if any(row.get(column) == object_id for column in columns)]
    rows[:] = [row for row in rows if all(row.get(column) != object_id for column in columns)]
    return gone


def _tie_again(tenant: Tenant, object_id: str, ties: Remembered) -> None:
    tenant.relations |= ties.relations
    for path in ties.held_in:
        tenant.relations.setdefault(path, []).append(object_id)
    for name, rows in ties.rows.items():
        if rows:
            tenant.collections.setdefault(name, []).extend(rows)
