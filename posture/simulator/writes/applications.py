"""Writes on registrations and service principals: secrets, certificates, properties, federation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from posture.simulator.graph_errors import invalid_request, not_found
from posture.simulator.tenant import Entity
from posture.simulator.writes.changes import merge, properties, refuse_read_only
from posture.simulator.writes.write import Changed, Effect, Write, new_guid, new_opaque_id, written

_LIFETIME = timedelta(days=730)
_OF_CREDENTIALS = ("keyId", "secretText", "hint", "customKeyIdentifier")
_READ_ONLY: Mapping[str, tuple[str, ...]] = {
    "applications": (
        "id", "appId", "createdDateTime", "deletedDateTime", "disabledByMicrosoftStatus", "publisherDomain",
        "verifiedPublisher", "applicationTemplateId",
    ),
    "servicePrincipals": (
        "id", "appId", "appDisplayName", "appOwnerOrganizationId", "deletedDateTime", "disabledByMicrosoftStatus",
        "servicePrincipalType", "signInAudience", "verifiedPublisher", "applicationTemplateId",
    ),
}  # fmt: skip


def adding_password(collection: str) -> Effect:
    """Return the write that makes a secret; its text is in this answer and kept nowhere."""

    def add_password(write: Write) -> Changed:
        owner = write.target(collection)
        wanted = properties(write.body.get("passwordCredential") or {})
        refuse_read_only(wanted, _OF_CREDENTIALS)
        text = f"made~up.{new_opaque_id(write.tenant)}"
        made: Entity = {
            "customKeyIdentifier": None,
            "displayName": wanted.get("displayName"),
            "endDateTime": wanted.get("endDateTime") or written(write.now + _LIFETIME),
            "hint": text[:3],
            "keyId": new_guid(write.tenant),
            "secretText": None,
            "startDateTime": wanted.get("startDateTime") or write.at,
        }
        if datetime.fromisoformat(made["endDateTime"]) <= datetime.fromisoformat(made["startDateTime"]):
            raise invalid_request("Credential lifetime is invalid: endDateTime must be later than startDateTime.")
        owner["passwordCredentials"] = [*owner.get("passwordCredentials", ()), made]
        return write.context("microsoft.graph.passwordCredential") | made | {"secretText": text}

    return add_password


def removing_password(collection: str) -> Effect:
    def remove_password(write: Write) -> Changed:
        owner = write.target(collection)
        kept = [one for one in owner.get("passwordCredentials", ()) if one["keyId"] != write.body["keyId"]]
        if len(kept) == len(owner.get("passwordCredentials", ())):
            raise invalid_request("No credentials found to be removed.")
        owner["passwordCredentials"] = kept
        return None

    return remove_password


def changing(collection: str) -> Effect:
    """Return the write that sets properties; ``keyCredentials`` becomes exactly the list that is sent."""

    def change(write: Write) -> Changed:
        owner = write.target(collection)
        refuse_read_only(write.body, _READ_ONLY[collection])
        if "passwordCredentials" in write.body:
            raise invalid_request("Updates to passwordCredentials are not allowed: use addPassword, removePassword.")
        changes = properties(write.body)
        if "keyCredentials" in changes:
            changes["keyCredentials"] = _certificates(
                owner.get("keyCredentials", ()), changes["keyCredentials"] or (), write
            )
        merge(owner, changes)
        return None

    return change


def remove_federated_credential(write: Write) -> Changed:
    path = f"applications/{write.target('applications')['id']}/federatedIdentityCredentials"
    rows = write.tenant.collections.get(path, [])
    kept = [row for row in rows if row.get("id") != write.keys[1]]
    if len(kept) == len(rows):
        raise not_found(write.keys[1][:200])
    rows[:] = kept
    return None


def _certificates(before: Sequence[Entity], wanted: Sequence[Mapping[str, Any]], write: Write) -> list[Entity]:
    """Return the certificates after the change: those known stay as they are, new ones must bring their key."""
    known = {key["keyId"]: key for key in before}
    return [known.get(one.get("keyId")) or _certificate(one, write) for one in wanted]


def _certificate(wanted: Mapping[str, Any], write: Write) -> Entity:
    missing = [name for name in ("type", "usage", "key") if not wanted.get(name)]
    if missing:
        raise invalid_request(f"Invalid value specified for property 'keyCredentials': {missing[0]} is missing.")
    return {
        "customKeyIdentifier": wanted.get("customKeyIdentifier"),
        "displayName": wanted.get("displayName"),
        "endDateTime": wanted.get("endDateTime"),
        "key": wanted["key"],
        "keyId": wanted.get("keyId") or new_guid(write.tenant),
        "startDateTime": wanted.get("startDateTime") or write.at,
        "type": wanted["type"],
        "usage": wanted["usage"],
    }
