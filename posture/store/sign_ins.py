"""Sign-ins on record, found by the hash of the random id that only the browser has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from posture.domain.operator import Operator
from posture.domain.sign_in import SignIn
from posture.store.access_tables import SIGN_INS
from posture.store.acting_rows import operator_from
from posture.store.acting_tables import OPERATORS
from posture.store.operators import number_of

# SHA-256 in hexadecimal. Checked, so that no id is ever kept in place of its hash.
_HASH: Final = re.compile("[0-9a-f]{64}")
_OWN: Final = [column.label(f"sign_in_{column.name}") for column in SIGN_INS.c]


class SqlSignIns:
    """One transaction over sign-ins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, sign_in: SignIn, *, id_hash: str) -> None:
        """Record a sign-in of an operator on record; ``id_hash`` is the SHA-256 of its id, in hexadecimal.

        Raises:
            ValueError: ``id_hash`` is none, or the operator is not on record.
        """
        self._connection.execute(
            insert(SIGN_INS).values(
                id_hash=_fit(id_hash),
                operator_number=number_of(self._connection, sign_in.operator),
                signed_in_at=sign_in.signed_in_at,
                started_at=sign_in.started_at,
                used_at=sign_in.used_at,
                ends_at=sign_in.ends_at,
                ended_at=sign_in.ended_at,
                sign_out_hint=sign_in.sign_out_hint,
            )
        )

    def find(self, id_hash: str) -> SignIn | None:
        return by_hash(self._connection, id_hash)

    def touch(self, id_hash: str, *, at: datetime) -> None:
        """Write down that a sign-in was used."""
        self._change(id_hash, {"used_at": at})

    def end(self, id_hash: str, *, at: datetime) -> bool:
        """End a sign-in; False if there is none, or it had ended before."""
        return self._change(id_hash, {"ended_at": at, "sign_out_hint": None})

    def end_all(self, operator: Operator, *, at: datetime) -> int:
        """End every sign-in of an operator and return how many."""
        of_operator = SIGN_INS.c.operator_number == number_of(self._connection, operator)
        ended = update(SIGN_INS).where(of_operator, SIGN_INS.c.ended_at.is_(None))
        return self._connection.execute(ended.values(ended_at=at, sign_out_hint=None)).rowcount

    def forget(self, before: datetime) -> int:
        """Delete the sign-ins whose time was over before then and return how many; the audit keeps who signed in."""
        return self._connection.execute(delete(SIGN_INS).where(SIGN_INS.c.ends_at < before)).rowcount

    def _change(self, id_hash: str, values: Mapping[str, Any]) -> bool:
        going = (SIGN_INS.c.id_hash == id_hash, SIGN_INS.c.ended_at.is_(None))
        return self._connection.execute(update(SIGN_INS).where(*going).values(values)).rowcount == 1


def by_hash(connection: Connection, id_hash: str) -> SignIn | None:
    """Return the sign-in with its operator as on record now; whether it still counts is the domain's to say."""
    joined = SIGN_INS.join(OPERATORS, OPERATORS.c.number == SIGN_INS.c.operator_number)
    wanted = select(*_OWN, OPERATORS).select_from(joined).where(SIGN_INS.c.id_hash == id_hash)
    row = connection.execute(wanted).mappings().one_or_none()
    return _sign_in(row) if row is not None else None


def _sign_in(row: RowMapping) -> SignIn:
    return SignIn(
        operator=operator_from(row, signed_in_at=row["sign_in_signed_in_at"]),
        signed_in_at=row["sign_in_signed_in_at"],
        started_at=row["sign_in_started_at"],
        used_at=row["sign_in_used_at"],
        ends_at=row["sign_in_ends_at"],
        ended_at=row["sign_in_ended_at"],
        sign_out_hint=row["sign_in_sign_out_hint"],
    )


def _fit(id_hash: str) -> str:
    if not _HASH.fullmatch(id_hash):
        raise ValueError("the id of a sign-in must be given as its SHA-256, 64 hexadecimal digits")
    return id_hash
