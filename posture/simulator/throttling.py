"""Service limits: several windows per request, the first that is full throttles.

Source: "Microsoft Graph service-specific throttling limits" (2026-02-06). Requests made during an announced wait
count too; the documents do not say so of limits that announce none. Times are seconds of a monotonic clock.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from posture.simulator.addresses import Address
from posture.simulator.query_options import QueryOptions
from posture.simulator.write_facts import WriteRoute

_FEW_ITEMS = 20
_REPORTING_SHARE = 0.8
_WRITE_LIMITS = {"directory_writes": "Tenant_Application", "directory_writes_of_tenant": "Tenant"}


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most ``cost`` within ``seconds``; ``tells_when`` is whether the answer carries ``Retry-After``.

    ``scope`` names who shares it: ``app`` is one application in one tenant, ``tenant`` all of them together.
    """

    name: str
    cost: int
    seconds: float
    scope: str = "app"
    tells_when: bool = True


@dataclass(kw_only=True)
class Window:
    """What was spent within the last seconds of one limit."""

    limit: Limit
    spent: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def drop_old(self, at: float) -> None:
        while self.spent and self.spent[0][0] <= at - self.limit.seconds:
            self.total -= self.spent.popleft()[1]

    def add(self, at: float, cost: int) -> None:
        self.spent.append((at, cost))
        self.total += cost

    def wait(self, at: float, cost: int) -> float:
        """Return the seconds until ``cost`` fits if nobody else asks; 0 if it fits now."""
        excess = self.total + cost - self.limit.cost
        for spent_at, amount in self.spent:
            if excess <= 0:
                break
            excess -= amount
            if excess <= 0:
                return spent_at + self.limit.seconds - at
        return 0.0


@dataclass(frozen=True, kw_only=True)
class Toll:
    """The verdict on one request: refused or not, the wait if it is told, and headers for either case."""

    throttled: bool
    retry_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


_FIXED_LIMITS = {
    "signin_activity": Limit(name="signin_activity", cost=10, seconds=60),
    "reports": Limit(name="reports", cost=5, seconds=10),
    "identity_protection_ca": Limit(
        name="identity_protection_ca", cost=1, seconds=1, scope="tenant", tells_when=False
    ),
    "security": Limit(name="security", cost=150, seconds=60),
    "intune": Limit(name="intune", cost=1_000, seconds=20),
    "key_credentials_select": Limit(name="key_credentials_select", cost=150, seconds=60, scope="tenant"),
    # Of one mailbox, in the documents; here of all mailboxes that an application sends from.
    "outlook": Limit(name="outlook", cost=10_000, seconds=600),
    "directory_writes": Limit(name="directory_writes", cost=3_000, seconds=150),
    "directory_writes_of_tenant": Limit(name="directory_writes_of_tenant", cost=18_000, seconds=300, scope="tenant"),
    "global": Limit(name="global", cost=130_000, seconds=10),
}


