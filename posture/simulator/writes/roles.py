"""Writes on directory roles: active assignments, and the requests of Privileged Identity Management.

An active assignment stands in four places, as Graph lists it: the assignment, its schedule, the instance of the
schedule and, for built-in roles in the whole tenant, the members of the ``directoryRole``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from posture.simulator.graph_errors import GraphError, bad_request, not_found
from posture.simulator.tenant import Entity
from posture.simulator.writes.role_holders import ASSIGNMENTS, DEFINITIONS, GLOBAL_ADMINISTRATOR
from posture.simulator.writes.write import Changed, Write, new_guid, new_opaque_id

ROLES = "roleManagement/directory"
SCHEDULES = f"{ROLES}/roleAssignmentSchedules"
INSTANCES = f"{ROLES}/roleAssignmentScheduleInstances"
_SUBJECT = ("principalId", "roleDefinitionId", "directoryScopeId", "appScopeId")


def create_assignment(write: Write) -> Changed:
    """Make a lasting active assignment."""
    subject = checked_subject(write)
    if _standing(write, ASSIGNMENTS, subject):
        raise exists()
    assignment = assign(write, subject, NO_END, write.at)
    return write.context(f"{ASSIGNMENTS}/$entity") | assignment


def delete_assignment(write: Write) -> Changed:
    """Remove an active assignment; the schedule of one that was made for a time stays, as only PIM closes it."""
    assignment = write.target(ASSIGNMENTS)
    withdraw(write, assignment)
    for schedule in _standing(write, SCHEDULES, assignment):
        if schedule["scheduleInfo"]["expiration"]["type"] == "noExpiration":
            write.tenant.collections[SCHEDULES].remove(schedule)
    return None


NO_END: Mapping[str, Any] = {"type": "noExpiration", "endDateTime": None, "duration": None}


def assign(write: Write, subject: Entity, expiration: Mapping[str, Any], starts: str) -> Entity:
    """Add an assignment with its schedule and instance, and return it."""
    collections = write.tenant.collections
    assignment = {"id": f"{new_opaque_id(write.tenant)}-1", **subject}
    assignment |= {"condition": None, "principalOrganizationId": None}
    schedule = new_schedule(write, subject, expiration, starts) | {"assignmentType": "Assigned"}
    instance = new_instance(subject, schedule) | {
        "id": assignment["id"],
        "assignmentType": "Assigned",
        "roleAssignmentOriginId": assignment["id"],
        "roleAssignmentScheduleId": schedule["id"],
    }
    for path, item in ((ASSIGNMENTS, assignment), (SCHEDULES, schedule), (INSTANCES, instance)):
        collections.setdefault(path, []).append(item)
    role = _directory_role(write, subject)
    if role is not None:
        write.tenant.relations.setdefault(f"directoryRoles/{role}/members", []).append(subject["principalId"])
    return assignment


def withdraw(write: Write, assignment: Entity) -> None:
    """Take an active assignment and its instance away, unless it is the last of the Global Administrators."""
    _check_not_last(write, assignment)
    write.tenant.collections[ASSIGNMENTS].remove(assignment)
    for instance in _standing(write, INSTANCES, assignment):
        write.tenant.collections[INSTANCES].remove(instance)
    role = _directory_role(write, assignment)
    members = write.tenant.relations.get(f"directoryRoles/{role}/members", [])
    if assignment["principalId"] in members:
        members.remove(assignment["principalId"])


def checked_subject(write: Write) -> Entity:
    """Return who holds which role where; raise a 404 for a principal, role or scope nobody knows."""
    body = write.body
    scope = body.get("directoryScopeId")
    if scope is None and body.get("appScopeId") is None:
        raise bad_request("A value is required for property 'directoryScopeId' or 'appScopeId'.")
    principal = write.directory.objects().get(str(body.get("principalId")).lower())
    if principal is None:
        raise not_found(str(body.get("principalId"))[:200])
    role = write.directory.one(DEFINITIONS, str(body.get("roleDefinitionId")))
    if principal.type_name == "group" and not principal.entity.get("isAssignableToRole"):
        raise bad_request("The group is not assignable to roles: isAssignableToRole is not true.")
    if scope not in (None, "/"):
        _check_scope(write, str(scope))
    values = (principal.entity["id"], role["id"], scope, body.get("appScopeId"))
    return dict(zip(_SUBJECT, values, strict=True))


def new_schedule(write: Write, subject: Entity, expiration: Mapping[str, Any], starts: str) -> Entity:
    schedule_id = new_guid(write.tenant)
    return {
        **subject,
        "id": schedule_id,
        "createdUsing": schedule_id,
        "createdDateTime": write.at,
        "modifiedDateTime": None,
        "status": "Provisioned",
        "memberType": "Direct",
        "scheduleInfo": {"startDateTime": starts, "recurrence": None, "expiration": dict(expiration)},
    }


def new_instance(subject: Entity, schedule: Entity) -> Entity:
    return {
        **subject,
        "startDateTime": schedule["scheduleInfo"]["startDateTime"],
        "endDateTime": schedule["scheduleInfo"]["expiration"]["endDateTime"],
        "memberType": "Direct",
    }


def exists() -> GraphError:
    return GraphError(400, "RoleAssignmentExists", "The Role assignment already exists.")


def _standing(write: Write, path: str, subject: Mapping[str, Any]) -> list[Entity]:
    """Return the rows for the same principal, role and scope."""
    wanted = {name: str(subject[name]) for name in _SUBJECT[:3] if subject.get(name) is not None}
    return write.directory.held_in(path, **wanted)


def _check_scope(write: Write, scope: str) -> None:
    known = write.directory.objects().get(scope.rpartition("/")[2].lower())
    if known is None:
        raise not_found(scope[:200])


def _check_not_last(write: Write, assignment: Entity) -> None:
    """Somebody who exists must go on holding the role of Global Administrator in the whole tenant."""
    if (
        _template(write, assignment["roleDefinitionId"]) != GLOBAL_ADMINISTRATOR
        or assignment["directoryScopeId"] != "/"
    ):
        return
    others = [
        row
        for row in write.directory.collection(ASSIGNMENTS)
        if row is not assignment
        and row["directoryScopeId"] == "/"
        and _template(write, row["roleDefinitionId"]) == GLOBAL_ADMINISTRATOR
    ]
    if not any(_is_or_holds_a_user(write, row["principalId"]) for row in others):
        raise GraphError(
            400, "Request_BadRequest", "Removing the last global administrator of the company is not permitted."
        )


def _is_or_holds_a_user(write: Write, principal_id: str) -> bool:
    known = write.directory.objects().get(principal_id.lower())
    inside = write.directory.transitive_members(principal_id) if known and known.type_name == "group" else []
    return any(one is not None and one.type_name == "user" for one in (known, *inside))


def _template(write: Write, role_id: str) -> str:
    found = write.directory.held_in(DEFINITIONS, id=role_id)
    return str((found[0].get("templateId") if found else None) or role_id)


def _directory_role(write: Write, subject: Mapping[str, Any]) -> str | None:
    """Return the id of the ``directoryRole`` whose members the subject belongs to, if there is one."""
    if subject.get("directoryScopeId") != "/":
        return None
    template = _template(write, subject["roleDefinitionId"])
    for role in write.directory.collection("directoryRoles"):
        if role.get("roleTemplateId") == template:
            return str(role["id"])
    return None
