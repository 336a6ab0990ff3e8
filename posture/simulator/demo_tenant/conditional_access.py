"""Conditional access of the made-up company: what is enforced, only reported, switched off, or missing.

Missing on purpose: MFA for everybody (report-only), MFA for SharePoint Administrators (not in the list), a block
of the device code flow (report-only), an emergency exit from the country block.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from posture.simulator.demo_tenant.authentication_strengths import PHISHING_RESISTANT_ID, builtin_strengths
from posture.simulator.demo_tenant.builtin_roles import BUILTIN_ROLES
from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.tenant import Entity

AZURE_MANAGEMENT: Final = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
REPORT_ONLY: Final = "enabledForReportingButNotEnforced"
COVERED_ADMIN_ROLES: Final = (
    "Global Administrator", "Application Administrator", "Authentication Administrator", "Billing Administrator",
    "Cloud Application Administrator", "Conditional Access Administrator", "Exchange Administrator",
    "Helpdesk Administrator", "Password Administrator", "Privileged Authentication Administrator",
    "Privileged Role Administrator", "Security Administrator", "User Administrator",
)  # fmt: skip
EXTERNAL_USERS: Final = {
    "guestOrExternalUserTypes": "internalGuest,b2bCollaborationGuest,b2bCollaborationMember,otherExternalUser",
    "externalTenants": {
        "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
        "membershipKind": "all",
    },
}
EVERYBODY: Final = {"includeUsers": ["All"]}


def make_named_locations(chance: Chance) -> dict[str, Entity]:
    """Return named locations by story name: two of addresses, one of countries."""
    return {
        "offices": _location("ipNamedLocation", "Offices", chance)
        | {"isTrusted": True, "ipRanges": [_range("iPv4CidrRange", "192.0.2.0/24")]},
        "vpn": _location("ipNamedLocation", "Remote access", chance)
        | {"isTrusted": False, "ipRanges": [_range("iPv6CidrRange", "2001:db8::/48")]},
        "blocked_countries": _location("countryNamedLocation", "Blocked countries", chance)
        | {
            "countriesAndRegions": ["KP", "IR"],
            "countryLookupMethod": "clientIpAddress",
            "includeUnknownCountriesAndRegions": False,
        },
    }


def _location(kind: str, name: str, chance: Chance) -> Entity:
    return {
        "@odata.type": f"#microsoft.graph.{kind}",
        "id": chance.guid(),
        "displayName": name,
        "createdDateTime": chance.ago_exact(800),
        "modifiedDateTime": chance.ago_exact(300),
        "deletedDateTime": None,
    }


def _range(kind: str, address: str) -> dict[str, str]:
    return {"@odata.type": f"#microsoft.graph.{kind}", "cidrAddress": address}


def make_policies(groups: Mapping[str, str], locations: Mapping[str, Entity], chance: Chance) -> list[Entity]:
    """Return the policies; ``groups`` maps story names to ids, ``locations`` as ``make_named_locations`` returns."""
    emergency = [groups["emergency_accounts"]]
    exit_for_emergencies = EVERYBODY | {"excludeGroups": emergency}
    policies = [
        *_blocks(groups, locations, chance),
        *_multi_factor(exit_for_emergencies, emergency, chance),
        *_by_risk(exit_for_emergencies, chance),
        *_without_grant(exit_for_emergencies, chance),
    ]
    # The lists above are shared while the policies are put together; whoever changes one policy must not change all.
    return [deepcopy(policy) for policy in policies]


def _blocks(groups: Mapping[str, str], locations: Mapping[str, Entity], chance: Chance) -> list[Entity]:
    emergency = [groups["emergency_accounts"]]
    exceptions = [*emergency, groups["legacy_protocol_exceptions"]]
    flows = {"transferMethods": "deviceCodeFlow,authenticationTransfer"}
    countries = {"includeLocations": [locations["blocked_countries"]["id"]], "excludeLocations": []}
    outside = {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}
    registering = _applications([], includeUserActions=["urn:user:registersecurityinfo"])
    return [
        _policy("Block legacy authentication", chance, EVERYBODY | {"excludeGroups": exceptions},
                {"clientAppTypes": ["exchangeActiveSync", "other"]}, _grant("block")),
        _policy("Block device code flow", chance, EVERYBODY | {"excludeGroups": emergency},
                {"authenticationFlows": flows}, _grant("block"), state=REPORT_ONLY),
        _policy("Block some countries", chance, EVERYBODY, {"locations": countries}, _grant("block")),
        _policy("Register security information in the office", chance, EVERYBODY | {"excludeGroups": emergency},
                {"locations": outside, "applications": registering}, _grant("block")),
    ]  # fmt: skip


def _multi_factor(exit_for_emergencies: Entity, emergency: list[str], chance: Chance) -> list[Entity]:
    admins = {"includeRoles": [BUILTIN_ROLES[name] for name in COVERED_ADMIN_ROLES], "excludeGroups": emergency}
    global_admins = {"includeRoles": [BUILTIN_ROLES["Global Administrator"]], "excludeGroups": emergency}
    guests = {"includeGuestsOrExternalUsers": EXTERNAL_USERS}
    # Policies go on naming people who were deleted: see the exclusion for Azure management.
    strength = next(item for item in builtin_strengths() if item["id"] == PHISHING_RESISTANT_ID)
    return [
        _policy("MFA for admins", chance, admins, {}, _grant("mfa")),
        _policy("Phishing-resistant sign-in for Global Administrators", chance, global_admins, {},
                _grant() | {"authenticationStrength": strength}),
        _policy("MFA for all users", chance, exit_for_emergencies, {}, _grant("mfa"), state=REPORT_ONLY),
        _policy("MFA for guests", chance, guests, {}, _grant("mfa")),
        _policy("MFA for Azure management", chance, exit_for_emergencies | {"excludeUsers": [chance.guid()]},
                {"applications": _applications([AZURE_MANAGEMENT])}, _grant("mfa")),
        _policy("MFA or managed device for Office", chance, exit_for_emergencies,
                {"applications": _applications(["Office365"])}, _grant("mfa", "compliantDevice")),
    ]  # fmt: skip


def _by_risk(exit_for_emergencies: Entity, chance: Chance) -> list[Entity]:
    change = _grant("mfa", "passwordChange") | {"operator": "AND"}
    return [
        _policy("MFA for risky sign-ins", chance, exit_for_emergencies,
                {"signInRiskLevels": ["high", "medium"]}, _grant("mfa")),
        _policy("New password for risky users", chance, exit_for_emergencies,
                {"userRiskLevels": ["high"]}, change, state="disabled"),
    ]  # fmt: skip


def _without_grant(exit_for_emergencies: Entity, chance: Chance) -> list[Entity]:
    device_filter = {"mode": "exclude", "rule": "device.isCompliant -eq True"}
    session = {
        "disableResilienceDefaults": None,
        "applicationEnforcedRestrictions": None,
        "cloudAppSecurity": None,
        "persistentBrowser": {"isEnabled": True, "mode": "never"},
        "secureSignInSession": None,
        "signInFrequency": {
            "isEnabled": True,
            "value": 9,
            "type": "hours",
            "authenticationType": "primaryAndSecondaryAuthentication",
            "frequencyInterval": "timeBased",
        },
    }
    policy = _policy("Short sessions on unknown devices", chance, exit_for_emergencies,
                     {"devices": {"deviceFilter": device_filter}}, None)  # fmt: skip
    return [policy | {"sessionControls": session}]


def _policy(
    name: str, chance: Chance, users: Entity, conditions: Entity, grant: Entity | None, *, state: str = "enabled"
) -> Entity:
    return {
        "id": chance.guid(),
        "templateId": None,
        "displayName": name,
        "description": None,
        "createdDateTime": chance.ago_exact(chance.spread(200, 900)),
        "modifiedDateTime": chance.ago_exact(100) if chance.odds(0.5) else None,
        "deletedDateTime": None,
        "state": state,
        "conditions": _conditions(users) | conditions,
        "grantControls": grant,
        "sessionControls": None,
    }


def _conditions(users: Entity) -> Entity:
    nobody: dict[str, Any] = {
        "includeUsers": [], "excludeUsers": [], "includeGroups": [], "excludeGroups": [], "includeRoles": [],
        "excludeRoles": [], "includeGuestsOrExternalUsers": None, "excludeGuestsOrExternalUsers": None,
    }  # fmt: skip
    return {
        "userRiskLevels": [],
        "signInRiskLevels": [],
        "servicePrincipalRiskLevels": [],
        "insiderRiskLevels": None,
        "clientAppTypes": ["all"],
        "platforms": None,
        "locations": None,
        "devices": None,
        "clientApplications": None,
        "authenticationFlows": None,
        "applications": _applications(["All"]),
        "users": nobody | users,
    }


def _applications(include: list[str], **differences: list[str]) -> Entity:
    return {
        "includeApplications": include,
        "excludeApplications": [],
        "includeUserActions": [],
        "includeAuthenticationContextClassReferences": [],
        "applicationFilter": None,
    } | differences


def _grant(*controls: str) -> Entity:
    return {
        "operator": "OR",
        "builtInControls": list(controls),
        "customAuthenticationFactors": [],
        "termsOfUse": [],
        "authenticationStrength": None,
    }
