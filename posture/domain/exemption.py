"""Exemptions: a person accepts a finding for a while, and says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from posture.domain.check import CheckId


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """One acceptance. ``check`` None means every check on the resource. It counts until ``ends_at``, exclusive."""

    tenant: str
    check: CheckId | None
    resource_id: str
    owner: str
    reason: str
    ends_at: datetime
    origin: str


def exemption_for(
    exemptions: Iterable[Exemption], *, tenant: str, check: CheckId, resource_id: str, now: datetime
) -> Exemption | None:
    """Return the exemption in force for one thing, the one that ends last; None if there is none."""
    in_force = [
        exemption
        for exemption in exemptions
        if exemption.tenant == tenant
        and exemption.check in (None, check)
        and exemption.resource_id.lower() == resource_id.lower()
        and now < exemption.ends_at
    ]
    return max(in_force, key=lambda exemption: exemption.ends_at, default=None)
