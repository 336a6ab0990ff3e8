"""Pages of rows in the order in which they were recorded, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, select

from posture.domain.page import Page, broken_cursor, checked_limit, read_cursor, written_cursor

_Item = TypeVar("_Item")
_LARGEST: Final = 2**31 - 1


def numbers(
    connection: Connection, table: Table, *conditions: ColumnElement[bool], cursor: str | None, limit: int
) -> Page[int]:
    """Return the numbers of one page of the rows that match.

    Raises:
        UsageError: the cursor is not of a list of this table, or the limit is out of bounds.
    """
    number = table.c.number
    place, is_backward = (None, False) if cursor is None else _place_of(cursor, table)
    found = select(number).where(*conditions).limit(checked_limit(limit) + 1)
    if place is not None:
        found = found.where(number > place if is_backward else number < place)
    found = found.order_by(number if is_backward else number.desc())
    there = list(connection.execute(found).scalars())
    is_more, shown = len(there) > limit, there[:limit]
    if is_backward:
        shown.reverse()
    has_next = is_backward or is_more
    has_previous = is_more if is_backward else place is not None
    return Page(
        items=tuple(shown),
        next_cursor=written_cursor([table.name, False, shown[-1]]) if shown and has_next else None,
        previous_cursor=written_cursor([table.name, True, shown[0]]) if shown and has_previous else None,
    )


def rows_of(table: Table, page: Page[int]) -> Select[Any]:
    """Return the query for the whole rows of a page, in its order."""
    return select(table).where(table.c.number.in_(page.items)).order_by(table.c.number.desc())


def filled(page: Page[int], items: Sequence[_Item]) -> Page[_Item]:
    """Return the page with what its numbers stand for."""
    return Page(items=tuple(items), next_cursor=page.next_cursor, previous_cursor=page.previous_cursor)


def _place_of(cursor: str, table: Table) -> tuple[int, bool]:
    name, is_backward, number = read_cursor(cursor, shape=(str, bool, int))
    if name != table.name or not 0 <= int(number) <= _LARGEST:
        raise broken_cursor()
    return int(number), bool(is_backward)
