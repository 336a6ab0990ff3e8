"""What a tenant holds at this moment, for assertions before and after a write."""

from __future__ import annotations

from typing import Any

from posture.simulator.authentication_methods import methods_of
from posture.simulator.tenant import Tenant

_METHODS = "/authentication/methods"


def state_of(tenant: Tenant, path: str) -> Any:
    """Return what stands behind a path below the version root, every property of it; None if nothing does.

    A collection (``users``), an object of one (``users/{id}``), the ids of a relation (``groups/{id}/members``), a
    single object (``policies/authorizationPolicy``) or the methods of a user (``users/{id}/authentication/methods``).
    """
    path = path.strip("/")
    for kept in (tenant.collections, tenant.singletons, tenant.relations):
        if path in kept:
            return kept[path]
    head, _, key = path.rpartition("/")
    if path.startswith("users/") and path.endswith(_METHODS):
        return methods_of(tenant, path.removeprefix("users/").removesuffix(_METHODS))
    return next((one for one in tenant.collections.get(head, ()) if one.get("id") == key), None)
