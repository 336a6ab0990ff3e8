"""Operators: the people who may look, propose and approve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What an operator may do. Each role may do what those before it may."""

    VIEWER = "viewer"
    HELPDESK = "helpdesk"
    ADMIN = "admin"

    def covers(self, other: Role) -> bool:
        """Say whether this role may do what ``other`` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Scope(StrEnum):
    """What an operator's token may be used for. It narrows what the role allows and never adds to it."""

    READ = "read"
    PROPOSE = "propose"
    DECIDE = "decide"
    EXECUTE = "execute"
    ADMINISTER = "administer"


_SCOPES: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.VIEWER: frozenset({Scope.READ}),
    Role.HELPDESK: frozenset({Scope.READ, Scope.PROPOSE, Scope.DECIDE, Scope.EXECUTE}),
    Role.ADMIN: frozenset(Scope),
}


def scopes_of(role: Role) -> frozenset[Scope]:
    """Return everything that a role allows."""
    return _SCOPES[role]


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One person. ``account`` is the user principal name or object id in the tenants, if it was given: no action
    is carried out on the account of somebody who approved it. A token counts until ``expires_at``, exclusive.

    ``tenants`` are the names of the tenants that the operator is limited to, None for all, those added later too.
    ``scopes`` are what the token may be used for. ``subject`` is ``issuer|sub`` of somebody who signs in with an
    OpenID provider; None for a token. ``signed_in_at`` is when the person last proved who they are on the page; None
    for a token, which proves it with every request.
    """

    name: str
    role: Role
    account: str | None
    added_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    tenants: frozenset[str] | None
    scopes: frozenset[Scope]
    subject: str | None
    signed_in_at: datetime | None

    def is_active(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at

    def is_called(self, name: str) -> bool:
        """Say whether this is the operator's name; upper and lower case do not tell people apart."""
        return self.name.casefold() == name.casefold()

    def may(self, scope: Scope) -> bool:
        """Say whether both the role and the token are for this."""
        return scope in self.scopes and scope in scopes_of(self.role)

    def sees(self, tenant: str) -> bool:
        """Say whether the operator may know of the tenant of this name."""
        return self.tenants is None or tenant in self.tenants

    @property
    def sees_everything(self) -> bool:
        """Whether the operator is for all tenants, those added later too."""
        return self.tenants is None

    @property
    def administers_everything(self) -> bool:
        """Whether the operator is an administrator without any limit. Without one nobody can lift limits."""
        return self.sees_everything and scopes_of(Role.ADMIN) <= self.scopes and self.role is Role.ADMIN


def is_within(tenants: frozenset[str] | None, limit: frozenset[str] | None) -> bool:
    """Say whether tenants (None: all) are no more than a limit (None: all)."""
    return limit is None or (tenants is not None and tenants <= limit)


def as_on_record(operator: Operator, known: Iterable[Operator]) -> Operator:
    """Return somebody who signed in a while ago as the record has them now: the token may have been revoked since.

    When they proved who they are stays as it is, and so do scopes that are narrower than those on record.
    """
    same = (one for one in known if one.is_called(operator.name) and one.added_at == operator.added_at)
    found = next(same, operator)
    return replace(found, signed_in_at=operator.signed_in_at, scopes=found.scopes & operator.scopes)
