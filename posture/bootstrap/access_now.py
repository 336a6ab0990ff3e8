"""What holds at the moment of one request: the tenants of one operator, and what is exempted in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from posture.config import TenantSettings
from posture.domain.check import CheckId
from posture.domain.exemption import Exemption, ExemptionsInForce
from posture.domain.finding import Finding, FindingState
from posture.domain.finding_view import FindingView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posture.bootstrap.application import Application
    from posture.store.reader import Reader


class Present:
    """One moment in some tenants, over an open reader. ``names`` are the tenants' names by directory id."""

    def __init__(self, application: Application, tenants: Sequence[TenantSettings], reader: Reader) -> None:
        self.now: datetime = application.clock.now()
        self.names: Mapping[str, str] = {tenant.tenant_id: tenant.name for tenant in tenants}
        self._application = application
        self._reader = reader

    @cached_property
    def exemptions(self) -> ExemptionsInForce:
        recorded = (record.exemption for record in self._reader.exemptions(counting_at=self.now))
        return ExemptionsInForce([*self._application.exemptions_of_file(), *recorded], now=self.now)

    @cached_property
    def exempted(self) -> Mapping[str, tuple[Finding, Exemption]]:
        """The open findings that are exempted, each with its exemption, by fingerprint."""
        if not self.exemptions.resource_ids:
            return {}
        about = self._reader.finding_pages.of_resources(self.names.keys(), self.exemptions.resource_ids)
        found = ((finding, self.exemption_of(finding)) for finding in about)
        return {finding.fingerprint: (finding, exemption) for finding, exemption in found if exemption is not None}

    def exemption_of(self, finding: Finding) -> Exemption | None:
        return self.exemptions.of(
            tenant=self.names.get(finding.tenant_id, ""), check=finding.check, resource_id=finding.resource.id
        )

    def view(self, finding: Finding) -> FindingView:
        """Return a finding as it stands now."""
        is_open = finding.state is FindingState.OPEN
        return FindingView(finding=finding, exemption=self.exemption_of(finding) if is_open else None)

    def is_wanted(self, tenant_id: str, check: CheckId) -> bool:
        """Say whether the settings want a check in one of the tenants."""
        settings = self._application.settings
        return settings.wants(settings.tenant(self.names[tenant_id]), check)