@dataclass(kw_only=True)
class Throttle:
    """All windows of a server. ``enabled`` may be switched at any time."""

    clock: Callable[[], float]
    enabled: bool = True
    limits: dict[str, Limit] = field(default_factory=lambda: dict(_FIXED_LIMITS))
    _windows: dict[tuple[str, str], Window] = field(default_factory=dict)

    def charge(
        self, address: Address, options: QueryOptions, *, tenant_id: str, client_id: str, tenant_users: int
    ) -> Toll:
        """Count a read against its limits and tell whether one of them is full."""
        return self._charge(
            throttle_classes(address, options), resource_units(address, options), tenant_id, client_id, tenant_users
        )

    def charge_write(self, route: WriteRoute, *, tenant_id: str, client_id: str, tenant_users: int) -> Toll:
        """Count a write against its limits and tell whether one of them is full; a directory write costs one unit."""
        classes = ["global"] if route.throttle == "unlisted" else [route.throttle, "global"]
        if route.write_cost and route.throttle == "identity_access":
            classes = [*_WRITE_LIMITS, *classes]
        return self._charge(classes, 1, tenant_id, client_id, tenant_users)

    def _charge(self, classes: list[str], units: int, tenant_id: str, client_id: str, tenant_users: int) -> Toll:
        if not self.enabled:
            return Toll(throttled=False)
        at = self.clock()
        full: list[tuple[Window, float]] = []
        for name in classes:
            window = self._window(self._limit(name, tenant_users), tenant_id, client_id)
            cost = units if name == "identity_access" else 1
            window.drop_old(at)
            wait = window.wait(at, cost)
            if wait > 0:
                full.append((window, wait))
            if wait <= 0 or window.limit.tells_when:
                window.add(at, cost)
        headers = self._headers(classes, units, tenant_users, tenant_id, client_id)
        if not full:
            return Toll(throttled=False, headers=headers)
        return _refusal(full, headers, tenant_id, client_id)

    def _limit(self, name: str, tenant_users: int) -> Limit:
        if name != "identity_access":
            return self.limits[name]
        units = 3_500 if tenant_users < 50 else 5_000 if tenant_users <= 500 else 8_000
        return self.limits.get(name) or Limit(name=name, cost=units, seconds=10)

    def _window(self, limit: Limit, tenant_id: str, client_id: str) -> Window:
        holder = tenant_id if limit.scope == "tenant" else f"{tenant_id}/{client_id}"
        return self._windows.setdefault((limit.name, holder), Window(limit=limit))

    def _headers(
        self, classes: list[str], units: int, tenant_users: int, tenant_id: str, client_id: str
    ) -> dict[str, str]:
        if "identity_access" not in classes:
            return {}
        headers = {"x-ms-resource-unit": str(units)}
        window = self._window(self._limit("identity_access", tenant_users), tenant_id, client_id)
        share = window.total / window.limit.cost
        if share > _REPORTING_SHARE:
            headers["x-ms-throttle-limit-percentage"] = f"{min(share, 1.8):.1f}"
        return headers


def _refusal(full: list[tuple[Window, float]], headers: dict[str, str], tenant_id: str, client_id: str) -> Toll:
    tells = all(window.limit.tells_when for window, _ in full)
    longest = max(wait for _, wait in full)
    window = full[0][0]
    if window.limit.name in _WRITE_LIMITS:
        headers["x-ms-throttle-scope"] = f"{_WRITE_LIMITS[window.limit.name]}/Write/{client_id}/{tenant_id}"
        headers["x-ms-throttle-information"] = "WriteLimitExceeded"
    if window.limit.name == "identity_access":
        headers["x-ms-throttle-scope"] = f"Tenant_Application/ReadWrite/{client_id}/{tenant_id}"
        headers["x-ms-throttle-information"] = "ResourceUnitLimitExceeded"
    retry_after = max(1, math.ceil(longest)) if tells else None
    return Toll(throttled=True, retry_after=retry_after, headers=headers)


def throttle_classes(address: Address, options: QueryOptions) -> list[str]:
    """Return the limits that a request counts against, the narrowest first."""
    own = address.route.throttle
    if asks_sign_in_activity(address, options):
        own = "signin_activity"
    classes = ["global"] if own == "unlisted" else [own, "global"]
    selects_keys = "keyCredentials" in (options.select or ())
    if selects_keys and address.type_name in {"application", "servicePrincipal"}:
        classes.insert(0, "key_credentials_select")
    return classes


def asks_sign_in_activity(address: Address, options: QueryOptions) -> bool:
    """Whether a read of users selects or filters ``signInActivity``."""
    if address.type_name != "user" or address.route.kind == "delta":
        return False
    selected = any(name.split("/")[0] == "signInActivity" for name in options.select or ())
    return selected or "signInActivity" in options.raw.get("filter", "")


def resource_units(address: Address, options: QueryOptions) -> int:
    """Return the cost of a read; at least 1."""
    units = address.route.units
    units -= 1 if options.select is not None else 0
    units += 1 if options.expand else 0
    units -= 1 if options.top is not None and options.top < _FEW_ITEMS else 0
    return max(1, units)
