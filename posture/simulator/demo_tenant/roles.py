"""Directory roles of the made-up company: definitions, who holds them now, and who may activate them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from posture.simulator.demo_tenant.builtin_roles import BUILTIN_ROLES
from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.tenant import Entity

CUSTOM_ROLES: Final = {
    "Application Registration Reader": "microsoft.directory/applications/allProperties/read",
    "Application Credential Keeper": "microsoft.directory/applications/credentials/update",
    "Group Reader": "microsoft.directory/groups/allProperties/read",
}


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One principal holding one role: ``holder`` and ``scope`` are story names.

    ``starts`` and ``ends`` are in days from now; one that starts later has a schedule and no instance yet.
    """

    role: str
    holder: str
    scope: str | None = None
    starts: float | None = None
    ends: float | None = None
    activated: bool = False


GLOBAL: Final = "Global Administrator"
ACTIVE: Final = (
    *(
        Holding(role=GLOBAL, holder=holder)
        for holder in (
            "break_glass_1", "break_glass_2", "ga_first", "ga_second", "ga_third", "ga_synced", "ga_without_mfa",
            "ga_risky", "ga_disabled",
        )
    ),
    Holding(role=GLOBAL, holder="ga_eligible", ends=0.2, activated=True),
    Holding(role="User Administrator", holder="guest_admin"),
    Holding(role="Security Administrator", holder="admin_unreported"),
    Holding(role="Exchange Administrator", holder="admin_disallowed_method"),
    Holding(role="SharePoint Administrator", holder="admin_temporary", ends=30.0),
    Holding(role="Privileged Authentication Administrator", holder="tier_zero_operators"),
    Holding(role="Helpdesk Administrator", holder="admin_scoped", scope="sales_unit"),
    Holding(role="Application Administrator", holder="automation"),
    Holding(role="Directory Synchronization Accounts", holder="sync_account"),
    Holding(role="Reports Reader", holder="admin_reports"),
    Holding(role="Application Registration Reader", holder="admin_custom_role"),
    # The principal was deleted; its assignment is still listed.
    Holding(role="Global Reader", holder="deleted_admin"),
)  # fmt: skip
ELIGIBLE: Final = (
    Holding(role=GLOBAL, holder="ga_eligible"),
    Holding(role=GLOBAL, holder="eligible_global_administrators", ends=200.0),
    Holding(role="Privileged Role Administrator", holder="admin_eligible_without_mfa", ends=100.0),
    Holding(role="Conditional Access Administrator", holder="guest_admin_eligible"),
    Holding(role="Security Reader", holder="risky_low"),
    Holding(role="Security Administrator", holder="member_sync_stopped", starts=10.0, ends=40.0),
)


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The collections and relations of the role area, keyed as in ``Tenant``."""

    collections: dict[str, list[Entity]]
    relations: dict[str, list[str]]


def make_roles(principals: Mapping[str, str], units: Mapping[str, str], chance: Chance) -> Roles:
    """Return role collections for holders given as story name → object id, and scopes as name → unit id."""
    definitions = _definitions(chance)
    role_ids = {str(role["displayName"]): str(role["id"]) for role in definitions}
    collections: dict[str, list[Entity]] = {
        "roleDefinitions": definitions,
        "roleAssignments": [], "roleAssignmentSchedules": [], "roleAssignmentScheduleInstances": [],
        "roleEligibilitySchedules": [], "roleEligibilityScheduleInstances": [],
    }  # fmt: skip
    for holding in ACTIVE:
        hold(collections, _subject(holding, role_ids, principals, units), holding, chance)
    for holding in ELIGIBLE:
        _qualify(collections, _subject(holding, role_ids, principals, units), holding, chance)
    activated, relations = _directory_roles(collections["roleAssignments"], definitions, chance)
    listed = {f"roleManagement/directory/{name}": items for name, items in collections.items()}
    return Roles(collections=listed | {"directoryRoles": activated}, relations=relations)


def _definitions(chance: Chance) -> list[Entity]:
    built_in = [_definition(name, role_id, built_in=True) for name, role_id in BUILTIN_ROLES.items()]
    custom = [_definition(name, chance.guid(), built_in=False) for name in CUSTOM_ROLES]
    return built_in + custom


def _definition(name: str, role_id: str, *, built_in: bool) -> Entity:
    actions = [CUSTOM_ROLES.get(name, f"microsoft.directory/{name.replace(' ', '')}/allTasks")]
    return {
        "id": role_id,
        "description": f"{name}, as built in." if built_in else f"{name}, made by Contoso.",
        "displayName": name,
        "isBuiltIn": built_in,
        "isEnabled": True,
        "resourceScopes": ["/"],
        "rolePermissions": [{"allowedResourceActions": actions, "excludedResourceActions": [], "condition": None}],
        "templateId": role_id,
        "version": "1" if built_in else None,
    }


def _subject(
    holding: Holding, role_ids: Mapping[str, str], principals: Mapping[str, str], units: Mapping[str, str]
) -> Entity:
    """Return the properties that assignments, schedules and instances share."""
    return {
        "principalId": principals[holding.holder],
        "roleDefinitionId": role_ids[holding.role],
        "directoryScopeId": f"/administrativeUnits/{units[holding.scope]}" if holding.scope else "/",
        "appScopeId": None,
    }


def hold(collections: dict[str, list[Entity]], subject: Entity, holding: Holding, chance: Chance) -> None:
    """Add an active assignment with its schedule and instance; ``collections`` are those below ``ROLES``."""
    kind = {"assignmentType": "Activated" if holding.activated else "Assigned"}
    assignment_id = f"{chance.guid().replace('-', '')}-1"
    organisation = {"condition": None, "principalOrganizationId": None}
    collections["roleAssignments"].append({"id": assignment_id} | subject | organisation)
    schedule = _schedule(subject, holding, chance)
    collections["roleAssignmentSchedules"].append(schedule | kind)
    origin = {"roleAssignmentOriginId": assignment_id, "roleAssignmentScheduleId": schedule["id"]}
    instance = _instance(subject, schedule) | kind | origin | {"id": assignment_id}
    collections["roleAssignmentScheduleInstances"].append(instance)


def _qualify(collections: dict[str, list[Entity]], subject: Entity, holding: Holding, chance: Chance) -> None:
    schedule = _schedule(subject, holding, chance)
    collections["roleEligibilitySchedules"].append(schedule)
    if holding.starts is not None:
        return
    own = {"id": chance.guid(), "roleEligibilityScheduleId": schedule["id"]}
    collections["roleEligibilityScheduleInstances"].append(_instance(subject, schedule) | own)


def _schedule(subject: Entity, holding: Holding, chance: Chance) -> Entity:
    schedule_id = chance.guid()
    created = chance.ago_exact(0.1 if holding.activated else chance.spread(20, 400))
    starts = created if holding.starts is None else chance.ahead(holding.starts)
    expiration = {
        "type": "noExpiration" if holding.ends is None else "afterDateTime",
        "endDateTime": None if holding.ends is None else chance.ahead(holding.ends),
        "duration": None,
    }
    return subject | {
        "id": schedule_id,
        "createdUsing": schedule_id,
        "createdDateTime": created,
        "modifiedDateTime": None,
        "status": "Provisioned",
        "memberType": "Direct",
        "scheduleInfo": {"startDateTime": starts, "recurrence": None, "expiration": expiration},
    }


def _instance(subject: Entity, schedule: Entity) -> Entity:
    return subject | {
        "startDateTime": schedule["scheduleInfo"]["startDateTime"],
        "endDateTime": schedule["scheduleInfo"]["expiration"]["endDateTime"],
        "memberType": "Direct",
    }


def _directory_roles(
    assignments: list[Entity], definitions: list[Entity], chance: Chance
) -> tuple[list[Entity], dict[str, list[str]]]:
    """Return the roles in use as ``directoryRoles`` with their tenant-wide members; custom roles have none."""
    roles: list[Entity] = []
    relations: dict[str, list[str]] = {}
    for definition in definitions:
        holders = [
            assignment["principalId"]
            for assignment in assignments
            if assignment["roleDefinitionId"] == definition["id"] and assignment["directoryScopeId"] == "/"
        ]
        if holders and definition["isBuiltIn"]:
            role = _directory_role(definition, chance)
            roles.append(role)
            relations[f"directoryRoles/{role['id']}/members"] = holders
    return roles, relations


def _directory_role(definition: Entity, chance: Chance) -> Entity:
    return {
        "id": chance.guid(),
        "deletedDateTime": None,
        "description": definition["description"],
        "displayName": definition["displayName"],
        "roleTemplateId": definition["templateId"],
    }
