"""The data dictionary as the definitions see it: which tables, columns and resource types there are."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

from posture.tables.table import Column, DerivedTable, ResourceType, SourceTable, Table

_SHORTEST_BEGINNING: Final = 3


class Dictionary:
    """All tables and resource types, by name. Names are compared in lower case, as SQL does."""

    def __init__(self, tables: Sequence[Table], resource_types: Sequence[ResourceType]) -> None:
        self.tables = tuple(tables)
        self.resource_types = tuple(resource_types)

    def with_tables(self, tables: Sequence[Table]) -> Dictionary:
        """Return the dictionary with more tables, each after the ones it reads."""
        return Dictionary((*self.tables, *tables), self.resource_types)

    @cached_property
    def _by_name(self) -> dict[str, Table]:
        return {table.name: table for table in self.tables}

    @cached_property
    def _columns(self) -> dict[str, dict[str, Column]]:
        return {table.name: {column.name: column for column in table.columns} for table in self.tables}

    @cached_property
    def derived(self) -> tuple[DerivedTable, ...]:
        """The derived tables, in the order of the dictionary."""
        return tuple(table for table in self.tables if isinstance(table, DerivedTable))

    def table(self, name: str) -> Table | None:
        """Return a table, None if there is none of this name."""
        return self._by_name.get(name.lower())

    def columns(self, table: str) -> dict[str, Column]:
        """Return the columns of a table by name; empty if there is no such table."""
        return self._columns.get(table.lower(), {})

    def resource_type(self, name: str) -> ResourceType | None:
        """Return a resource type, None if there is none of this name."""
        return next((kind for kind in self.resource_types if kind.name == name), None)

    def id_column(self, table: str) -> str:
        """Return the column that tells the rows of a resource type's home table apart."""
        found = self.table(table)
        if isinstance(found, SourceTable) and len(found.key) == 1:
            return found.key[0]
        return "id"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that ``word`` was probably meant to be, None if nothing comes close."""
    words = sorted(known)
    found = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if not found and len(word) >= _SHORTEST_BEGINNING:
        found = [other for other in words if other.startswith(word)]
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str) -> str:
    """Return advice that names the nearest known word, or ``otherwise``."""
    close = nearest(word, known)
    return f'Did you mean "{close}"?' if close else otherwise
