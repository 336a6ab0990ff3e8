"""Exemptions on the page and through the API."""

from __future__ import annotations

from datetime import datetime

from posture.bootstrap.access_limits import LimitedAccess
from posture.domain.check import CheckId
from posture.domain.exemption import EVERY_TENANT, RecordedExemption
from posture.domain.severity import Severity
from posture.errors import NotThere
from posture.usecases.access import require_may_exempt
from posture.usecases.exempting import fit_exemption, worst_of


class AccessExemptions(LimitedAccess):
    """An exemption also binds actions, so ending one asks for the same as making it."""

    def exempt(
        self,
        *,
        tenant: str,
        resource: str,
        check: str | None,
        reason: str,
        ends_at: datetime,
        owner: str | None = None,
    ) -> RecordedExemption:
        """Accept a resource for a check, None for every check, until ``ends_at`` (aware, exclusive).

        ``owner`` answers for it; None: this operator. Who is helpdesk may accept what is below ``high``.

        Raises:
            NotThere: no such tenant or check.
            UsageError: no resource, no reason, or an end that is over.
        """
        self._require("exempt")
        application = self._application
        where, catalog = self._tenant(tenant), application.catalog
        if check is not None and check not in catalog.ids:
            raise NotThere(f'there is no check "{check}"')
        id = None if check is None else CheckId(check)
        require_may_exempt(self._operator, self._worst(id))
        now = application.clock.now()
        exemption = fit_exemption(
            tenant=where.name,
            check=id,
            resource=resource,
            owner=self._operator.name if owner is None else owner,
            reason=reason,
            ends_at=ends_at,
            now=now,
        )
        return application.store.add_exemption(exemption, at=now, by=self._operator.name)

    def end_exemption(self, number: int) -> RecordedExemption:
        """Let a recorded exemption stop counting now; one that ended before stays as it is.

        Raises:
            NotThere: there is none with this number on record. Those of the file are taken back there.
        """
        self._require("end_exemption")
        application = self._application
        with application.store.reading() as reader:
            recorded = next((one for one in reader.exemptions() if one.number == number), None)
        if recorded is None or not self._sees_tenant_named(recorded.exemption.tenant):
            raise NotThere(f"there is no exemption number {number}")
        require_may_exempt(self._operator, self._worst(recorded.exemption.check))
        return application.store.end_exemption(number, at=application.clock.now(), by=self._operator.name)

    def _worst(self, check: CheckId | None) -> Severity | None:
        """Return how bad what is accepted can be; None if it is every check, or one that left the catalog."""
        catalog = self._application.catalog
        return worst_of(catalog.check(check).check) if check in catalog.ids and check is not None else None

    def _sees_tenant_named(self, name: str) -> bool:
        return self._operator.sees_everything if name == EVERY_TENANT else self._operator.sees(name)
