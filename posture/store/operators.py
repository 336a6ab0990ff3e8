"""Operators on record. None is ever deleted; revoking one leaves a trace."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from posture.domain.operator import Operator
from posture.errors import UsageError
from posture.store.acting_rows import operator_from, operator_row
from posture.store.acting_tables import OPERATORS

# SHA-256 in hexadecimal. Checked, so that no token is ever kept in place of its hash.
_TOKEN_HASH: Final = re.compile("[0-9a-f]{64}")


def add(connection: Connection, operator: Operator, *, token_hash: str) -> None:
    """Record an operator.

    Raises:
        UsageError: there is an active operator of that name, in any case.
        ValueError: ``token_hash`` is no SHA-256 in hexadecimal; the sentence does not repeat it.
    """
    if not _TOKEN_HASH.fullmatch(token_hash):
        raise ValueError("an operator's token must be given as its SHA-256, 64 hexadecimal digits")
    if _active(connection, operator.name, now=operator.added_at):
        raise UsageError(
            f"there is an operator {operator.name} already: posture operators list shows them; "
            "revoke that one first, or choose another name"
        )
    connection.execute(insert(OPERATORS).values(operator_row(operator, token_hash=token_hash)))


def by_token(connection: Connection, token_hash: str) -> Operator | None:
    """Return whose token it is, or was: whether it still counts is the domain's to say."""
    row = connection.execute(select(OPERATORS).where(OPERATORS.c.token_hash == token_hash)).mappings().one_or_none()
    return operator_from(row) if row is not None else None


def every(connection: Connection) -> Sequence[Operator]:
    """Return all operators in the order they were added, those whose token has ended too."""
    rows = connection.execute(select(OPERATORS).order_by(OPERATORS.c.number)).mappings()
    return [operator_from(row) for row in rows]


def by_subject(connection: Connection, subject: str) -> Operator | None:
    """Return who signs in with an OpenID provider as ``issuer|sub``, active or not; of several the last one added."""
    newest = select(OPERATORS).where(OPERATORS.c.subject == subject).order_by(OPERATORS.c.number.desc()).limit(1)
    row = connection.execute(newest).mappings().one_or_none()
    return operator_from(row) if row is not None else None


def change(connection: Connection, operator: Operator) -> None:
    """Write role, account, end, tenants and scopes of an operator on record.

    Raises:
        ValueError: there is none of this name, added then.
    """
    number = number_of(connection, operator)
    changed = {
        name: value
        for name, value in operator_row(operator, token_hash="").items()
        if name in ("role", "account", "expires_at", "tenants", "scopes")
    }
    connection.execute(update(OPERATORS).where(OPERATORS.c.number == number).values(changed))


def number_of(connection: Connection, operator: Operator) -> int:
    """Return the number of an operator on record.

    Raises:
        ValueError: there is none of this name, added then.
    """
    rows = connection.execute(select(OPERATORS).where(OPERATORS.c.added_at == operator.added_at)).mappings()
    for row in rows:
        if operator.is_called(row["name"]):
            return int(row["number"])
    raise ValueError(f"operator {operator.name} is not on record")


def revoke(connection: Connection, name: str, *, at: datetime) -> bool:
    """End an operator's token; False if there is no active operator of that name, in any case."""
    numbers = _active(connection, name, now=at)
    if not numbers:
        return False
    connection.execute(update(OPERATORS).where(OPERATORS.c.number.in_(numbers)).values(revoked_at=at))
    return True


def _active(connection: Connection, name: str, *, now: datetime) -> Sequence[int]:
    """Return the numbers of the active operators of that name.

    Names are compared here: the databases fold case each in its own way, and there are few operators.
    """
    rows = connection.execute(select(OPERATORS)).mappings()
    return [
        row["number"]
        for row in rows
        if row["name"].casefold() == name.casefold() and operator_from(row).is_active(now)
    ]
