"""Who may read what: application permissions, licences, and what stays hidden without them.

Source: the permission catalogue (2026-08-07); any one of a route's permissions is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from posture.simulator.addresses import Address
from posture.simulator.graph_errors import GraphError, bad_request, missing_permission
from posture.simulator.graph_facts import routes
from posture.simulator.identity import Caller
from posture.simulator.licences import check_licence
from posture.simulator.query_options import QueryOptions
from posture.simulator.tenant import Tenant
from posture.simulator.throttling import asks_sign_in_activity

_DELETED = {
    "user": "users",
    "group": "groups",
    "application": "applications",
    "servicePrincipal": "servicePrincipals",
    "device": "devices",
    "administrativeUnit": "directory/administrativeUnits",
}


def check_access(address: Address, options: QueryOptions, caller: Caller, tenant: Tenant) -> None:
    """Return if the caller may make this read; raise Graph's 403 (or 400) otherwise."""
    together = address.route.together
    if not caller.roles & _sufficient(address) and not (together and together <= caller.roles):
        raise missing_permission()
    if asks_sign_in_activity(address, options):
        if not caller.roles & {"AuditLog.Read.All"}:
            raise _no_sign_ins()
        if address.route.kind == "object" and "@" in address.keys[0]:
            raise bad_request("Get By Key only supports UserId and the key has to be a valid Guid")
        check_licence("premium", tenant)
    if address.route.licence is not None:
        check_licence(address.route.licence, tenant)


def _sufficient(address: Address) -> frozenset[str]:
    if address.route.path == "directory/deletedItems" and address.cast is not None:
        return _permissions_of(_DELETED.get(address.cast, ""))
    return frozenset(address.route.permissions)


@cache
def _permissions_of(path: str) -> frozenset[str]:
    return frozenset(p for route in routes() if route.path == path for p in route.permissions)


def _no_sign_ins() -> GraphError:
    return GraphError(
        403,
        "Authorization_RequestDenied",
        "Failed to do MSGraph request: the caller needs AuditLog.Read.All to read signInActivity.",
    )


def type_reader(caller: Caller) -> Callable[[str], bool]:
    """Return whether the caller may see objects of a type; in mixed lists others come with their id only."""
    paths = {"directoryRole": "directoryRoles", "orgContact": "", **_DELETED}

    def may_read(type_name: str) -> bool:
        return bool(caller.roles & (_permissions_of(paths.get(type_name, "")) | {"Directory.Read.All"}))

    return may_read
