"""What applications were granted: application permissions, delegated permissions, and users assigned to apps."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Final

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.graph_permissions import APPLICATION_PERMISSIONS, GRAPH_APP_ID
from posture.simulator.demo_tenant.person import Person
from posture.simulator.tenant import Entity

EVERYBODY_ROLE: Final = "00000000-0000-0000-0000-000000000000"
"""The appRoleId of an assignment to an application without roles of its own."""

DANGEROUS: Final = (
    "RoleManagement.ReadWrite.Directory",
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "Directory.ReadWrite.All",
    "UserAuthenticationMethod.ReadWrite.All",
)
HARMLESS: Final = ("User.Read.All", "Group.Read.All", "Mail.Send", "AuditLog.Read.All", "Directory.Read.All")
SCOPES: Final = ("User.Read", "User.Read openid profile", "Mail.Read User.Read", "Directory.AccessAsUser.All")


def graph_principal(principals: Sequence[Entity]) -> Entity:
    """Return the service principal of Microsoft Graph."""
    return next(principal for principal in principals if principal["appId"] == GRAPH_APP_ID)


def make_app_role_assignments(
    principals: Sequence[Entity], cast: Mapping[str, Person], chance: Chance
) -> list[Entity]:
    """Return dangerous permissions for a few applications of each type, harmless ones for a third of the others."""
    graph = graph_principal(principals)
    clients = [
        principal
        for principal in principals
        if principal["appOwnerOrganizationId"] != graph["appOwnerOrganizationId"]
    ]
    identities = [client for client in clients if client["servicePrincipalType"] == "ManagedIdentity"]
    dangerous = [*zip(clients, DANGEROUS, strict=False), *zip(identities, DANGEROUS[:2], strict=False)]
    made = [grant_permission(client, graph, APPLICATION_PERMISSIONS[name], chance) for client, name in dangerous]
    for client in clients[len(DANGEROUS) :]:
        if chance.odds(0.33):
            names = chance.rng.sample(HARMLESS, chance.rng.randrange(1, 3))
            made += [grant_permission(client, graph, APPLICATION_PERMISSIONS[name], chance) for name in names]
    made += [_user_assignment(person, clients[0], chance) for person in list(cast.values())[:5]]
    return made


def grant_permission(client: Entity, resource: Entity, role_id: str, chance: Chance) -> Entity:
    """Return the assignment of one app role of a resource to a client."""
    return {
        "id": _short_id(chance, 32),
        "deletedDateTime": None,
        "appRoleId": role_id,
        "createdDateTime": chance.ago_exact(chance.spread(1, 900)),
        "principalDisplayName": client["displayName"],
        "principalId": client["id"],
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource["displayName"],
        "resourceId": resource["id"],
    }


def _user_assignment(person: Person, resource: Entity, chance: Chance) -> Entity:
    user = {"id": person.id, "displayName": person.display_name}
    return grant_permission(user, resource, EVERYBODY_ROLE, chance) | {"principalType": "User"}


def make_delegated_grants(principals: Sequence[Entity], people: Sequence[Person], chance: Chance) -> list[Entity]:
    """Return a delegated grant for half of the applications, a third of them by a single person."""
    graph = graph_principal(principals)
    return [
        _grant(principal, graph, people, chance)
        for principal in principals
        if principal["servicePrincipalType"] == "Application" and principal is not graph and chance.odds(0.5)
    ]


def _grant(client: Entity, resource: Entity, people: Sequence[Person], chance: Chance) -> Entity:
    by_one = chance.odds(0.33)
    return {
        "id": _short_id(chance, 32),
        "clientId": client["id"],
        "consentType": "Principal" if by_one else "AllPrincipals",
        "principalId": chance.rng.choice(people).id if by_one else None,
        "resourceId": resource["id"],
        "scope": chance.rng.choice(SCOPES),
    }


def _short_id(chance: Chance, length: int) -> str:
    return base64.urlsafe_b64encode(chance.rng.randbytes(length)).decode().rstrip("=")
