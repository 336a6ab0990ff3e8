"""Authentication strengths: the three that are built in and one that the made-up company added.

Source: https://learn.microsoft.com/graph/api/resources/authenticationstrengthpolicy
"""

from __future__ import annotations

from typing import Final

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.tenant import Entity

MFA_ID: Final = "00000000-0000-0000-0000-000000000002"
PASSWORDLESS_ID: Final = "00000000-0000-0000-0000-000000000003"
PHISHING_RESISTANT_ID: Final = "00000000-0000-0000-0000-000000000004"

PHISHING_RESISTANT: Final = ("windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor")
PASSWORDLESS: Final = (*PHISHING_RESISTANT, "deviceBasedPush")
MFA: Final = (
    *PASSWORDLESS, "temporaryAccessPassOneTime", "temporaryAccessPassMultiUse",
    "password,microsoftAuthenticatorPush", "password,softwareOath", "password,hardwareOath", "password,sms",
    "password,voice", "federatedMultiFactor",
)  # fmt: skip


def builtin_strengths() -> list[Entity]:
    """Return the strengths that every tenant has."""
    made = "2021-12-01T00:00:00Z"
    return [
        _strength(MFA_ID, "Multifactor authentication", MFA, "builtIn", made),
        _strength(PASSWORDLESS_ID, "Passwordless MFA", PASSWORDLESS, "builtIn", made),
        _strength(PHISHING_RESISTANT_ID, "Phishing-resistant MFA", PHISHING_RESISTANT, "builtIn", made),
    ]


def make_strengths(chance: Chance) -> list[Entity]:
    """Return all strengths of the tenant."""
    combinations = ("fido2", "password,softwareOath")
    own = _strength(chance.guid(), "Keys and codes", combinations, "custom", chance.ago_exact(400))
    return [*builtin_strengths(), own]


def _strength(strength_id: str, name: str, combinations: tuple[str, ...], kind: str, made: str) -> Entity:
    return {
        "id": strength_id,
        "displayName": name,
        "description": f"{name}: {len(combinations)} combinations",
        "policyType": kind,
        "requirementsSatisfied": "mfa",
        "allowedCombinations": list(combinations),
        "combinationConfigurations": [],
        "createdDateTime": made,
        "modifiedDateTime": made,
    }
