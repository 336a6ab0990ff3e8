"""Idempotency keys: which requests of an operator were answered, and how."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, insert, select, update

from posture.domain.answer import (
    ANSWERS_WITHIN,
    KEPT_FOR,
    Answer,
    Begun,
    FirstRequest,
    OtherRequest,
    Repeated,
    StillAnswering,
)
from posture.domain.operator import Operator
from posture.store.access_tables import IDEMPOTENCY_KEYS
from posture.store.operators import number_of


class SqlAnswers:
    """One transaction over the answers of the API."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, operator: Operator, key: str, *, request: str, at: datetime) -> Begun:
        """Take a key for a request, or tell what became of it before. ``request`` is a hash of all that was asked.

        Of several who ask at once one is the first. Raises ValueError if the operator is not on record.
        """
        number = number_of(self._connection, operator)
        found = select(IDEMPOTENCY_KEYS).where(_is(number, key))
        row = self._connection.execute(found).mappings().one_or_none()
        if row is not None and at < row["begun_at"] + KEPT_FOR:
            return _begun_before(row, request=request, at=at)
        if row is not None:
            self._connection.execute(delete(IDEMPOTENCY_KEYS).where(_is(number, key)))
        taken = insert(IDEMPOTENCY_KEYS).values(operator_number=number, key=key, request=request, begun_at=at)
        self._connection.execute(taken)
        return FirstRequest()

    def finish(self, operator: Operator, key: str, answer: Answer) -> None:
        """Write down what was answered to the request that took a key."""
        number = number_of(self._connection, operator)
        answered = update(IDEMPOTENCY_KEYS).where(_is(number, key))
        self._connection.execute(
            answered.values(status=answer.status, headers=dict(answer.headers), body=answer.body)
        )

    def give_back(self, operator: Operator, key: str) -> None:
        """Let a key be as if nobody had asked with it: the request was refused before anything was done."""
        number = number_of(self._connection, operator)
        self._connection.execute(delete(IDEMPOTENCY_KEYS).where(_is(number, key)))

    def forget(self, before: datetime) -> int:
        """Delete the keys that were taken before then and return how many."""
        gone = delete(IDEMPOTENCY_KEYS).where(IDEMPOTENCY_KEYS.c.begun_at < before)
        return self._connection.execute(gone).rowcount


def _is(number: int, key: str) -> ColumnElement[bool]:
    return and_(IDEMPOTENCY_KEYS.c.operator_number == number, IDEMPOTENCY_KEYS.c.key == key)


def _begun_before(row: RowMapping, *, request: str, at: datetime) -> Begun:
    if row["request"] != request:
        return OtherRequest()
    if row["status"] is None:
        return StillAnswering(since=row["begun_at"], is_cut_off=at >= row["begun_at"] + ANSWERS_WITHIN)
    return Repeated(answer=Answer(status=row["status"], headers=row["headers"], body=row["body"]))
