"""What identity protection says about users and service principals of the made-up company."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.names import DOMAIN
from posture.simulator.demo_tenant.person import Person
from posture.simulator.tenant import Entity

CAST_RISKS: Final = {
    "ga_risky": ("medium", "atRisk", "none"),
    "risky_confirmed": ("high", "confirmedCompromised", "adminConfirmedUserCompromised"),
    "risky_high": ("high", "atRisk", "none"),
    "risky_medium": ("medium", "atRisk", "none"),
    "risky_low": ("low", "atRisk", "none"),
    "risky_hidden": ("hidden", "atRisk", "hidden"),
    "risky_disabled": ("high", "atRisk", "none"),
    "risky_remediated": ("none", "remediated", "userPerformedSecuredPasswordReset"),
    "risky_dismissed": ("none", "dismissed", "adminDismissedAllRiskForUser"),
}
"""Story name → level, state, detail."""

CROWD_RISKS: Final = (
    ("high", "atRisk", "none"),
    ("medium", "atRisk", "none"),
    ("medium", "atRisk", "none"),
    ("low", "atRisk", "none"),
    ("low", "atRisk", "none"),
    ("none", "remediated", "userPassedMFADrivenByRiskBasedPolicy"),
    ("none", "dismissed", "adminDismissedAllRiskForUser"),
)
CROWD_SHARE: Final = 0.012
EVENTS: Final = ("unfamiliarFeatures", "anonymizedIPAddress", "leakedCredentials", "unlikelyTravel", "generic")


def make_risky_users(
    cast: Mapping[str, Person], people: Sequence[Person], deleted_id: str, chance: Chance
) -> list[Entity]:
    """Return risky users: those of the cast, a few of the others, and one who was deleted since."""
    made = [_risky_user(cast[name], risk, chance) for name, risk in CAST_RISKS.items()]
    others = (person for person in people[len(cast) :] if chance.odds(CROWD_SHARE))
    made += [_risky_user(person, chance.rng.choice(CROWD_RISKS), chance) for person in others]
    gone = Person(id=deleted_id, first="Gone", last="Away", account="gone.away", display_name="Gone Away")
    return [*made, _risky_user(gone, ("high", "atRisk", "none"), chance) | {"isDeleted": True}]


def _risky_user(person: Person, risk: tuple[str, str, str], chance: Chance) -> Entity:
    level, state, detail = risk
    return {
        "id": person.id,
        "isDeleted": False,
        "isProcessing": False,
        "riskDetail": detail,
        "riskLastUpdatedDateTime": chance.ago_exact(chance.spread(0.1, 80)),
        "riskLevel": level,
        "riskState": state,
        "userDisplayName": person.display_name,
        "userPrincipalName": person.user_principal_name,
    }


def make_risk_detections(risky_users: Sequence[Entity], chance: Chance) -> list[Entity]:
    """Return one to three detections for every risky user."""
    return [detection for user in risky_users for detection in _detections(user, chance)]


def _detections(user: Entity, chance: Chance) -> Iterator[Entity]:
    for _ in range(chance.rng.randrange(1, 4)):
        happened = chance.spread(1, 89)
        request = chance.guid()
        yield {
            "id": chance.guid(),
            "requestId": request,
            "correlationId": chance.guid(),
            "riskEventType": chance.rng.choice(EVENTS),
            "riskState": user["riskState"],
            "riskLevel": user["riskLevel"],
            "riskDetail": user["riskDetail"],
            "source": "IdentityProtection",
            "detectionTimingType": chance.rng.choice(("realtime", "offline")),
            "activity": "signin",
            "tokenIssuerType": "AzureAD",
            "ipAddress": f"203.0.113.{chance.rng.randrange(1, 255)}",
            "location": {
                "city": "Springfield",
                "state": None,
                "countryOrRegion": "US",
                "geoCoordinates": {"altitude": None, "latitude": 39.8, "longitude": -89.6},
            },
            "activityDateTime": chance.ago_exact(happened),
            "detectedDateTime": chance.ago_exact(happened - 0.01),
            "lastUpdatedDateTime": chance.ago_exact(happened - 0.02),
            "userId": user["id"],
            "userDisplayName": user["userDisplayName"],
            "userPrincipalName": user["userPrincipalName"],
            "additionalInfo": f'[{{"Key":"userAgent","Value":"Mozilla/5.0 ({DOMAIN})"}}]',
        }


def make_risky_service_principals(principals: Sequence[Entity], chance: Chance) -> list[Entity]:
    """Return three service principals at risk, the last of them confirmed."""
    applications = [item for item in principals if item["servicePrincipalType"] == "Application"][10:13]
    states = (("high", "atRisk"), ("medium", "atRisk"), ("high", "confirmedCompromised"))
    return [
        {
            "id": principal["id"],
            "appId": principal["appId"],
            "displayName": principal["displayName"],
            "isEnabled": principal["accountEnabled"],
            "isProcessing": False,
            "riskDetail": "none",
            "riskLastUpdatedDateTime": chance.ago_exact(chance.spread(1, 30)),
            "riskLevel": level,
            "riskState": state,
            "servicePrincipalType": principal["servicePrincipalType"],
        }
        for principal, (level, state) in zip(applications, states, strict=True)
    ]
