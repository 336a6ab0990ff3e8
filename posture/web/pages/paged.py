"""Lists that come in pages, walked to their end for a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import TypeVar

from posture.domain.page import Page

Item = TypeVar("Item")


def every(read: Callable[[str | None], Page[Item]]) -> Iterator[Item]:
    """Return all items of all pages. ``read`` gives the page of a cursor; the first one is read at once, so that what
    may not be seen is refused before an answer begins."""
    first = read(None)
    return chain(first.items, _rest(read, first.next_cursor))


def _rest(read: Callable[[str | None], Page[Item]], cursor: str | None) -> Iterator[Item]:
    while cursor is not None:
        page = read(cursor)
        yield from page.items
        cursor = page.next_cursor
