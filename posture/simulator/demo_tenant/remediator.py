"""A second application in the made-up company, beside the reader: one that may carry out every write."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from posture.simulator.demo_tenant.applications import make_application
from posture.simulator.demo_tenant.builtin_roles import BUILTIN_ROLES
from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.credentials import secret
from posture.simulator.demo_tenant.grants import grant_permission, graph_principal
from posture.simulator.demo_tenant.graph_permissions import APPLICATION_PERMISSIONS
from posture.simulator.demo_tenant.role_holders import ROLES
from posture.simulator.demo_tenant.roles import Holding, hold
from posture.simulator.demo_tenant.service_principals import principal_of
from posture.simulator.registrations import remediator_registration
from posture.simulator.tenant import AppRegistration, Entity, Tenant

REMEDIATOR_NAME: Final = "posture remediator"
REMEDIATOR_ROLE: Final = "Privileged Authentication Administrator"
_SEED: Final = 4_711


def add_remediator(
    tenant: Tenant, now: datetime, *, withhold: frozenset[str] = frozenset(), has_role: bool = True
) -> AppRegistration:
    """Add the application, its principal, its permissions but those withheld and, unless told, its directory role.

    Its permissions and its role are as dangerous as any in the company, and ``known_gaps`` counts them so.
    """
    chance = Chance(seed=_SEED, now=now)
    registration = remediator_registration(withhold=withhold)
    application = make_application(REMEDIATOR_NAME, chance) | {
        "appId": registration.client_id,
        "identifierUris": [],
        "passwordCredentials": [secret("ends_later", chance)],
    }
    principal = principal_of(application, tenant.tenant_id, chance) | {
        "id": registration.object_id,
        "accountEnabled": True,
    }
    tenant.collections["applications"].append(application)
    tenant.collections["servicePrincipals"].append(principal)
    graph = graph_principal(tenant.collections["servicePrincipals"])
    tenant.collections["appRoleAssignments"] += [
        grant_permission(principal, graph, APPLICATION_PERMISSIONS[name], chance)
        for name in sorted(registration.roles)
    ]
    if has_role:
        _give_role(tenant, principal, chance)
    tenant.registrations.append(registration)
    return registration


def _give_role(tenant: Tenant, principal: Entity, chance: Chance) -> None:
    role_id = BUILTIN_ROLES[REMEDIATOR_ROLE]
    names = ("roleAssignments", "roleAssignmentSchedules", "roleAssignmentScheduleInstances")
    subject = {
        "principalId": principal["id"],
        "roleDefinitionId": role_id,
        "directoryScopeId": "/",
        "appScopeId": None,
    }
    collections = {name: tenant.collections[f"{ROLES}/{name}"] for name in names}
    hold(collections, subject, Holding(role=REMEDIATOR_ROLE, holder=REMEDIATOR_NAME), chance)
    for role in tenant.collections["directoryRoles"]:
        if role["roleTemplateId"] == role_id:
            tenant.relations[f"directoryRoles/{role['id']}/members"].append(principal["id"])
