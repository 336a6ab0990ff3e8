"""The orders of lists of findings: by which columns, along which index, and where in it a page begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Row, literal, tuple_

from posture.domain.finding_pages import FindingSort
from posture.domain.page import broken_cursor, read_cursor, written_cursor
from posture.domain.severity import Severity
from posture.store.columns import storable_text
from posture.store.tables import FINDINGS

_RANKS: Final = frozenset(severity.rank for severity in Severity)


@dataclass(frozen=True, kw_only=True)
class Order:
    """``columns`` make a place in the list, the fingerprint last. ``index`` has them in that order; None: there is no
    such index, because every scan would write all of it anew."""

    columns: tuple[Column[Any], ...]
    index: str | None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a page begins: after the finding with these values, or before it, in a list sorted so."""

    values: tuple[Any, ...]
    is_backward: bool


ORDERS: Final[Mapping[FindingSort, Order]] = {
    FindingSort.SEVERITY: Order(
        columns=(FINDINGS.c.severity_rank, FINDINGS.c.first_failed_at, FINDINGS.c.fingerprint),
        index="ix_findings_by_severity",
    ),
    FindingSort.LAST_FAILED: Order(columns=(FINDINGS.c.last_failed_at, FINDINGS.c.fingerprint), index=None),
    FindingSort.FIRST_FAILED: Order(
        columns=(FINDINGS.c.first_failed_at, FINDINGS.c.fingerprint), index="ix_findings_by_first_failed"
    ),
    FindingSort.RESOURCE: Order(
        columns=(FINDINGS.c.resource_order, FINDINGS.c.fingerprint), index="ix_findings_by_resource"
    ),
    FindingSort.CHECK: Order(columns=(FINDINGS.c.check_id, FINDINGS.c.fingerprint), index="ix_findings_by_check"),
}


def cursor_of(row: Row[Any], sort: FindingSort, *, descending: bool, is_backward: bool) -> str:
    """Return the cursor of the page after, or before, a row that begins with the columns of the order."""
    values = [_written(value) for value in row[: len(ORDERS[sort].columns)]]
    return written_cursor([sort.value, descending, is_backward, *values])


def place_of(cursor: str, sort: FindingSort, *, descending: bool) -> Place:
    """Return where the page of a cursor begins.

    Raises:
        UsageError: the cursor is not of a list in this order.
    """
    columns = ORDERS[sort].columns
    shape = [str, bool, bool, *(int if column is FINDINGS.c.severity_rank else str for column in columns)]
    name, was_descending, is_backward, *values = read_cursor(cursor, shape=shape)
    if name != sort.value or was_descending is not descending:
        raise broken_cursor()
    read = tuple(_read(value, column) for value, column in zip(values, columns, strict=True))
    return Place(values=read, is_backward=bool(is_backward))


def is_beyond(place: Place, columns: Sequence[ColumnElement[Any]], *, downward: bool) -> ColumnElement[bool]:
    """Return the condition that a row comes after a place, read downward or upward."""
    here = tuple_(*columns)
    there = tuple_(*(literal(value, column.type) for value, column in zip(place.values, columns, strict=True)))
    return here < there if downward else here > there


def _written(value: Any) -> str | int:
    return value.isoformat() if isinstance(value, datetime) else value


def _read(value: str | int | bool, column: Column[Any]) -> Any:
    if column is FINDINGS.c.severity_rank:
        if value not in _RANKS:
            raise broken_cursor()
        return value
    text = str(value)
    if storable_text(text) != text:
        raise broken_cursor()
    return _moment(text) if column in (FINDINGS.c.first_failed_at, FINDINGS.c.last_failed_at) else text


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise broken_cursor() from None
    if moment.tzinfo is None:
        raise broken_cursor()
    return moment
