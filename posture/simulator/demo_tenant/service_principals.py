"""Service principals of the made-up company: its own applications, bought ones, Microsoft's, managed identities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.credentials import certificate, secret
from posture.simulator.demo_tenant.graph_permissions import APPLICATION_PERMISSIONS, GRAPH_APP_ID
from posture.simulator.demo_tenant.names import HOSTILE_NAMES, PRODUCTS, PURPOSES
from posture.simulator.tenant import Entity

MICROSOFT_TENANT: Final = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
VENDOR_TENANT: Final = "33333333-4444-4555-8666-777777777777"

FIRST_PARTY: Final = {
    "Office 365 Exchange Online": "00000002-0000-0ff1-ce00-000000000000",
    "Office 365 SharePoint Online": "00000003-0000-0ff1-ce00-000000000000",
    "Windows Azure Active Directory": "00000002-0000-0000-c000-000000000000",
    "Windows Azure Service Management API": "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    "Microsoft Azure CLI": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
}
DELEGATED_SCOPES: Final = {
    "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
    "Mail.Read": "570282fd-fa5c-430d-a7fd-fc8dc98a9dca",
    "Directory.AccessAsUser.All": "0e263e50-5827-48a4-b97c-d940288653c7",
}


def make_service_principals(applications: Sequence[Entity], tenant_id: str, chance: Chance) -> list[Entity]:
    """Return Microsoft Graph, one principal for each registration, and about a half as many of other kinds."""
    share = max(3, len(applications) * 7 // 150)
    return [
        _graph(chance),
        *(_first_party(name, app_id, chance) for name, app_id in FIRST_PARTY.items()),
        *(principal_of(application, tenant_id, chance) for application in applications),
        *(_vendor(number, chance) for number in range(share * 4)),
        *(_managed_identity(number, chance) for number in range(share * 3)),
        *(_saml(number, tenant_id, chance) for number in range(share * 2)),
        *(_hostile_vendor(name, chance) for name in HOSTILE_NAMES[:3]),
    ]


def _principal(display_name: str, app_id: str, chance: Chance) -> Entity:
    return {
        "id": chance.guid(),
        "deletedDateTime": None,
        "accountEnabled": True,
        "alternativeNames": [],
        "appId": app_id,
        "appDisplayName": display_name,
        "appDescription": None,
        "appOwnerOrganizationId": None,
        "appRoleAssignmentRequired": False,
        "applicationTemplateId": None,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": display_name,
        "homepage": None,
        "isDisabled": None,
        "info": {
            "logoUrl": None,
            "marketingUrl": None,
            "privacyStatementUrl": None,
            "supportUrl": None,
            "termsOfServiceUrl": None,
        },
        "loginUrl": None,
        "logoutUrl": None,
        "notes": None,
        "notificationEmailAddresses": [],
        "preferredSingleSignOnMode": None,
        "preferredTokenSigningKeyThumbprint": None,
        "replyUrls": [],
        "samlSingleSignOnSettings": None,
        "servicePrincipalNames": [app_id],
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMyOrg",
        "tags": ["WindowsAzureActiveDirectoryIntegratedApp"],
        "tokenEncryptionKeyId": None,
        "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
        "addIns": [],
        "appRoles": [],
        "oauth2PermissionScopes": [],
        "resourceSpecificApplicationPermissions": [],
        "keyCredentials": [],
        "passwordCredentials": [],
    }


def _graph(chance: Chance) -> Entity:
    roles = [_app_role(name, role_id) for name, role_id in APPLICATION_PERMISSIONS.items()]
    scopes = [_scope(name, scope_id) for name, scope_id in DELEGATED_SCOPES.items()]
    differences = {"appRoles": roles, "oauth2PermissionScopes": scopes}
    return _first_party("Microsoft Graph", GRAPH_APP_ID, chance) | differences


def _app_role(name: str, role_id: str) -> dict[str, Any]:
    return {
        "allowedMemberTypes": ["Application"],
        "description": f"Allows the app to use {name} without a signed-in user.",
        "displayName": name,
        "id": role_id,
        "isEnabled": True,
        "origin": "Application",
        "value": name,
    }


def _scope(name: str, scope_id: str) -> dict[str, Any]:
    return {
        "adminConsentDescription": f"Allows the app to use {name} on behalf of the signed-in user.",
        "adminConsentDisplayName": name,
        "id": scope_id,
        "isEnabled": True,
        "type": "User",
        "userConsentDescription": None,
        "userConsentDisplayName": None,
        "value": name,
    }


def _first_party(name: str, app_id: str, chance: Chance) -> Entity:
    return _principal(name, app_id, chance) | {
        "appOwnerOrganizationId": MICROSOFT_TENANT,
        "signInAudience": "AzureADMultipleOrgs",
        "tags": [],
    }


def principal_of(application: Entity, tenant_id: str, chance: Chance) -> Entity:
    """Return the service principal of a registration in its own tenant."""
    return _principal(application["displayName"], application["appId"], chance) | {
        "accountEnabled": not chance.odds(0.05),
        "appOwnerOrganizationId": tenant_id,
        "isDisabled": application["isDisabled"],
        "signInAudience": application["signInAudience"],
    }


def _vendor(number: int, chance: Chance) -> Entity:
    name = f"Fabrikam {PRODUCTS[number % len(PRODUCTS)]} {PURPOSES[number % len(PURPOSES)]}"
    verified = {"displayName": "Fabrikam", "verifiedPublisherId": "1234567", "addedDateTime": chance.ago(900)}
    vendor = _principal(name, chance.guid(), chance) | {
        "appOwnerOrganizationId": VENDOR_TENANT,
        "signInAudience": "AzureADMultipleOrgs",
    }
    if number % 2:
        vendor["verifiedPublisher"] = verified
    # A secret on the principal of a foreign application is visible nowhere but here.
    if number % 6 == 0:
        kinds = ("ends_within_30_days", "ended", "ends_later")
        vendor["passwordCredentials"] = [secret(kinds[number // 6 % 3], chance)]
    return vendor


def _hostile_vendor(name: str, chance: Chance) -> Entity:
    return _principal(name, chance.guid(), chance) | {"appOwnerOrganizationId": VENDOR_TENANT}


def _managed_identity(number: int, chance: Chance) -> Entity:
    resource = f"/subscriptions/{chance.guid()}/resourcegroups/web/providers/Microsoft.Web/sites/site{number}"
    return _principal(f"site{number}", chance.guid(), chance) | {
        "alternativeNames": ["isExplicit=False", resource],
        "keyCredentials": [certificate("ends_within_90_days", chance)],
        "servicePrincipalType": "ManagedIdentity",
        "signInAudience": None,
        "tags": [],
    }


def _saml(number: int, tenant_id: str, chance: Chance) -> Entity:
    kind = ("ends_within_30_days", "ended", "ends_later")[number % 3]
    mark = chance.rng.randbytes(20)
    signing = certificate(kind, chance, usage="Sign", thumbprint=mark)
    # Signing and verifying entry are one certificate: same thumbprint, same dates, two key ids.
    verifying = signing | {"keyId": chance.guid(), "usage": "Verify"}
    password = secret("ends_later", chance) | {
        "customKeyIdentifier": signing["customKeyIdentifier"],
        "startDateTime": signing["startDateTime"],
        "endDateTime": signing["endDateTime"],
    }
    return _principal(f"SAML {PRODUCTS[number % len(PRODUCTS)]}", chance.guid(), chance) | {
        "appOwnerOrganizationId": tenant_id,
        "applicationTemplateId": "8adf8e6e-67b2-4cf2-a259-e3dc5476c621",
        "keyCredentials": [signing, verifying],
        "passwordCredentials": [password],
        "loginUrl": f"https://saml{number}.contoso.example.com/login",
        "preferredSingleSignOnMode": "saml",
        "preferredTokenSigningKeyThumbprint": mark.hex().upper(),
        "tags": [
            "WindowsAzureActiveDirectoryIntegratedApp",
            "WindowsAzureActiveDirectoryCustomSingleSignOnApplication",
        ],
    }
