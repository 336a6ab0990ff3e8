"""One made-up person and the three records Graph has about them: user, sign-in activity, registration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.names import AD_DOMAIN, AD_PATH, DOMAIN, INITIAL_DOMAIN
from posture.simulator.tenant import Entity

YEAR_ONE: Final = "0001-01-01T00:00:00Z"
E5_SKU: Final = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
E3_SKU: Final = "05e9a617-0261-4cee-bb44-138d3ef5d965"
"""Microsoft 365 E5 and E3: https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIns:
    """Days since the last sign-in of each kind; None where Graph holds no value.

    ``as_year_one`` writes such a value as 1 January of the year 1, which Graph does for some accounts.
    """

    interactive: float | None = None
    background: float | None = None
    successful: float | None = None
    as_year_one: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """What is true of one account; days count back from now, negative ones lie ahead.

    ``synced`` is None for an account that never came from the on-premises directory, False for one that no
    longer does. ``methods`` is None if the registration report does not list the account.
    """

    id: str
    first: str
    last: str
    account: str
    display_name: str
    user_type: str | None = "Member"
    enabled: bool = True
    synced: bool | None = None
    created: float = 700.0
    password_age: float | None = 120.0
    password_never_expires: bool = False
    licence: str | None = E3_SKU
    department: str | None = None
    job_title: str | None = None
    country: str | None = "US"
    hired: float | None = None
    resource_account: bool | None = None
    home_domain: str | None = None
    invitation: str | None = None
    invited: float | None = None
    sign_ins: SignIns | None = None
    methods: tuple[str, ...] | None = ("microsoftAuthenticatorPush",)
    methods_allowed: bool = True

    @property
    def is_guest(self) -> bool:
        return self.user_type == "Guest"

    @property
    def mail(self) -> str:
        return f"{self.account}@{self.home_domain or DOMAIN}"

    @property
    def user_principal_name(self) -> str:
        if self.home_domain is None:
            return f"{self.account}@{DOMAIN}"
        return f"{self.account}_{self.home_domain}#EXT#@{INITIAL_DOMAIN}"


def user_entity(person: Person, chance: Chance) -> Entity:
    """Return the user as Graph's ``user`` with the properties that posture checks and default lists read."""
    return {
        "id": person.id,
        "deletedDateTime": None,
        "accountEnabled": person.enabled,
        "userType": person.user_type,
        "userPrincipalName": person.user_principal_name,
        "displayName": person.display_name,
        "givenName": None if person.is_guest else person.first,
        "surname": None if person.is_guest else person.last,
        "mail": person.mail if person.licence or person.is_guest else None,
        "mailNickname": person.account,
        "otherMails": [person.mail] if person.is_guest else [],
        "department": person.department,
        "jobTitle": person.job_title,
        "businessPhones": [],
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "usageLocation": person.country,
        "employeeId": None,
        "employeeType": None if person.is_guest else "Employee",
        "employeeHireDate": None if person.hired is None else chance.ago(person.hired),
        "employeeLeaveDateTime": None,
        "createdDateTime": chance.ago(person.created),
        "creationType": "Invitation" if person.invitation else None,
        "externalUserState": person.invitation,
        "externalUserStateChangeDateTime": None if person.invited is None else chance.ago(person.invited),
        "lastPasswordChangeDateTime": None if person.password_age is None else chance.ago(person.password_age),
        "signInSessionsValidFromDateTime": chance.ago(person.password_age or person.created),
        "passwordPolicies": "DisablePasswordExpiration" if person.password_never_expires else None,
        "isResourceAccount": person.resource_account,
        "identityParentId": None,
        "securityIdentifier": _cloud_sid(person.id),
        "identities": [_identity(person)],
    } | _licences(person, chance) | _on_premises(person, chance)  # fmt: skip


def _identity(person: Person) -> dict[str, Any]:
    if person.home_domain is not None:
        return {"signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": None}
    name = person.user_principal_name
    return {"signInType": "userPrincipalName", "issuer": INITIAL_DOMAIN, "issuerAssignedId": name}


def _cloud_sid(object_id: str) -> str:
    """Return the S-1-12-1 identifier, which the directory derives from the object id."""
    number = int(object_id.replace("-", ""), 16)
    parts = [(number >> shift) & 0xFFFFFFFF for shift in (96, 64, 32, 0)]
    return "S-1-12-1-" + "-".join(map(str, parts))


