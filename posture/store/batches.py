"""Many rows at once, in batches that every database takes: inserted if they are new, or updated if they are not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, func

from posture.store.rows import Row

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

# SQLite allows 32,766 parameters in a statement, PostgreSQL 65,535; larger batches are not faster.
BATCH: Final = 500

_Item = TypeVar("_Item")


def in_batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose keys are not there yet and leave the others as they are."""
    statement = _insert(connection, table).on_conflict_do_nothing()
    for batch in in_batches(rows):
        connection.execute(statement, batch)


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    *,
    key: Sequence[str],
    never_emptied: Collection[str] = (),
    never_replaced: Collection[str] = (),
) -> None:
    """Insert rows, or write over those that have the same ``key``; NULL does not overwrite a column that is
    ``never_emptied``, and nothing overwrites one that is ``never_replaced`` unless it was NULL.
    """
    if not rows:
        return
    statement = _insert(connection, table)
    changed: dict[str, ColumnElement[Any]] = {}
    for name in rows[0]:
        if name in never_emptied:
            changed[name] = func.coalesce(statement.excluded[name], table.c[name])
        elif name in never_replaced:
            changed[name] = func.coalesce(table.c[name], statement.excluded[name])
        elif name not in key:
            changed[name] = statement.excluded[name]
    statement = statement.on_conflict_do_update(index_elements=list(key), set_=changed)
    for batch in in_batches(rows):
        connection.execute(statement, batch)


def add_up(connection: Connection, table: Table, rows: Sequence[Row], *, key: Sequence[str], total: str) -> None:
    """Insert rows, or add their ``total`` to those that have the same ``key``."""
    if not rows:
        return
    statement = _insert(connection, table)
    more = {total: table.c[total] + statement.excluded[total]}
    statement = statement.on_conflict_do_update(index_elements=list(key), set_=more)
    for batch in in_batches(rows):
        connection.execute(statement, batch)


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    # Here and not above: PostgreSQL's dialect takes an eighth of a second to import, and SQLite does without it.
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_there

        return insert_there(table)
    from sqlalchemy.dialects.sqlite import insert

    return insert(table)
