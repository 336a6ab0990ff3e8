"""Put the parts of the made-up company together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from posture.simulator.demo_tenant.applications import make_applications, make_owners
from posture.simulator.demo_tenant.authentication_methods import default_of, make_methods
from posture.simulator.demo_tenant.authentication_strengths import make_strengths
from posture.simulator.demo_tenant.cast import special_people
from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.conditional_access import make_named_locations, make_policies
from posture.simulator.demo_tenant.crowd import crowd
from posture.simulator.demo_tenant.grants import make_app_role_assignments, make_delegated_grants
from posture.simulator.demo_tenant.groups import make_groups
from posture.simulator.demo_tenant.organisation import (
    make_administrative_units,
    make_devices,
    make_domains,
    make_group_settings,
    make_organization,
    make_subscribed_skus,
)
from posture.simulator.demo_tenant.person import Person, registration, sign_in_activity, user_entity
from posture.simulator.demo_tenant.risk import make_risk_detections, make_risky_service_principals, make_risky_users
from posture.simulator.demo_tenant.roles import make_roles
from posture.simulator.demo_tenant.service_principals import make_service_principals
from posture.simulator.demo_tenant.tenant_policies import make_singletons
from posture.simulator.tenant import Entity, Tenant

TENANT_ID: Final = "11111111-2222-4333-8444-555555555555"


def demo_tenant(*, users: int = 2000, seed: int = 1, now: datetime, tenant_id: str = TENANT_ID) -> Tenant:
    """Return the company with about ``users`` users; the special cases stay however small the number.

    The same arguments give the same tenant. Nested values belong to one entity each and may be changed.

    Raises:
        ValueError: ``now`` has no time zone.
    """
    chance = Chance(seed=seed, now=now)
    cast = special_people(chance)
    people = [*cast.values(), *crowd(users - len(cast), chance)]
    groups = make_groups(count=users * 6 // 100, cast=cast, people=people, chance=chance)
    applications = make_applications(users * 75 // 1000, chance)
    principals = make_service_principals(applications, tenant_id, chance)
    owners = make_owners(applications, [person.id for person in people if not person.is_guest], chance)
    unit_id = chance.guid()
    roles = make_roles(_holders(cast, groups.special, principals, chance), {"sales_unit": unit_id}, chance)
    admins = _admins(roles.collections["roleManagement/directory/roleAssignments"])
    methods = {person.id: make_methods(person, chance) for person in people}
    activity = ((person.id, sign_in_activity(person, chance)) for person in people)
    return Tenant(
        tenant_id=tenant_id,
        collections={
            "users": [user_entity(person, chance) for person in people],
            "groups": groups.entities,
            "applications": applications,
            "servicePrincipals": principals,
            "appRoleAssignments": make_app_role_assignments(principals, cast, chance),
            "oauth2PermissionGrants": make_delegated_grants(principals, people, chance),
            "reports/authenticationMethods/userRegistrationDetails": _registrations(people, admins, chance),
        }
        | roles.collections
        | _organisation(people, unit_id, tenant_id, chance)
        | _conditional_access(groups.special, chance)
        | _risk(cast, people, principals, chance),
        singletons=make_singletons(cast["ga_first"].id, chance),
        relations=groups.relations | roles.relations | owners | _unit_members(unit_id, people),
        authentication_methods=methods,
        default_methods={user_id: one for user_id, held in methods.items() if (one := default_of(held)) is not None},
        sign_in_activity={user_id: value for user_id, value in activity if value is not None},
    )


def _organisation(people: Sequence[Person], unit_id: str, tenant_id: str, chance: Chance) -> dict[str, list[Entity]]:
    return {
        "organization": [make_organization(tenant_id, chance)],
        "domains": make_domains(),
        "subscribedSkus": make_subscribed_skus(people, tenant_id, chance),
        "directory/administrativeUnits": make_administrative_units(unit_id, chance),
        "groupSettings": make_group_settings(chance),
        "devices": make_devices(len(people) * 15 // 100, chance),
    }


def _conditional_access(groups: Mapping[str, str], chance: Chance) -> dict[str, list[Entity]]:
    locations = make_named_locations(chance)
    return {
        "identity/conditionalAccess/policies": make_policies(groups, locations, chance),
        "identity/conditionalAccess/namedLocations": list(locations.values()),
        "policies/authenticationStrengthPolicies": make_strengths(chance),
    }


def _risk(
    cast: Mapping[str, Person], people: Sequence[Person], principals: Sequence[Entity], chance: Chance
) -> dict[str, list[Entity]]:
    risky = make_risky_users(cast, people, chance.guid(), chance)
    return {
        "identityProtection/riskyUsers": risky,
        "identityProtection/riskDetections": make_risk_detections(risky, chance),
        "identityProtection/riskyServicePrincipals": make_risky_service_principals(principals, chance),
    }


def _unit_members(unit_id: str, people: Sequence[Person]) -> dict[str, list[str]]:
    sales = [person.id for person in people if person.department == "Sales"]
    return {f"directory/administrativeUnits/{unit_id}/members": sales}


def _holders(
    cast: Mapping[str, Person], groups: Mapping[str, str], principals: Sequence[Entity], chance: Chance
) -> dict[str, str]:
    """Return story name → object id for everybody who holds a role."""
    automation = next(item for item in principals if item["displayName"] == "Secret ends_later")
    people = {name: person.id for name, person in cast.items()}
    return people | dict(groups) | {"automation": automation["id"], "deleted_admin": chance.guid()}


def _admins(assignments: Sequence[Entity]) -> frozenset[str]:
    """Return ids whose registration line says ``isAdmin``: direct active holders, as the report counts them."""
    return frozenset(assignment["principalId"] for assignment in assignments)


def _registrations(people: Sequence[Person], admins: frozenset[str], chance: Chance) -> list[Entity]:
    lines = (registration(person, is_admin=person.id in admins, chance=chance) for person in people)
    return [line for line in lines if line is not None]
