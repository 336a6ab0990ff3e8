"""The made-up company itself: organisation, domains, licences, administrative units, settings, devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.names import DOMAIN, INITIAL_DOMAIN
from posture.simulator.demo_tenant.person import E3_SKU, E5_SKU, Person
from posture.simulator.tenant import Entity

P1_PLAN: Final = "41781fb2-bc02-4b7c-bd55-b576c07bb09d"
P2_PLAN: Final = "eec0eb4f-6444-4f95-aba0-50c24d67f998"
GROUP_UNIFIED_TEMPLATE: Final = "62375ab9-6b52-47ed-826b-58e47e0e304b"


def make_organization(tenant_id: str, chance: Chance) -> Entity:
    """Return the one ``organization`` object, with the plans of Entra ID P1 and P2 enabled."""
    return {
        "id": tenant_id,
        "deletedDateTime": None,
        "displayName": "Contoso",
        "tenantType": "AAD",
        "partnerTenantType": None,
        "businessPhones": ["555-0100"],
        "city": None,
        "country": None,
        "countryLetterCode": "US",
        "defaultUsageLocation": None,
        "postalCode": None,
        "state": None,
        "street": None,
        "preferredLanguage": "en",
        "createdDateTime": chance.ago(4600),
        "marketingNotificationEmails": [],
        "securityComplianceNotificationMails": [],
        "securityComplianceNotificationPhones": [],
        "technicalNotificationMails": [f"it@{DOMAIN}"],
        "mobileDeviceManagementAuthority": "intune",
        "onPremisesSyncEnabled": True,
        "onPremisesLastSyncDateTime": chance.ago(0.02),
        "privacyProfile": None,
        "provisionedPlans": [{"capabilityStatus": "Enabled", "provisioningStatus": "Success", "service": "exchange"}],
        "assignedPlans": [_plan(P1_PLAN, chance), _plan(P2_PLAN, chance)],
        "verifiedDomains": [_verified(INITIAL_DOMAIN, initial=True), _verified(DOMAIN, initial=False)],
    }


def _plan(plan_id: str, chance: Chance) -> Entity:
    return {
        "assignedDateTime": chance.ago(900),
        "capabilityStatus": "Enabled",
        "service": "AADPremiumService",
        "servicePlanId": plan_id,
    }


def _verified(name: str, *, initial: bool) -> Entity:
    return {
        "capabilities": "Email, OfficeCommunicationsOnline",
        "isDefault": not initial,
        "isInitial": initial,
        "name": name,
        "type": "Managed",
    }


def make_domains() -> list[Entity]:
    """Return the initial domain, the default one, and one that was never verified."""
    return [
        _domain(INITIAL_DOMAIN) | {"isInitial": True},
        _domain(DOMAIN) | {"isDefault": True, "passwordValidityPeriodInDays": 90},
        _domain("contoso.example.org") | {"isVerified": False, "supportedServices": []},
    ]


def _domain(name: str) -> Entity:
    return {
        "id": name,
        "authenticationType": "Managed",
        "availabilityStatus": None,
        "isAdminManaged": True,
        "isDefault": False,
        "isInitial": False,
        "isRoot": True,
        "isVerified": True,
        "manufacturer": None,
        "model": None,
        "passwordNotificationWindowInDays": None,
        "passwordValidityPeriodInDays": None,
        "state": None,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
    }


def make_subscribed_skus(people: Sequence[Person], tenant_id: str, chance: Chance) -> list[Entity]:
    """Return the two licences in use, with what the people consume of them."""
    used = [person.licence for person in people]
    plans = {"AAD_PREMIUM": P1_PLAN}
    e3 = _sku("SPE_E3", E3_SKU, used.count(E3_SKU), plans, tenant_id, chance)
    e5 = _sku("SPE_E5", E5_SKU, used.count(E5_SKU), plans | {"AAD_PREMIUM_P2": P2_PLAN}, tenant_id, chance)
    return [e3, e5]


def _sku(name: str, sku_id: str, consumed: int, plans: Mapping[str, str], tenant_id: str, chance: Chance) -> Entity:
    return {
        "id": f"{tenant_id}_{sku_id}",
        "accountId": tenant_id,
        "accountName": "Contoso",
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": consumed,
        "prepaidUnits": {"enabled": consumed + 25, "suspended": 0, "warning": 0, "lockedOut": 0},
        "servicePlans": [
            {
                "servicePlanId": plan_id,
                "servicePlanName": plan,
                "provisioningStatus": "Success",
                "appliesTo": "User",
            }
            for plan, plan_id in plans.items()
        ],
        "skuId": sku_id,
        "skuPartNumber": name,
        "subscriptionIds": [chance.guid()],
    }


def make_administrative_units(unit_id: str, chance: Chance) -> list[Entity]:
    """Return the unit that an assignment is scoped to, and a restricted and a dynamic one."""
    rule = {
        "membershipType": "Dynamic",
        "membershipRule": '(user.department -eq "Legal")',
        "membershipRuleProcessingState": "On",
    }
    return [
        _unit(unit_id, "Sales"),
        _unit(chance.guid(), "Executives") | {"isMemberManagementRestricted": True},
        _unit(chance.guid(), "Legal") | rule,
    ]


def _unit(unit_id: str, name: str) -> Entity:
    return {
        "id": unit_id,
        "deletedDateTime": None,
        "displayName": name,
        "description": None,
        "isMemberManagementRestricted": False,
        "membershipRule": None,
        "membershipRuleProcessingState": None,
        "membershipType": None,
        "visibility": None,
    }


def make_group_settings(chance: Chance) -> list[Entity]:
    """Return the one settings object of Microsoft 365 groups; guests may be added and own groups."""
    values = {
        "EnableMIPLabels": "false",
        "EnableMSStandardBlockedWords": "false",
        "AllowGuestsToBeGroupOwner": "true",
        "AllowGuestsToAccessGroups": "true",
        "AllowToAddGuests": "true",
        "GroupCreationAllowedGroupId": "",
        "EnableGroupCreation": "true",
    }
    return [
        {
            "id": chance.guid(),
            "displayName": "Group.Unified",
            "templateId": GROUP_UNIFIED_TEMPLATE,
            "values": [{"name": name, "value": value} for name, value in values.items()],
        }
    ]


def make_devices(count: int, chance: Chance) -> list[Entity]:
    """Return ``count`` devices: joined, hybrid and only registered ones, some stale, some not compliant."""
    return [_device(number, chance) for number in range(count)]


def _device(number: int, chance: Chance) -> Entity:
    rng = chance.rng
    trust = rng.choice(("AzureAd", "ServerAd", "Workplace"))
    system, version = rng.choice((("Windows", "10.0.22631.3007"), ("iOS", "17.4"), ("MacMDM", "14.3")))
    managed = trust != "Workplace" or chance.odds(0.3)
    seen = chance.spread(0, 30) if chance.odds(0.85) else chance.spread(100, 900)
    return {
        "id": chance.guid(),
        "deletedDateTime": None,
        "accountEnabled": not chance.odds(0.05),
        "approximateLastSignInDateTime": chance.ago(seen),
        "deviceId": chance.guid(),
        "deviceOwnership": "Company" if managed else "Personal",
        "deviceVersion": 2,
        "displayName": f"CONTOSO-{number:05d}",
        "isCompliant": chance.odds(0.9) if managed else None,
        "isManaged": managed or None,
        "managementType": "MDM" if managed else None,
        "manufacturer": None,
        "model": None,
        "onPremisesLastSyncDateTime": chance.ago(0.1) if trust == "ServerAd" else None,
        "onPremisesSyncEnabled": True if trust == "ServerAd" else None,
        "operatingSystem": system,
        "operatingSystemVersion": version,
        "physicalIds": [],
        "profileType": "RegisteredDevice",
        "registrationDateTime": chance.ago(seen + chance.spread(1, 900)),
        "systemLabels": [],
        "trustType": trust,
    }
