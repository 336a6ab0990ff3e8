"""The stop switches: nothing is changed while one of them is off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Actions are stopped, in one tenant or everywhere (``tenant_id`` None)."""

    tenant_id: str | None
    by: str
    reason: str
    at: datetime

    @property
    def sentence(self) -> str:
        return f"actions are stopped by {self.by}: {self.reason}"


def stop_of(stops: Iterable[Stop], tenant_id: str) -> Stop | None:
    """Return the stop that holds for a tenant, the global one first; None if there is none."""
    found = [stop for stop in stops if stop.tenant_id in (None, tenant_id)]
    return min(found, key=lambda stop: stop.tenant_id is not None, default=None)
