"""Operators: the people who may look, propose and approve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What an operator may do. Each role may do what those before it may."""

    VIEWER = "viewer"
    HELPDESK = "helpdesk"
    ADMIN = "admin"

    def covers(self, other: Role) -> bool:
        """Say whether this role may do what ``other`` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One person. ``account`` is the user principal name or object id in the tenants, if it was given: no action
    is carried out on the account of somebody who approved it. A token counts until ``expires_at``, exclusive.
    """

    name: str
    role: Role
    account: str | None
    added_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def is_active(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at

    def is_called(self, name: str) -> bool:
        """Say whether this is the operator's name; upper and lower case do not tell people apart."""
        return self.name.casefold() == name.casefold()


def as_on_record(operator: Operator, known: Iterable[Operator]) -> Operator:
    """Return somebody who signed in a while ago as the record has them now: the token may have been revoked since."""
    same = (one for one in known if one.is_called(operator.name) and one.added_at == operator.added_at)
    return next(same, operator)