def _licences(person: Person, chance: Chance) -> Entity:
    if person.licence is None:
        return {"assignedLicenses": [], "licenseAssignmentStates": []}
    state: Entity = {
        "skuId": person.licence,
        "disabledPlans": [],
        "assignedByGroup": None,
        "state": "Active",
        "error": "None",
        "lastUpdatedDateTime": chance.ago(min(person.created, 200.0)),
    }
    return {
        "assignedLicenses": [{"disabledPlans": [], "skuId": person.licence}],
        "licenseAssignmentStates": [state],
    }


def _on_premises(person: Person, chance: Chance) -> Entity:
    """Return the on-premises properties: values while synchronised, leftovers afterwards, else null."""
    was_synced = person.synced is not None
    last_sync = 0.02 if person.synced else 180.0
    number = int(person.id[:8], 16)
    return {
        "onPremisesSyncEnabled": person.synced,
        "onPremisesLastSyncDateTime": chance.ago(last_sync) if was_synced else None,
        "onPremisesImmutableId": f"{person.id[:8]}{person.id[-12:]}A==" if was_synced else None,
        "onPremisesSamAccountName": person.account[:20] if was_synced else None,
        "onPremisesDomainName": AD_DOMAIN if was_synced else None,
        "onPremisesSecurityIdentifier": f"S-1-5-21-1004336348-1177238915-{number}" if was_synced else None,
        "onPremisesDistinguishedName": f"CN={person.account},OU=People,{AD_PATH}" if was_synced else None,
        "onPremisesProvisioningErrors": [],
    }


def sign_in_activity(person: Person, chance: Chance) -> Entity | None:
    """Return the value of ``signInActivity``, or None for a person whose sign-ins were never recorded.

    The successful one is left out, not null, where it was never filled: Graph began to record it at the end of
    2023. Source: https://learn.microsoft.com/graph/api/resources/signinactivity
    """
    if person.sign_ins is None:
        return None
    kinds = {
        "SignIn": person.sign_ins.interactive,
        "NonInteractiveSignIn": person.sign_ins.background,
        "SuccessfulSignIn": person.sign_ins.successful,
    }
    never = YEAR_ONE if person.sign_ins.as_year_one else None
    activity: Entity = {}
    for kind, days in kinds.items():
        if days is None and kind == "SuccessfulSignIn" and never is None:
            continue
        activity[f"last{kind}DateTime"] = never if days is None else chance.ago(days)
        activity[f"last{kind}RequestId"] = None if days is None else chance.guid()
    return activity


PREFERRED: Final = {"microsoftAuthenticatorPush": "push", "softwareOneTimePasscode": "oath", "mobilePhone": "sms"}
SECOND_FACTORS: Final = frozenset(PREFERRED) | {
    "fido2SecurityKey", "windowsHelloForBusiness", "passKeyDeviceBoundAuthenticator", "hardwareOneTimePasscode",
}  # fmt: skip
PASSWORDLESS: Final = frozenset({"fido2SecurityKey", "windowsHelloForBusiness", "passKeyDeviceBoundAuthenticator"})


def registration(person: Person, *, is_admin: bool, chance: Chance) -> Entity | None:
    """Return the person's line of the registration report, or None if the report does not list them yet."""
    if person.methods is None:
        return None
    registered = any(method in SECOND_FACTORS for method in person.methods)
    preferred = next((PREFERRED[method] for method in person.methods if method in PREFERRED), "")
    resets = registered or "email" in person.methods
    return {
        "id": person.id,
        "userPrincipalName": person.user_principal_name,
        "userDisplayName": person.display_name,
        "userType": "guest" if person.is_guest else "member",
        "isAdmin": is_admin,
        "isSsprRegistered": resets,
        "isSsprEnabled": not person.is_guest,
        "isSsprCapable": resets and not person.is_guest,
        "isMfaRegistered": registered,
        "isMfaCapable": registered and person.methods_allowed,
        "isPasswordlessCapable": any(method in PASSWORDLESS for method in person.methods),
        "methodsRegistered": list(person.methods),
        "isSystemPreferredAuthenticationMethodEnabled": True,
        "systemPreferredAuthenticationMethods": [preferred] if preferred else [],
        "userPreferredMethodForSecondaryAuthentication": preferred,
        "lastUpdatedDateTime": chance.ago_exact(0.4),
    }
