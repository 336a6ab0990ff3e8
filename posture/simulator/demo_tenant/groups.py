"""Groups of the made-up company, with their members and owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.names import DEPARTMENTS, DOMAIN, HOSTILE_NAMES, TEAMS
from posture.simulator.demo_tenant.person import Person
from posture.simulator.tenant import Entity

SPECIAL_GROUPS: Final[dict[str, tuple[dict[str, Any], tuple[str, ...]]]] = {
    "emergency_accounts": ({"isAssignableToRole": True}, ("break_glass_1", "break_glass_2")),
    "legacy_protocol_exceptions": ({}, ("member_inactive", "room", "legacy_protocol_printers")),
    "legacy_protocol_printers": ({}, ("member_background_only",)),
    "tier_zero_operators": ({"isAssignableToRole": True}, ("admin_by_group", "tier_zero_contractors")),
    "tier_zero_contractors": ({"isAssignableToRole": True}, ("admin_by_nested_group", "guest_admin_nested")),
    "eligible_global_administrators": ({"isAssignableToRole": True}, ("ga_eligible_by_group", "ga_first")),
    "without_members": ({}, ()),
    "loop_a": ({}, ("loop_b", "risky_low")),
    "loop_b": ({}, ("loop_a",)),
}
"""Story name → properties that differ, and members by story name of a person or group.

Entra no longer lets a group into a role-assignable one, yet tenants hold such pairs from before; and two groups
may contain each other."""


@dataclass(frozen=True, kw_only=True)
class Groups:
    """``special`` maps a story name to the group's id; ``relations`` as in ``Tenant``."""

    entities: list[Entity]
    relations: dict[str, list[str]]
    special: dict[str, str]


def make_groups(*, count: int, cast: Mapping[str, Person], people: Sequence[Person], chance: Chance) -> Groups:
    """Return the special groups, one per hostile name, and ordinary ones up to about ``count``."""
    special = {name: chance.guid() for name in SPECIAL_GROUPS}
    ids = special | {name: person.id for name, person in cast.items()}
    made = Groups(entities=[], relations={}, special=special)
    for name, (differences, members) in SPECIAL_GROUPS.items():
        entity = _group(special[name], name.replace("_", " ").title(), chance) | differences
        _add(made, entity, members=[ids[member] for member in members], owners=[])
    for display_name in HOSTILE_NAMES:
        _add(made, _group(chance.guid(), display_name, chance), members=[cast["risky_low"].id], owners=[])
    staff = [person.id for person in people if not person.is_guest]
    for number in range(count - len(made.entities)):
        _add_ordinary(made, number, staff, chance)
    return made


def _add(made: Groups, entity: Entity, *, members: list[str], owners: list[str]) -> None:
    made.entities.append(entity)
    made.relations[f"groups/{entity['id']}/members"] = members
    made.relations[f"groups/{entity['id']}/owners"] = owners


def _add_ordinary(made: Groups, number: int, people: Sequence[str], chance: Chance) -> None:
    rng = chance.rng
    department = rng.choice(DEPARTMENTS[:-1])
    name = f"{department} {rng.choice(TEAMS)} {number}"
    kind = (_security, _microsoft365, _dynamic, _synced)[rng.choice((0, 0, 0, 1, 1, 2, 3))]
    entity = kind(_group(chance.guid(), name, chance), str(department), chance)
    members = rng.sample(people, min(len(people), rng.randrange(0, 40)))
    if number % 10 == 9:
        members.append(made.entities[-1]["id"])
    has_owner = entity["onPremisesSyncEnabled"] is None and chance.odds(0.7)
    _add(made, entity, members=members, owners=[rng.choice(people)] if has_owner else [])


def _group(group_id: str, display_name: str, chance: Chance) -> Entity:
    created = chance.spread(30, 2500)
    number = int(group_id[:8], 16)
    return {
        "id": group_id,
        "deletedDateTime": None,
        "displayName": display_name,
        "description": None,
        "classification": None,
        "createdDateTime": chance.ago(created),
        "renewedDateTime": chance.ago(created),
        "expirationDateTime": None,
        "groupTypes": [],
        "securityEnabled": True,
        "mailEnabled": False,
        "mail": None,
        "mailNickname": f"group{number}",
        "proxyAddresses": [],
        "visibility": None,
        "isAssignableToRole": None,
        "membershipRule": None,
        "membershipRuleProcessingState": None,
        "onPremisesSyncEnabled": None,
        "onPremisesLastSyncDateTime": None,
        "onPremisesSecurityIdentifier": None,
        "onPremisesSamAccountName": None,
        "onPremisesDomainName": None,
        "onPremisesNetBiosName": None,
        "onPremisesProvisioningErrors": [],
        "preferredDataLocation": None,
        "preferredLanguage": None,
        "resourceBehaviorOptions": [],
        "resourceProvisioningOptions": [],
        "securityIdentifier": f"S-1-12-1-{number}-1-2-3",
        "theme": None,
        "uniqueName": None,
        "assignedLicenses": [],
    }


def _security(group: Entity, department: str, _chance: Chance) -> Entity:
    return group | {"description": f"Security group of {department}"}


def _microsoft365(group: Entity, _department: str, chance: Chance) -> Entity:
    address = f"{group['mailNickname']}@{DOMAIN}"
    return group | {
        "groupTypes": ["Unified"],
        "securityEnabled": chance.odds(0.3),
        "mailEnabled": True,
        "mail": address,
        "proxyAddresses": [f"SMTP:{address}"],
        "visibility": "Public" if chance.odds(0.4) else "Private",
        "resourceProvisioningOptions": ["Team"] if chance.odds(0.6) else [],
    }


def _dynamic(group: Entity, department: str, chance: Chance) -> Entity:
    return group | {
        "groupTypes": ["DynamicMembership"],
        "membershipRule": f'(user.department -eq "{department}")',
        "membershipRuleProcessingState": "On" if chance.odds(0.9) else "Paused",
    }


def _synced(group: Entity, _department: str, chance: Chance) -> Entity:
    return group | {
        "onPremisesSyncEnabled": True,
        "onPremisesLastSyncDateTime": chance.ago(0.02),
        "onPremisesSecurityIdentifier": f"S-1-5-21-1004336348-1177238915-{int(group['id'][:8], 16)}",
        "onPremisesSamAccountName": group["mailNickname"],
        "onPremisesDomainName": "corp.contoso.example.com",
        "onPremisesNetBiosName": "CONTOSO",
    }
