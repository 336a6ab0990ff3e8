"""Who may write what: permissions, ownership, licences and directory roles.

Which properties a body has decides which of a path's routes are meant, and all of them must be open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from posture.simulator.directory import Directory
from posture.simulator.graph_errors import missing_permission
from posture.simulator.identity import Caller
from posture.simulator.licences import check_licence
from posture.simulator.write_facts import WriteRoute
from posture.simulator.writes.mail import mail_access_denied
from posture.simulator.writes.role_holders import check_role

_OWNABLE = {"application": "applications", "servicePrincipal": "servicePrincipals"}


def routes_meant(routes: Sequence[WriteRoute], body: Mapping[str, Any]) -> tuple[WriteRoute, ...]:
    """Return the routes a body needs: those that name one of its properties, and the rest's if one is left over."""
    named = [route for route in routes if route.properties & body.keys()]
    taken = frozenset[str]().union(*(route.properties for route in named))
    if named and all(name in taken or "@" in name for name in body):
        return tuple(named)
    return (*(route for route in routes if not route.properties), *named)


def check_write(route: WriteRoute, caller: Caller, directory: Directory, keys: Sequence[str]) -> None:
    """Return if the caller's permissions and the tenant's licences open a write; raise Graph's refusal otherwise."""
    opened = not route.permissions or any(together <= caller.roles for together in route.permissions)
    if not opened and not _owns(route, caller, directory, keys):
        raise mail_access_denied() if route.is_mail else missing_permission()
    if route.licence is not None:
        check_licence(route.licence, directory.tenant)


def check_target(route: WriteRoute, caller: Caller, directory: Directory, keys: Sequence[str]) -> None:
    """Return if the caller's directory roles open a write on this very user; raise Graph's 403 or 404 otherwise."""
    if route.path.startswith("users/{id}") and not route.is_mail:
        check_role(route.role, directory, caller.object_id, directory.one("users", keys[0]))


def needs_one_of(caller: Caller, *permissions: str) -> None:
    """Raise a 403 unless the caller has one of the permissions."""
    if caller.roles.isdisjoint(permissions):
        raise missing_permission()


def _owns(route: WriteRoute, caller: Caller, directory: Directory, keys: Sequence[str]) -> bool:
    """Whether a permission for owned applications is enough here."""
    collection = _OWNABLE.get(route.path.split("/")[0].removesuffix("s"))
    if route.owned not in caller.roles or collection is None:
        return False
    target = directory.one(collection, keys[0])
    owners = directory.tenant.relations.get(f"{collection}/{target['id']}/owners", ())
    return caller.object_id in owners
