"""Findings as people ask for them and see them: which ones, how they stand now, what happened to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from posture.domain.check import CheckId
from posture.domain.exemption import Exemption, exemption_for
from posture.domain.finding import Finding, FindingChange, FindingState
from posture.domain.severity import Severity


class Standing(StrEnum):
    """How a finding counts at one moment, with the exemptions of that moment."""

    OPEN = "open"
    EXEMPTED = "exempted"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class FindingView:
    """A finding at one moment. ``exemption`` is the one in force; None unless the finding is open and exempted."""

    finding: Finding
    exemption: Exemption | None

    @property
    def standing(self) -> Standing:
        if self.finding.state is FindingState.RESOLVED:
            return Standing.RESOLVED
        return Standing.OPEN if self.exemption is None else Standing.EXEMPTED


@dataclass(frozen=True, kw_only=True)
class FindingFilter:
    """Which findings to list; an empty tuple or None sets no condition.

    ``at_least`` is the lowest severity wanted. ``resource`` is part of a resource's id or name, in any case.
    """

    tenant_ids: tuple[str, ...] = ()
    checks: tuple[CheckId, ...] = ()
    at_least: Severity | None = None
    state: FindingState | None = None
    resource: str | None = None
    limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class FindingEvent:
    """One line of a finding's history: new, reopened or resolved.

    ``at`` is the time of the snapshot that showed it. ``run_id`` is None if no run of that snapshot is on record.
    """

    change: FindingChange
    run_id: str | None
    at: datetime


def view_of(finding: Finding, exemptions: Iterable[Exemption], *, tenant: str, now: datetime) -> FindingView:
    """Return the finding as it stands at ``now``; ``tenant`` is the name that exemptions call its tenant."""
    if finding.state is FindingState.RESOLVED:
        return FindingView(finding=finding, exemption=None)
    exemption = exemption_for(
        exemptions, tenant=tenant, check=finding.check, resource_id=finding.resource.id, now=now
    )
    return FindingView(finding=finding, exemption=exemption)
