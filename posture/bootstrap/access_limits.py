"""What every method of ``Access`` begins with: may this operator do that, and which tenants are there for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posture.config import TenantSettings
from posture.domain.operator import Operator, is_within
from posture.domain.plan import Plan
from posture.errors import NotThere
from posture.store.columns import is_storable
from posture.usecases.access import RIGHTS, require_everywhere, require_right

if TYPE_CHECKING:
    from posture.bootstrap.application import Application


class LimitedAccess:
    """posture with the limits of one operator."""

    def __init__(self, application: Application, operator: Operator) -> None:
        self._application = application
        self._operator = operator

    def _require(self, method: str) -> None:
        """Raise NotAllowed unless the operator may use the method of this name at all."""
        require_right(self._operator, RIGHTS[method], now=self._application.clock.now())

    def _require_everywhere(self, method: str) -> None:
        """Raise NotAllowed unless the operator is for all tenants."""
        require_everywhere(self._operator, RIGHTS[method])

    def _visible_tenants(self) -> tuple[TenantSettings, ...]:
        """Return the tenants of the settings that the operator is for, in the order of the settings."""
        return tuple(tenant for tenant in self._application.settings.tenants if self._operator.sees(tenant.name))

    def _tenant(self, name: str) -> TenantSettings:
        """Return one tenant by its name.

        Raises:
            NotThere: there is none of that name, or not for this operator.
        """
        for tenant in self._visible_tenants():
            if tenant.name == name:
                return tenant
        known = ", ".join(tenant.name for tenant in self._visible_tenants()) or "none"
        raise NotThere(f'there is no tenant "{name}"; there are: {known}')

    def _visible_ids(self, tenant: str | None) -> frozenset[str] | None:
        """Return the directory ids of one tenant, or of all that are there for the operator; None if nothing is left
        out: neither what belongs to no tenant, nor what is left of tenants that were in the settings.

        Raises:
            NotThere: no such tenant.
        """
        if tenant is not None:
            return frozenset({self._tenant(tenant).tenant_id})
        if self._operator.sees_everything:
            return None
        return frozenset(one.tenant_id for one in self._visible_tenants())

    def _sees_tenant_id(self, tenant_id: str | None) -> bool:
        """Say whether what belongs to a tenant, by its directory id, is there for the operator.

        What belongs to no tenant, and what is left of a tenant that is not in the settings any more, is there only
        for those who are for all tenants.
        """
        if self._operator.sees_everything:
            return True
        return any(tenant.tenant_id == tenant_id for tenant in self._visible_tenants())

    def _visible_operators(self) -> tuple[Operator, ...]:
        """Return the operators that this one may know of: themselves, and those who are for no other tenants."""
        mine = self._operator
        with self._application.store.reading() as reader:
            known = reader.acting.operators()
        return tuple(one for one in known if is_within(one.tenants, mine.tenants) or one.is_called(mine.name))

    def _plan(self, plan_id: str) -> Plan:
        """Return a plan by its whole id.

        Raises:
            NotThere: there is none with this id, or not for this operator.
        """
        with self._application.store.reading() as reader:
            found = reader.acting.by_id(plan_id) if is_storable(plan_id) else None
        if found is None or not self._sees_tenant_id(found.tenant_id):
            raise NotThere(f"there is no plan {plan_id}")
        return found
