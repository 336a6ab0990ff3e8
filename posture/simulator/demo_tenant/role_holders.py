"""Who holds which directory role in a tenant: read off its assignments and groups, step by step."""

from __future__ import annotations

from collections.abc import Iterable

from posture.simulator.demo_tenant.builtin_roles import BUILTIN_ROLES, PRIVILEGED_ROLES
from posture.simulator.tenant import Entity, Tenant

ROLES = "roleManagement/directory"
ASSIGNMENTS = f"{ROLES}/roleAssignments"
ELIGIBILITIES = f"{ROLES}/roleEligibilityScheduleInstances"
SYNC_ROLES = frozenset(
    {BUILTIN_ROLES["Directory Synchronization Accounts"], BUILTIN_ROLES["On Premises Directory Sync Account"]}
)
SYNC_NAME = "On-Premises Directory Synchronization Service Account"


def members_below(tenant: Tenant, principal_id: str) -> set[str]:
    """Return the principal and, if it is a group, everything in it however deep; loops end."""
    found: set[str] = set()
    waiting = [principal_id]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(tenant.relations.get(f"groups/{current}/members", []))
    return found


def holders(tenant: Tenant, role_ids: Iterable[str], *, eligible: bool = True) -> frozenset[str]:
    """Return ids of users who hold one of the roles directly or through groups, in any scope."""
    wanted = frozenset(role_ids)
    rows: list[Entity] = list(tenant.collections[ASSIGNMENTS])
    if eligible:
        rows += tenant.collections[ELIGIBILITIES]
    principals: set[str] = set()
    for row in rows:
        if row["roleDefinitionId"] in wanted:
            principals |= members_below(tenant, row["principalId"])
    return frozenset(user["id"] for user in tenant.collections["users"] if user["id"] in principals)


def privileged_users(tenant: Tenant) -> frozenset[str]:
    """Return ids of users who hold a privileged role, active or eligible."""
    return holders(tenant, PRIVILEGED_ROLES.values())


def sync_accounts(tenant: Tenant) -> frozenset[str]:
    """Return ids of the accounts that Entra Connect signs in with."""
    named = {user["id"] for user in tenant.collections["users"] if user["displayName"] == SYNC_NAME}
    return holders(tenant, SYNC_ROLES) | named
