"""Tables about directory roles and who holds them."""

from __future__ import annotations

from typing import Final

from posture.domain.tenant import Licence
from posture.tables.declare import derived_table, directory_source, flag, moment, number, text, texts
from posture.tables.table import Column, Source, SourceKind, SourceTable, Spelling, ThrottleClass, WithoutLicence

_ROLES: Final = "RoleManagement.Read.Directory"


def _pim_source(path: str, permission: str) -> Source:
    # Without P2 nobody can be made eligible or active for a while: nothing is missed.
    return directory_source(
        f"roleManagement/directory/{path}",
        permission,
        licence=Licence.P2,
        without_licence=WithoutLicence.EMPTY,
        throttle_class=ThrottleClass.UNLISTED,
    )


def _holding_columns() -> tuple[Column, ...]:
    return (
        text("id", "id", "Id."),
        text("role_definition_id", "roleDefinitionId", "Id of the role."),
        text("principal_id", "principalId", "Object id of the user, group or service principal."),
        text("directory_scope_id", "directoryScopeId", "/ for the whole tenant, else where the role counts."),
    )


def _instance_columns() -> tuple[Column, ...]:
    return (
        *_holding_columns(),
        text(
            "member_type",
            "memberType",
            "direct, or group or inherited if it comes through a group.",
            values=("direct", "group", "inherited"),
            spelling=Spelling.LOWER,
        ),
        moment("start_at", "startDateTime", "Since when; NULL if it has no start."),
        moment("end_at", "endDateTime", "Until when; NULL if it has no end."),
    )


ROLE_DEFINITIONS: Final = SourceTable(
    name="role_definitions",
    doc="Directory roles, built-in and custom. A role that is not here does not exist any more.",
    source=directory_source(
        "roleManagement/directory/roleDefinitions",
        _ROLES,
        covered_also_by=frozenset({"RoleManagement.Read.All"}),
        page_size=None,
        throttle_class=ThrottleClass.UNLISTED,
    ),
    key=("id",),
    columns=(
        text("id", "id", "Id of the role in this tenant."),
        text("display_name", "displayName", "Name."),
        text("template_id", "templateId", "The same in every tenant for built-in roles."),
        text("description", "description", "What the role is for."),
        flag("is_built_in", "isBuiltIn", "FALSE for custom roles."),
        flag("is_enabled", "isEnabled", "FALSE if the role cannot be assigned."),
    ),
)

ACTIVE_ROLE_ASSIGNMENTS: Final = SourceTable(
    name="active_role_assignments",
    doc="Roles that count now, activated ones included. A principal without a row holds no role directly; one may "
    "still hold it through a group.",
    source=directory_source(
        "roleManagement/directory/roleAssignments", _ROLES, throttle_class=ThrottleClass.UNLISTED
    ),
    key=("id",),
    columns=_holding_columns(),
)

ROLE_ASSIGNMENT_INSTANCES: Final = SourceTable(
    name="role_assignment_instances",
    doc="Active roles as Privileged Identity Management sees them: with start, end and kind. Without Entra ID P2 it "
    "is not in use: no rows, and active_role_assignments tells everything.",
    source=_pim_source("roleAssignmentScheduleInstances", "RoleAssignmentSchedule.Read.Directory"),
    key=("id",),
    columns=(
        *_instance_columns(),
        text(
            "assignment_type",
            "assignmentType",
            "assigned, or activated out of an eligibility.",
            values=("assigned", "activated"),
            spelling=Spelling.LOWER,
        ),
    ),
)

ROLE_ELIGIBILITY_INSTANCES: Final = SourceTable(
    name="role_eligibility_instances",
    doc="Roles that somebody may activate now. Without Entra ID P2 nobody can be eligible: no rows.",
    source=_pim_source("roleEligibilityScheduleInstances", "RoleEligibilitySchedule.Read.Directory"),
    key=("id",),
    columns=_instance_columns(),
)

ROLE_GROUPS: Final = SourceTable(
    name="role_groups",
    doc="Groups that can hold directory roles. A group that is not here cannot.",
    source=directory_source("groups?$filter=isAssignableToRole eq true", "GroupMember.Read.All"),
    key=("id",),
    columns=(
        text("id", "id", "Object id."),
        text("display_name", "displayName", "Name."),
        text("description", "description", "What it is for."),
        moment("created_at", "createdDateTime", "When it was made."),
        text("visibility", "visibility", "Who sees the members.", values=("Private", "Public", "HiddenMembership")),
        texts("group_types", "groupTypes", "Unified for Microsoft 365 groups; empty for security groups."),
    ),
)

