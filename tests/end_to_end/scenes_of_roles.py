"""Actions that take directory roles away."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

from .acting_company import Office
from .scenes import Scene, scene

ROLES = "roleManagement/directory"
ROLE_REQUEST = "/roleManagement/directory/roleAssignmentScheduleRequests"
ELIGIBILITY_REQUEST = "/roleManagement/directory/roleEligibilityScheduleRequests"


def held_by(office: Office, principal: str, *collections: str) -> list[tuple[str, str, str]]:
    """Return collection, role and scope of everything that a principal holds."""
    return sorted(
        (name, row["roleDefinitionId"], row["directoryScopeId"])
        for name in collections
        for row in office.state(f"{ROLES}/{name}")
        if row["principalId"] == principal
    )


def about_role(principal: str, role: str, **more: Any) -> dict[str, Any]:
    return {**more, "principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/"}


REMOVED = {"action": "adminRemove", "justification": "Removed with posture"}


@scene("remove-role-assignment")
def take_role(office: Office) -> Scene:
    user, role = office.user("guest_admin")["id"], office.role("User Administrator")
    assigned = about_role(user, role, **{"@odata.type": "#microsoft.graph.unifiedRoleAssignment"})
    return Scene(
        target=user,
        check="admin-guest",
        parameters={"role_definition_id": role},
        seen=lambda: held_by(office, user, "roleAssignments", "roleAssignmentScheduleInstances"),
        before=[("roleAssignmentScheduleInstances", role, "/"), ("roleAssignments", role, "/")],
        after=[],
        sent=[("POST", ROLE_REQUEST, about_role(user, role, **REMOVED))],
        sent_back=lambda: [("POST", "/roleManagement/directory/roleAssignments", assigned)],
    )


@scene("remove-role-assignment")
def take_eligibility(office: Office) -> Scene:
    user, role = office.user("guest_admin_eligible")["id"], office.role("Conditional Access Administrator")

    schedule = {"startDateTime": ANY, "expiration": {"type": "noExpiration"}}
    given = {"action": "adminAssign", "justification": "Given back with posture", "scheduleInfo": schedule}
    return Scene(
        target=user,
        check="admin-guest",
        parameters={"role_definition_id": role},
        seen=lambda: held_by(office, user, "roleEligibilityScheduleInstances"),
        before=[("roleEligibilityScheduleInstances", role, "/")],
        after=[],
        sent=[("POST", ELIGIBILITY_REQUEST, about_role(user, role, **REMOVED))],
        sent_back=lambda: [("POST", ELIGIBILITY_REQUEST, about_role(user, role, **given))],
    )


@scene("remove-service-principal-role-assignment")
def take_principals_role(office: Office) -> Scene:
    principal, role = office.service_principal("Secret ends_later")["id"], office.role("Application Administrator")
    assigned = about_role(principal, role, **{"@odata.type": "#microsoft.graph.unifiedRoleAssignment"})
    return Scene(
        target=principal,
        parameters={"role_definition_id": role},
        seen=lambda: held_by(office, principal, "roleAssignments", "roleAssignmentScheduleInstances"),
        before=[("roleAssignmentScheduleInstances", role, "/"), ("roleAssignments", role, "/")],
        after=[],
        sent=[("POST", ROLE_REQUEST, about_role(principal, role, **REMOVED))],
        sent_back=lambda: [("POST", "/roleManagement/directory/roleAssignments", assigned)],
    )
