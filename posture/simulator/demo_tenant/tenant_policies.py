"""Settings of the whole tenant, each a single object; most were left as they came."""

from __future__ import annotations

from typing import Any

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.tenant import Entity


def make_singletons(reviewer_id: str, chance: Chance) -> dict[str, Entity]:
    """Return the single objects by path; ``reviewer_id`` is the user who reviews consent requests."""
    return {
        "policies/identitySecurityDefaultsEnforcementPolicy": _security_defaults(),
        "policies/authorizationPolicy": _authorization(),
        "policies/authenticationMethodsPolicy": _authentication_methods(chance),
        "policies/crossTenantAccessPolicy": _cross_tenant_access(),
        "policies/crossTenantAccessPolicy/default": _cross_tenant_default(),
        "policies/adminConsentRequestPolicy": _admin_consent(reviewer_id),
        "policies/deviceRegistrationPolicy": _device_registration(),
    }


def _security_defaults() -> Entity:
    return {
        "id": "00000000-0000-0000-0000-000000000005",
        "deletedDateTime": None,
        "displayName": "Security Defaults",
        "description": "Security defaults is a set of basic identity security mechanisms.",
        "isEnabled": False,
    }


def _authorization() -> Entity:
    return {
        "id": "authorizationPolicy",
        "deletedDateTime": None,
        "displayName": "Authorization Policy",
        "description": "Used to manage authorization related settings across the company.",
        "allowInvitesFrom": "everyone",
        "allowedToSignUpEmailBasedSubscriptions": True,
        "allowedToUseSSPR": True,
        "allowEmailVerifiedUsersToJoinOrganization": False,
        "allowUserConsentForRiskyApps": None,
        "blockMsolPowerShell": False,
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": True,
            "allowedToCreateSecurityGroups": True,
            "allowedToCreateTenants": True,
            "allowedToReadBitlockerKeysForOwnedDevice": True,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": [
                "ManagePermissionGrantsForSelf.microsoft-user-default-legacy",
                "ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-team",
            ],
        },
    }


def _authentication_methods(chance: Chance) -> Entity:
    campaign_target = {
        "id": "all_users",
        "targetType": "group",
        "targetedAuthenticationMethod": "microsoftAuthenticator",
    }
    campaign = {
        "snoozeDurationInDays": 1,
        "state": "default",
        "excludeTargets": [],
        "includeTargets": [campaign_target],
    }
    return {
        "id": "authenticationMethodsPolicy",
        "displayName": "Authentication Methods Policy",
        "description": "The tenant-wide policy that controls which authentication methods are allowed.",
        "lastModifiedDateTime": chance.ago_exact(250),
        "policyVersion": "1.5",
        "policyMigrationState": "migrationInProgress",
        "reconfirmationInDays": None,
        "registrationEnforcement": {"authenticationMethodsRegistrationCampaign": campaign},
        "authenticationMethodConfigurations": _method_configurations(),
    }


def _method_configurations() -> list[Entity]:
    restrictions = {"isEnforced": False, "enforcementType": "block", "aaGuids": []}
    return [
        _method("Fido2", "fido2", enabled=True)
        | {
            "isAttestationEnforced": True,
            "isSelfServiceRegistrationAllowed": True,
            "keyRestrictions": restrictions,
        },
        _method("MicrosoftAuthenticator", "microsoftAuthenticator", enabled=True) | {"isSoftwareOathEnabled": True},
        _method("Sms", "sms", enabled=True),
        _method("TemporaryAccessPass", "temporaryAccessPass", enabled=False)
        | {
            "defaultLength": 8,
            "defaultLifetimeInMinutes": 60,
            "isUsableOnce": False,
            "maximumLifetimeInMinutes": 480,
            "minimumLifetimeInMinutes": 60,
        },
        _method("SoftwareOath", "softwareOath", enabled=True),
        _method("Voice", "voice", enabled=True) | {"isOfficePhoneAllowed": False},
        _method("Email", "email", enabled=True) | {"allowExternalIdToUseEmailOtp": "default"},
    ]


def _method(name: str, kind: str, *, enabled: bool) -> Entity:
    target = {"targetType": "group", "id": "all_users", "isRegistrationRequired": False}
    return {
        "@odata.type": f"#microsoft.graph.{kind}AuthenticationMethodConfiguration",
        "id": name,
        "state": "enabled" if enabled else "disabled",
        "excludeTargets": [],
        "includeTargets": [target],
    }


def _cross_tenant_access() -> Entity:
    return {
        "id": "crossTenantAccessPolicy",
        "deletedDateTime": None,
        "displayName": "CrossTenantAccessPolicy",
        "description": None,
        "allowedCloudEndpoints": [],
    }


def _cross_tenant_default() -> Entity:
    return {
        "id": "default",
        "isServiceDefault": True,
        "inboundTrust": {
            "isMfaAccepted": False,
            "isCompliantDeviceAccepted": False,
            "isHybridAzureADJoinedDeviceAccepted": False,
        },
        "b2bCollaborationInbound": _reach("allowed"),
        "b2bCollaborationOutbound": _reach("allowed"),
        "b2bDirectConnectInbound": _reach("blocked"),
        "b2bDirectConnectOutbound": _reach("blocked"),
        "automaticUserConsentSettings": {"inboundAllowed": None, "outboundAllowed": None},
    }


def _reach(access: str) -> dict[str, Any]:
    return {
        "usersAndGroups": {
            "accessType": access,
            "targets": [{"target": "AllUsers", "targetType": "user"}],
        },
        "applications": {
            "accessType": access,
            "targets": [{"target": "AllApplications", "targetType": "application"}],
        },
    }


def _admin_consent(reviewer_id: str) -> Entity:
    reviewer = {"query": f"/users/{reviewer_id}", "queryType": "MicrosoftGraph", "queryRoot": None}
    return {
        "id": "adminConsentRequestPolicy",
        "isEnabled": True,
        "notifyReviewers": False,
        "remindersEnabled": False,
        "requestDurationInDays": 30,
        "version": 1,
        "reviewers": [reviewer],
    }


def _device_registration() -> Entity:
    return {
        "id": "deviceRegistrationPolicy",
        "displayName": "Device Registration Policy",
        "description": "Tenant-wide policy that manages initial provisioning controls.",
        "userDeviceQuota": 50,
        "multiFactorAuthConfiguration": "notRequired",
        "azureADRegistration": {"isAdminConfigurable": False, "allowedToRegister": _every_device_user()},
        "azureADJoin": {
            "isAdminConfigurable": True,
            "allowedToJoin": _every_device_user(),
            "localAdmins": {"enableGlobalAdmins": True, "registeringUsers": _every_device_user()},
        },
        "localAdminPassword": {"isEnabled": False},
    }


def _every_device_user() -> dict[str, str]:
    return {"@odata.type": "#microsoft.graph.allDeviceRegistrationMembership"}
