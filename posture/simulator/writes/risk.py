"""Writes on risk: accepted at once, applied a little later, as identity protection does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from posture.simulator.graph_errors import bad_request
from posture.simulator.tenant import Entity, Pending, Tenant
from posture.simulator.writes.write import Changed, Effect, Write, written

MOST_IDS = 60
_USERS = "identityProtection/riskyUsers"
_PRINCIPALS = "identityProtection/riskyServicePrincipals"
_DISMISSED = {"riskState": "dismissed", "riskLevel": "none"}
_COMPROMISED = {"riskState": "confirmedCompromised", "riskLevel": "high"}


def dismissing(kind: str) -> Effect:
    """Return the write that dismisses the risk of a ``User`` or a ``ServicePrincipal``."""
    return _judging(kind, _DISMISSED | {"riskDetail": f"adminDismissedAllRiskFor{kind}"})


def confirming(kind: str) -> Effect:
    """Return the write that confirms a ``User`` or a ``ServicePrincipal`` compromised."""
    return _judging(kind, _COMPROMISED | {"riskDetail": f"adminConfirmed{kind}Compromised"})


def settle(tenant: Tenant, now: datetime) -> None:
    """Apply what was accepted long enough ago."""
    due = [one for one in tenant.pending if one.due <= now]
    for one in due:
        one.entity.update(one.changes)
        tenant.pending.remove(one)


def _judging(kind: str, outcome: Mapping[str, Any]) -> Effect:
    def judge(write: Write) -> Changed:
        ids = write.body["userIds" if kind == "User" else "servicePrincipalIds"]
        if not 1 <= len(ids) <= MOST_IDS:
            raise bad_request(f"From 1 to {MOST_IDS} ids can be given at once.")
        due = write.now + timedelta(seconds=write.tenant.processing_seconds)
        path = _USERS if kind == "User" else _PRINCIPALS
        known = write.tenant.collections.setdefault(path, [])
        for entity in [_risky(write, kind, one) for one in ids]:
            if not any(entity is one for one in known):
                known.append(entity)
            entity["isProcessing"] = True
            changes = {**outcome, "isProcessing": False, "riskLastUpdatedDateTime": written(due)}
            write.tenant.pending.append(Pending(due=due, entity=entity, changes=changes))
        return None

    return judge


def _risky(write: Write, kind: str, object_id: Any) -> Entity:
    """Return the risk of somebody; who had none gets a new one, who does not exist is a 404."""
    path = _USERS if kind == "User" else _PRINCIPALS
    for known in write.directory.collection(path):
        if known["id"] == object_id:
            return known
    found = write.directory.one("users" if kind == "User" else "servicePrincipals", str(object_id))
    made = {"id": found["id"], "riskLevel": "none", "riskState": "none", "riskDetail": "none"} | _names(found, kind)
    return made | {"riskLastUpdatedDateTime": write.at}


def _names(found: Entity, kind: str) -> Entity:
    if kind == "User":
        names = {"userDisplayName": found.get("displayName"), "userPrincipalName": found.get("userPrincipalName")}
        return {"isDeleted": False, **names}
    return {
        "appId": found.get("appId"),
        "displayName": found.get("displayName"),
        "isEnabled": found.get("accountEnabled"),
        "servicePrincipalType": found.get("servicePrincipalType"),
    }
