"""Every entity of the made-up company has the shape that Graph's metadata gives its type."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.tenant import Tenant

FACTS: Mapping[str, Any] = json.loads((files("posture.simulator.facts") / "types.json").read_text())
# The methods' own types, which the facts for routes leave out: properties beyond those all of them have.
METHOD: Mapping[str, str] = {
    "id": "String",
    "state": "authenticationMethodState",
    "excludeTargets": "[excludeTarget]",
}
METHODS: Mapping[str, Mapping[str, str]] = {
    "fido2": {
        "defaultPasskeyProfile": "String",
        "isAttestationEnforced": "Boolean",
        "isSelfServiceRegistrationAllowed": "Boolean",
        "keyRestrictions": "fido2KeyRestrictions",
    },
    "microsoftAuthenticator": {
        "featureSettings": "microsoftAuthenticatorFeatureSettings",
        "isSoftwareOathEnabled": "Boolean",
    },
    "sms": {},
    "temporaryAccessPass": {
        "defaultLength": "Int32",
        "defaultLifetimeInMinutes": "Int32",
        "isUsableOnce": "Boolean",
        "maximumLifetimeInMinutes": "Int32",
        "minimumLifetimeInMinutes": "Int32",
    },
    "softwareOath": {},
    "voice": {"isOfficePhoneAllowed": "Boolean"},
    "email": {"allowExternalIdToUseEmailOtp": "externalEmailOtpState"},
}
RELATED: Mapping[str, Mapping[str, str]] = {
    "authenticationMethodTarget": {"id": "String", "isRegistrationRequired": "Boolean", "targetType": "String"},
    "fido2KeyRestrictions": {"aaGuids": "[String]", "enforcementType": "String", "isEnforced": "Boolean"},
} | {f"{name}AuthenticationMethodConfiguration": {**METHOD, **own} for name, own in METHODS.items()}
TYPES = {name: {"properties": own} for name, own in RELATED.items()} | FACTS["types"]
ENUMS = {
    "authenticationMethodState": ["enabled", "disabled"],
    "externalEmailOtpState": ["default", "enabled", "disabled"],
} | FACTS["enums"]

TYPE_OF = {
    "users": "user",
    "groups": "group",
    "applications": "application",
    "servicePrincipals": "servicePrincipal",
    "appRoleAssignments": "appRoleAssignment",
    "oauth2PermissionGrants": "oAuth2PermissionGrant",
    "devices": "device",
    "directoryRoles": "directoryRole",
    "directory/administrativeUnits": "administrativeUnit",
    "domains": "domain",
    "groupSettings": "groupSetting",
    "organization": "organization",
    "subscribedSkus": "subscribedSku",
    "identity/conditionalAccess/namedLocations": "namedLocation",
    "identity/conditionalAccess/policies": "conditionalAccessPolicy",
    "identityProtection/riskDetections": "riskDetection",
    "identityProtection/riskyServicePrincipals": "riskyServicePrincipal",
    "identityProtection/riskyUsers": "riskyUser",
    "policies/authenticationStrengthPolicies": "authenticationStrengthPolicy",
    "reports/authenticationMethods/userRegistrationDetails": "userRegistrationDetails",
    "roleManagement/directory/roleAssignmentScheduleInstances": "unifiedRoleAssignmentScheduleInstance",
    "roleManagement/directory/roleAssignmentSchedules": "unifiedRoleAssignmentSchedule",
    "roleManagement/directory/roleAssignments": "unifiedRoleAssignment",
    "roleManagement/directory/roleDefinitions": "unifiedRoleDefinition",
    "roleManagement/directory/roleEligibilityScheduleInstances": "unifiedRoleEligibilityScheduleInstance",
    "roleManagement/directory/roleEligibilitySchedules": "unifiedRoleEligibilitySchedule",
    "policies/adminConsentRequestPolicy": "adminConsentRequestPolicy",
    "policies/authenticationMethodsPolicy": "authenticationMethodsPolicy",
    "policies/authorizationPolicy": "authorizationPolicy",
    "policies/crossTenantAccessPolicy": "crossTenantAccessPolicy",
    "policies/crossTenantAccessPolicy/default": "crossTenantAccessPolicyConfigurationDefault",
    "policies/deviceRegistrationPolicy": "deviceRegistrationPolicy",
    "policies/identitySecurityDefaultsEnforcementPolicy": "identitySecurityDefaultsEnforcementPolicy",
}
# Members that the service writes inline although the metadata lists them as relations, or of a complex type.
INLINE = {
    "authenticationMethodConfigurations": "[authenticationMethodConfiguration]",
    "includeTargets": "[authenticationMethodTarget]",
    "combinationConfigurations": "[authenticationCombinationConfiguration]",
    "authenticationStrength": "authenticationStrengthPolicy",
}
# Documented samples carry an empty string, which no member of the enumeration stands for.
MAY_BE_EMPTY = {"userPreferredMethodForSecondaryAuthentication"}
POSTURE_SET = (
    "id,userPrincipalName,displayName,mail,accountEnabled,userType,createdDateTime,creationType,externalUserState,"
    "externalUserStateChangeDateTime,lastPasswordChangeDateTime,passwordPolicies,assignedLicenses,"
    "licenseAssignmentStates,onPremisesSyncEnabled,onPremisesLastSyncDateTime,onPremisesImmutableId,"
    "onPremisesSamAccountName,onPremisesDomainName,onPremisesSecurityIdentifier,onPremisesDistinguishedName,"
    "onPremisesProvisioningErrors,signInSessionsValidFromDateTime,usageLocation,department,jobTitle,employeeId,"
    "employeeType,employeeLeaveDateTime,identities,isResourceAccount,securityIdentifier,identityParentId"
)
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@cache
def company() -> Tenant:
    return demo_tenant(users=1000, now=datetime(2026, 3, 1, tzinfo=UTC))


def entities(path: str) -> list[dict[str, Any]]:
    tenant = company()
    return tenant.collections[path] if path in tenant.collections else [tenant.singletons[path]]


def faults(value: Any, type_name: str, where: str) -> Iterator[str]:
    """Yield what about a value the metadata's type does not allow."""
    if value is None:
        return
    if type_name.startswith("["):
        if not isinstance(value, list):
            yield f"{where}: a list is wanted"
            return
        for item in value:
            yield from faults(item, type_name[1:-1], f"{where}[]")
    elif isinstance(value, dict) and (type_name in TYPES or "@odata.type" in value):
        yield from faults_of_entity(value, type_name, where)
    elif not fits(value, type_name) and not (value == "" and where.split(".")[-1] in MAY_BE_EMPTY):
        yield f"{where}: {value!r} is no {type_name}"


