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
from posture.domain.open_finding import OpenFinding

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
        recorded = (record.exemption for record in self._application.recorded_exemptions(self._reader))
        return ExemptionsInForce([*self._application.exemptions_of_file(), *recorded], now=self.now)

    @cached_property
    def exempted(self) -> Mapping[str, tuple[OpenFinding, Exemption]]:
        """The open findings that are exempted, each with its exemption, by fingerprint."""
        if not self.exemptions.resource_ids:
            return {}
        about = self._reader.finding_pages.of_resources(self.names.keys(), self.exemptions.resource_ids)
        found = ((one, self._exemption_of(one.tenant_id, one.check, one.resource_id)) for one in about)
        return {finding.fingerprint: (finding, exemption) for finding, exemption in found if exemption is not None}

    def view(self, finding: Finding) -> FindingView:
        """Return a finding as it stands now."""
        if finding.state is not FindingState.OPEN:
            return FindingView(finding=finding, exemption=None)
        exemption = self._exemption_of(finding.tenant_id, finding.check, finding.resource.id)
        return FindingView(finding=finding, exemption=exemption)

    def is_wanted(self, tenant_id: str, check: CheckId) -> bool:
        """Say whether the settings want a check in one of the tenants."""
        settings = self._application.settings
        return settings.wants(settings.tenant(self.names[tenant_id]), check)

    def _exemption_of(self, tenant_id: str, check: CheckId, resource_id: str) -> Exemption | None:
        return self.exemptions.of(tenant=self.names.get(tenant_id, ""), check=check, resource_id=resource_id)