ROLE_GROUP_MEMBERS: Final = SourceTable(
    name="role_group_members",
    doc="Direct members of the groups that can hold roles, and of groups nested in them. A group without rows is "
    "empty, or hides its members. People who may only activate their membership are not told.",
    source=directory_source("groups/delta", "GroupMember.Read.All", kind=SourceKind.GROUP_MEMBERS, page_size=None),
    key=("group_id", "member_id"),
    columns=(
        text("group_id", "groupId", "Object id of the group."),
        text("member_id", "id", "Object id of the member."),
        text(
            "member_type",
            "@odata.type",
            "What the member is, such as #microsoft.graph.user.",
            values=("#microsoft.graph.user", "#microsoft.graph.group", "#microsoft.graph.serviceprincipal"),
            spelling=Spelling.LOWER,
        ),
    ),
)

ROLE_GROUP_MEMBERSHIPS: Final = derived_table(
    "role_group_memberships",
    doc="Members of the groups that can hold roles, nested to any depth. Somebody who is not here is in none of "
    "these groups, save by a membership that waits to be activated; other groups are not told.",
    columns=(
        text("group_id", None, "Object id of the group."),
        text("member_id", None, "Object id of the member, direct or nested."),
        flag("is_group", None, "The member is a group itself."),
    ),
)

ROLE_ASSIGNMENTS: Final = derived_table(
    "role_assignments",
    doc="Who holds or may activate which role: active and eligible assignments in one list. A principal without a "
    "row holds none directly. What PIM tells through a group and the group explains is left to "
    "privileged_principals.",
    columns=(
        text("id", None, "Id of the assignment or eligibility."),
        text("role_definition_id", None, "Id of the role."),
        text("role_template_id", None, "Template of the role; NULL if the role's definition is gone."),
        text("principal_id", None, "Object id of the user, group or service principal."),
        text("directory_scope_id", None, "/ for the whole tenant, else where the role counts."),
        text("state", None, "active or eligible.", values=("active", "eligible")),
        text(
            "assignment_type",
            None,
            "Of active ones: assigned or activated. NULL of eligible ones, and where PIM does not tell.",
            values=("assigned", "activated"),
        ),
        text(
            "member_type",
            None,
            "direct, or group or inherited if it comes through a group that is not told.",
            values=("direct", "group", "inherited"),
        ),
        moment("start_at", None, "Since when; NULL if it has no start or PIM does not tell."),
        moment("end_at", None, "Until when; NULL if it has no end or PIM does not tell."),
    ),
)

TIER0_ROLES: Final = derived_table(
    "tier0_roles",
    doc="Built-in roles that are privileged, and how much. Tier 0 can take over the tenant, tier 1 comes close. A "
    "role that is not here is in neither tier. State of August 2026.",
    columns=(
        text("role_template_id", None, "Template id of the role."),
        text("role_name", None, "Name."),
        number("tier", None, "0 or 1."),
        flag("is_flagged_by_microsoft", None, "Microsoft calls the role privileged."),
    ),
)

PRIVILEGED_PRINCIPALS: Final = derived_table(
    "privileged_principals",
    doc="Who holds which role in the end: active and eligible, directly or through groups nested to any depth. Has "
    "all roles; ask for tier 0 and 1. A principal without a row holds none, save by a group membership that waits "
    "to be activated, which is not read. Principals that were deleted stay here until their assignment goes: join "
    "users or service_principals.",
    columns=(
        text("principal_id", None, "Object id of the user, service principal or group."),
        flag("is_group", None, "The principal is a group; its members have rows of their own."),
        text("role_definition_id", None, "Id of the role."),
        text("role_template_id", None, "Template of the role; NULL if the role's definition is gone."),
        text("role_name", None, "Name of the role; NULL if its definition is gone."),
        number(
            "tier",
            None,
            "0 or 1 as in tier0_roles, 2 for any other role, custom ones included; NULL if its definition is gone.",
        ),
        flag("is_tier0", None, "Whether tier is 0."),
        text("state", None, "active or eligible.", values=("active", "eligible")),
        text("path", None, "direct, or group if it comes through one.", values=("direct", "group")),
        text("via_group_id", None, "The group that was given the role; NULL if none, or if PIM does not tell."),
        text("directory_scope_id", None, "/ for the whole tenant, else where the role counts."),
    ),
)