def faults_of_entity(value: Mapping[str, Any], type_name: str, where: str) -> Iterator[str]:
    actual = str(value.get("@odata.type", type_name)).removeprefix("#microsoft.graph.")
    properties = TYPES[actual]["properties"]
    for name, item in value.items():
        if name == "@odata.type":
            continue
        wanted = properties.get(name) or INLINE.get(name)
        if wanted is None:
            yield f"{where}: {actual} has no {name}"
        else:
            yield from faults(item, wanted, f"{where}.{name}")


def fits(value: Any, type_name: str) -> bool:
    if type_name in ENUMS:
        words = str(value).split(",") if type_name in FACTS["flag_enums"] else [value]
        return set(words) <= set(ENUMS[type_name])
    if type_name == "DateTimeOffset":
        return isinstance(value, str) and DATE.fullmatch(value) is not None
    if type_name == "Guid":
        return isinstance(value, str) and GUID.fullmatch(value) is not None
    if type_name == "Binary":
        return isinstance(value, str) and bool(base64.b64decode(value, validate=True))
    kinds: dict[str, type | tuple[type, ...]] = {
        "String": str, "Boolean": bool, "Int32": int, "Double": (int, float), "Duration": str,
    }  # fmt: skip
    return isinstance(value, kinds[type_name]) and (type_name == "Boolean" or not isinstance(value, bool))


def test_every_part_of_the_company_has_a_type() -> None:
    tenant = company()

    assert set(tenant.collections) | set(tenant.singletons) == set(TYPE_OF)


@pytest.mark.parametrize("path", TYPE_OF)
def test_entities_have_only_what_their_type_has(path: str) -> None:
    found = [fault for entity in entities(path) for fault in faults(entity, TYPE_OF[path], path)]

    assert found == []


@pytest.mark.parametrize("path", TYPE_OF)
def test_entities_of_a_collection_have_the_same_properties(path: str) -> None:
    by_kind: dict[str, set[frozenset[str]]] = {}
    for entity in entities(path):
        by_kind.setdefault(entity.get("@odata.type", ""), set()).add(frozenset(entity))

    assert all(len(shapes) == 1 for shapes in by_kind.values())


def test_sign_in_activity_has_only_what_its_type_has() -> None:
    values = company().sign_in_activity.values()

    assert [fault for value in values for fault in faults(dict(value), "signInActivity", "signInActivity")] == []


def test_users_have_the_properties_that_posture_checks_read() -> None:
    user = company().collections["users"][0]

    assert set(POSTURE_SET.split(",")) <= set(user)


@pytest.mark.parametrize(
    ("value", "type_name"),
    [
        ({"id": "1", "nickName": "x"}, "user"),
        ({"accountEnabled": "true"}, "user"),
        ({"riskLevel": "High"}, "riskyUser"),
        ({"createdDateTime": "2026-03-01"}, "user"),
        ({"businessPhones": "555"}, "user"),
    ],
)
def test_a_wrong_shape_would_be_seen(value: dict[str, Any], type_name: str) -> None:
    assert len(list(faults(value, type_name, "x"))) == 1
