"""Plans of every kind of action in the large company, and whether the tenant is as each of them wishes."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from posture.simulator.authentication_methods import methods_of
from posture.simulator.tenant import Entity, Tenant

from .large_company import GROUP, MAILBOXES, application_id, guest_id, staff_id

IsWished = Callable[[Tenant, str, datetime], bool]
"""Whether the tenant is as wished for a target, given its id and when the plan was approved."""

_PASS = "#microsoft.graph.temporaryAccessPassAuthenticationMethod"
_PASSWORD = "#microsoft.graph.passwordAuthenticationMethod"


@dataclass(frozen=True, kw_only=True)
class Order:
    """One plan to be made. ``marks`` are texts that only requests for its targets have. ``once`` is the path, with
    the id of a target, of a request that must not be carried out twice; None if all may be repeated."""

    name: str
    action: str
    targets: tuple[str, ...]
    parameters: Mapping[str, str]
    marks: tuple[str, ...]
    is_wished: IsWished
    once: str | None = None


def orders(counts: Mapping[str, int], tenant: Tenant, *, first: int = 0) -> list[Order]:
    """Return so many orders of each action, shuffled; no two concern the same. ``first`` is the first number."""
    makers = {
        "disable-user": _of_people("disable-user", _is_disabled),
        "revoke-sessions": _of_people("revoke-sessions", _is_signed_out),
        "reset-mfa": _of_people("reset-mfa", _has_no_factor),
        "issue-temporary-access-pass": _of_people(
            "issue-temporary-access-pass", _has_a_pass, once="/users/{}/authentication/temporaryAccessPassMethods"
        ),
        "remove-group-member": _of_people("remove-group-member", _is_out_of_group, group_id=GROUP),
        "delete-guest": _of_guests,
        "revoke-app-role": _of_applications,
        "create-user": _of_new_users,
        "create-group": _of_new_groups,
    }
    kinds = {"delete-guest": "guest", "revoke-app-role": "application"}
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: count(first, 2))
    found = [
        makers[action](next(numbers[kinds.get(action, "member")]), tenant)
        for action, wanted in counts.items()
        for _ in range(wanted)
    ]
    random.Random(first).shuffle(found)  # noqa: S311 - repeatable on purpose
    return found


Maker = Callable[[int, Tenant], Order]


def _of_people(action: str, is_wished: IsWished, *, once: str | None = None, **parameters: str) -> Maker:
    def make(number: int, _: Tenant) -> Order:
        ids = (staff_id(number), staff_id(number + 1))
        return Order(
            name=f"{action}-{number}",
            action=action,
            targets=ids,
            parameters=parameters,
            marks=ids,
            is_wished=is_wished,
            once=once,
        )

    return make


def _of_guests(number: int, _: Tenant) -> Order:
    ids = (guest_id(number), guest_id(number + 1))
    return Order(
        name=f"delete-guest-{number}",
        action="delete-guest",
        targets=ids,
        parameters={},
        marks=ids,
        is_wished=_is_deleted,
    )


def _of_applications(number: int, _: Tenant) -> Order:
    ids = (application_id(number), application_id(number + 1))
    return Order(
        name=f"revoke-app-role-{number}",
        action="revoke-app-role",
        targets=ids,
        parameters={"permission_id": MAILBOXES},
        marks=ids,
        is_wished=_is_without_role,
    )


def _of_new_users(number: int, tenant: Tenant) -> Order:
    name = f"newcomer{number}x"
    address = f"{name}@contoso.example.com"
    return Order(
        name=f"create-user-{number}",
        action="create-user",
        targets=(tenant.tenant_id,),
        parameters={"user_principal_name": address, "display_name": name, "mail_nickname": name},
        marks=(name,),
        is_wished=lambda tenant, _id, _at: _count(tenant, "users", "userPrincipalName", address) == 1,
        once="/users",
    )


def _of_new_groups(number: int, tenant: Tenant) -> Order:
    name = f"newgroup{number}x"
    return Order(
        name=f"create-group-{number}",
        action="create-group",
        targets=(tenant.tenant_id,),
        parameters={"display_name": name, "mail_nickname": name, "description": "made by a test"},
        marks=(name,),
        is_wished=lambda tenant, _id, _at: _count(tenant, "groups", "displayName", name) == 1,
        once="/groups",
    )


def _count(tenant: Tenant, path: str, name: str, value: str) -> int:
    return sum(one[name] == value for one in tenant.collections[path])


def _user(tenant: Tenant, id: str) -> Entity:
    return next(one for one in tenant.collections["users"] if one["id"] == id)


def _is_disabled(tenant: Tenant, id: str, _: datetime) -> bool:
    return _user(tenant, id)["accountEnabled"] is False


def _is_signed_out(tenant: Tenant, id: str, approved_at: datetime) -> bool:
    valid_from = datetime.fromisoformat(_user(tenant, id)["signInSessionsValidFromDateTime"])
    return valid_from >= approved_at.replace(microsecond=0)


def _has_no_factor(tenant: Tenant, id: str, approved_at: datetime) -> bool:
    kinds = {one["@odata.type"] for one in methods_of(tenant, id)}
    return kinds == {_PASSWORD} and _is_signed_out(tenant, id, approved_at)


def _has_a_pass(tenant: Tenant, id: str, _: datetime) -> bool:
    return [one["@odata.type"] for one in methods_of(tenant, id)].count(_PASS) == 1


def _is_out_of_group(tenant: Tenant, id: str, _: datetime) -> bool:
    return id not in tenant.relations[f"groups/{GROUP}/members"]


def _is_deleted(tenant: Tenant, id: str, _: datetime) -> bool:
    gone = [one for one in tenant.collections["directory/deletedItems"] if one["id"] == id]
    return len(gone) == 1 and all(one["id"] != id for one in tenant.collections["users"])


def _is_without_role(tenant: Tenant, id: str, _: datetime) -> bool:
    held = [one for one in tenant.collections["appRoleAssignments"] if one["principalId"] == id]
    return all(one["appRoleId"] != MAILBOXES for one in held)
