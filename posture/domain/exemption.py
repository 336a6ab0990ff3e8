"""Exemptions: a person accepts a finding for a while, and says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from posture.domain.check import CheckId

EVERY_TENANT: Final = "*"


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """One acceptance. ``check`` None means every check on the resource. It counts until ``ends_at``, exclusive.

    ``tenant`` is a tenant's name in the configuration, or ``*`` for all of them. ``origin`` tells people where
    it was written down.
    """

    tenant: str
    check: CheckId | None
    resource_id: str
    owner: str
    reason: str
    ends_at: datetime
    origin: str


@dataclass(frozen=True, kw_only=True)
class RecordedExemption:
    """An exemption kept in the database. ``ended_at`` is set if somebody took it back before its end date.

    ``exemption.ends_at`` is when it stops counting, whichever of the two comes first.
    """

    number: int
    exemption: Exemption
    added_at: datetime
    ended_at: datetime | None


def in_force(exemptions: Iterable[Exemption], *, tenant: str, now: datetime) -> tuple[Exemption, ...]:
    """Return the exemptions that count in one tenant at ``now``, in their order."""
    return tuple(
        exemption
        for exemption in exemptions
        if exemption.tenant in (EVERY_TENANT, tenant) and now < exemption.ends_at
    )


def exemption_for(
    exemptions: Iterable[Exemption], *, tenant: str, check: CheckId, resource_id: str, now: datetime
) -> Exemption | None:
    """Return the exemption in force for one thing, the one that ends last; None if there is none."""
    accepting = [
        exemption
        for exemption in in_force(exemptions, tenant=tenant, now=now)
        if exemption.check in (None, check) and exemption.resource_id.lower() == resource_id.lower()
    ]
    return max(accepting, key=lambda exemption: exemption.ends_at, default=None)


class ExemptionsInForce:
    """The exemptions that count at one moment, quick to ask about many things, with what ``exemption_for`` says."""

    def __init__(self, exemptions: Iterable[Exemption], *, now: datetime) -> None:
        self._by_resource: dict[str, list[Exemption]] = {}
        for exemption in exemptions:
            if now < exemption.ends_at:
                self._by_resource.setdefault(exemption.resource_id.lower(), []).append(exemption)
        self._now = now

    @property
    def resource_ids(self) -> frozenset[str]:
        """The ids of the resources that some exemption is about, in lower case."""
        return frozenset(self._by_resource)

    def of(self, *, tenant: str, check: CheckId, resource_id: str) -> Exemption | None:
        """Return the exemption in force for one thing, the one that ends last; None if there is none."""
        about = self._by_resource.get(resource_id.lower(), ())
        return exemption_for(about, tenant=tenant, check=check, resource_id=resource_id, now=self._now)
