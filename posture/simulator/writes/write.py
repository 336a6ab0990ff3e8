"""One write that Graph would carry out, and the parts every family of writes needs."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from posture.simulator.directory import Directory
from posture.simulator.identity import Caller
from posture.simulator.tenant import Entity, Tenant

Changed = Mapping[str, Any] | None
"""The body of the answer, None for an empty one."""


@dataclass(frozen=True, kw_only=True)
class Write:
    """An authorised write with a valid body. ``keys`` are those of the path; ``root`` is the host the caller used."""

    directory: Directory
    caller: Caller
    keys: tuple[str, ...]
    body: Mapping[str, Any]
    now: datetime
    root: str

    @property
    def tenant(self) -> Tenant:
        return self.directory.tenant

    @property
    def at(self) -> str:
        """Now, as Graph writes it."""
        return written(self.now)

    def target(self, collection: str) -> Entity:
        """Return the object that the first key of the path names; raise Graph's 404."""
        return self.directory.one(collection, self.keys[0])

    def context(self, entity_set: str) -> dict[str, Any]:
        return {"@odata.context": f"{self.root}/v1.0/$metadata#{entity_set}"}


Effect = Callable[[Write], Changed]


def written(moment: datetime) -> str:
    return f"{moment.isoformat()[:19]}Z"


def new_guid(tenant: Tenant) -> str:
    """Return an id nobody has; a tenant made alike gives the same ones in the same order."""
    return str(uuid.UUID(bytes=_next_bytes(tenant)[:16], version=4))


def new_opaque_id(tenant: Tenant) -> str:
    """Return an id as grants and assignments have them: case-sensitive, no GUID."""
    return base64.urlsafe_b64encode(_next_bytes(tenant)).decode().rstrip("=")


def _next_bytes(tenant: Tenant) -> bytes:
    tenant.objects_made += 1
    return hashlib.sha256(f"{tenant.tenant_id}/{tenant.objects_made}".encode()).digest()
