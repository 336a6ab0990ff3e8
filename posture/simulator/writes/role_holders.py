"""Which directory roles somebody holds now, and what an application may do to the holders of strong ones.

Source: "Who can reset passwords" and "Who can perform sensitive actions" of the roles' permissions reference,
https://learn.microsoft.com/entra/identity/role-based-access-control/privileged-roles-permissions
"""

from __future__ import annotations

from posture.simulator.demo_tenant.builtin_roles import BUILTIN_ROLES, PRIVILEGED_ROLES
from posture.simulator.directory import Directory
from posture.simulator.graph_errors import missing_permission
from posture.simulator.tenant import Entity
from posture.simulator.write_facts import RoleRule

ASSIGNMENTS = "roleManagement/directory/roleAssignments"
DEFINITIONS = "roleManagement/directory/roleDefinitions"
GLOBAL_ADMINISTRATOR = BUILTIN_ROLES["Global Administrator"]
_ANY_TARGET = frozenset({GLOBAL_ADMINISTRATOR, BUILTIN_ROLES["Privileged Authentication Administrator"]})
_PASSWORDS = _ANY_TARGET | {BUILTIN_ROLES["User Administrator"]}


def roles_of(directory: Directory, principal_id: str) -> frozenset[str]:
    """Return the template ids of the roles held actively, directly or through groups, in any scope."""
    holders = {principal_id.lower()}
    holders |= {held.entity["id"].lower() for held in directory.member_of(principal_id, transitive=True)}
    templates = {
        str(role["id"]): str(role.get("templateId") or role["id"]) for role in directory.collection(DEFINITIONS)
    }
    return frozenset(
        templates.get(str(row["roleDefinitionId"]), str(row["roleDefinitionId"]))
        for row in directory.collection(ASSIGNMENTS)
        if row["principalId"].lower() in holders
    )


def check_role(rule: RoleRule, directory: Directory, caller_id: str, target: Entity) -> None:
    """Return if an application may act on a user by the roles of both; raise Graph's 403 otherwise."""
    if rule is None:
        return
    own = roles_of(directory, caller_id)
    is_privileged = bool(roles_of(directory, target["id"]) & frozenset(PRIVILEGED_ROLES.values()))
    if is_privileged and not own & _ANY_TARGET:
        raise missing_permission()
    if rule == "always" and not own & _PASSWORDS:
        raise missing_permission()
