"""Eventual consistency on demand: a tenant as it was before a write, for reads that come too early."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from posture.simulator.tenant import Tenant


@dataclass(frozen=True, kw_only=True)
class StaleView:
    """What a replica that lags behind still shows, and since when the truth is another one."""

    tenant: Tenant
    since: datetime

    def is_shown_at(self, now: datetime, *, for_seconds: float | None) -> bool:
        """Whether the replica still lags; ``for_seconds`` None means it lags until somebody has read enough."""
        return for_seconds is None or now < self.since + timedelta(seconds=for_seconds)


def view_of(tenant: Tenant, now: datetime) -> StaleView:
    """Return the tenant as it is, untouched by later writes: they replace the values of entities, not parts."""
    kept = replace(
        tenant,
        collections={path: [dict(item) for item in items] for path, items in tenant.collections.items()},
        singletons={path: dict(item) for path, item in tenant.singletons.items()},
        relations={path: list(ids) for path, ids in tenant.relations.items()},
        authentication_methods=dict(tenant.authentication_methods),
        default_methods=dict(tenant.default_methods),
    )
    return StaleView(tenant=kept, since=now)
