"""Application registrations of the made-up company."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.credentials import LIFETIMES, certificate, secret, symmetric_key
from posture.simulator.demo_tenant.graph_permissions import APPLICATION_PERMISSIONS, GRAPH_APP_ID
from posture.simulator.demo_tenant.names import DOMAIN, HOSTILE_NAMES, PRODUCTS, PURPOSES
from posture.simulator.tenant import Entity

KINDS: Final = (*LIFETIMES, "never_ends", "without_dates")
REQUESTED: Final = ("User.Read.All", "Group.Read.All", "Directory.Read.All", "Mail.Send", "Sites.Read.All")


def make_applications(count: int, chance: Chance) -> list[Entity]:
    """Return one registration for each kind of credential, one per hostile name, then others up to ``count``."""
    made = [*_one_of_each(chance), *(make_application(name, chance) for name in HOSTILE_NAMES)]
    made += [_ordinary(number, chance) for number in range(count - len(made))]
    return made


def make_owners(applications: Sequence[Entity], people: Sequence[str], chance: Chance) -> dict[str, list[str]]:
    """Return owner relations: one or two people for two thirds of the registrations, nobody for the others."""
    return {
        f"applications/{application['id']}/owners": chance.rng.sample(people, chance.rng.choice((0, 1, 2)))
        for application in applications
    }


def _one_of_each(chance: Chance) -> Iterator[Entity]:
    for kind in KINDS:
        yield make_application(f"Secret {kind}", chance) | {"passwordCredentials": [secret(kind, chance)]}
        yield make_application(f"Certificate {kind}", chance) | {"keyCredentials": [certificate(kind, chance)]}
    rotated = [secret("ends_within_30_days", chance), secret("ends_later", chance)]
    yield make_application("Secret rotated", chance) | {"passwordCredentials": rotated}
    disabled = {"isDisabled": True, "passwordCredentials": [secret("ends_within_30_days", chance)]}
    yield make_application("Secret of disabled", chance) | disabled
    old_key = [symmetric_key("ends_within_30_days", chance)]
    yield make_application("Symmetric key", chance) | {"keyCredentials": old_key}


def _ordinary(number: int, chance: Chance) -> Entity:
    rng = chance.rng
    application = make_application(f"{rng.choice(PRODUCTS)} {rng.choice(PURPOSES)} {number}", chance)
    kinds = ("ended", "ends_within_30_days", "ends_within_90_days", *["ends_later"] * 8)
    if chance.odds(0.6):
        secrets = [secret(rng.choice(kinds), chance) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
        application["passwordCredentials"] = secrets
    if chance.odds(0.2):
        application["keyCredentials"] = [certificate(rng.choice(kinds), chance)]
    if chance.odds(0.1):
        application["web"]["implicitGrantSettings"]["enableIdTokenIssuance"] = True
    if chance.odds(0.1):
        application["signInAudience"] = "AzureADMultipleOrgs"
    return application


def make_application(display_name: str, chance: Chance) -> Entity:
    """Return a registration without credentials."""
    app_id = chance.guid()
    return {
        "id": chance.guid(),
        "deletedDateTime": None,
        "appId": app_id,
        "displayName": display_name,
        "description": None,
        "createdDateTime": chance.ago_exact(chance.spread(30, 2400)),
        "publisherDomain": DOMAIN,
        "signInAudience": "AzureADMyOrg",
        "identifierUris": [f"api://{app_id}"],
        "applicationTemplateId": None,
        "uniqueName": None,
        "notes": None,
        "tags": [],
        "isDisabled": None,
        "disabledByMicrosoftStatus": None,
        "isFallbackPublicClient": None,
        "isDeviceOnlyAuthSupported": None,
        "groupMembershipClaims": None,
        "optionalClaims": None,
        "samlMetadataUrl": None,
        "serviceManagementReference": None,
        "tokenEncryptionKeyId": None,
        "addIns": [],
        "appRoles": [],
        "api": {
            "requestedAccessTokenVersion": 2,
            "acceptMappedClaims": None,
            "knownClientApplications": [],
            "oauth2PermissionScopes": [],
            "preAuthorizedApplications": [],
        },
        "info": {
            "logoUrl": None,
            "marketingUrl": None,
            "privacyStatementUrl": None,
            "supportUrl": None,
            "termsOfServiceUrl": None,
        },
        "publicClient": {"redirectUris": []},
        "spa": {"redirectUris": []},
        "web": {
            "homePageUrl": None,
            "logoutUrl": None,
            "redirectUris": ["https://app.contoso.example.com/signin"],
            "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        },
        "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
        "servicePrincipalLockConfiguration": None,
        "keyCredentials": [],
        "passwordCredentials": [],
        "requiredResourceAccess": [_requested(chance)],
    }


def _requested(chance: Chance) -> Entity:
    names = chance.rng.sample(REQUESTED, chance.rng.randrange(1, 3))
    access = [{"id": APPLICATION_PERMISSIONS[name], "type": "Role"} for name in names]
    return {"resourceAppId": GRAPH_APP_ID, "resourceAccess": access}
