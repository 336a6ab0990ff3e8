"""Names that a piece of SQL can see: relations with their columns, aliases, parameters of lambdas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class TableName(NamedTuple):
    """A table of the dictionary; ``is_previous`` if it is read from the snapshot before."""

    name: str
    is_previous: bool


@dataclass(frozen=True, kw_only=True)
class Output:
    """The columns that a query returns, in order. ``is_open`` if there may be others that nobody can name."""

    columns: tuple[str, ...]
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class Relation:
    """Something in a FROM clause. ``columns`` maps the visible name to the table's own; ``table`` is None for
    anything but a table of the dictionary."""

    name: str
    columns: Mapping[str, str]
    table: TableName | None
    is_open: bool

    def has(self, column: str) -> bool:
        return column in self.columns


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What one SELECT sees; ``outer`` is the query around it, ``ctes`` all common tables in reach.

    ``relations`` grows while the FROM clause is read, so that a lateral sees only what stands before it.
    """

    outer: Scope | None
    ctes: Mapping[str, Output]
    relations: list[Relation] = field(default_factory=list)
    aliases: set[str] = field(default_factory=set)
    bound: frozenset[str] = frozenset()

    def with_bound(self, names: frozenset[str]) -> Scope:
        """Return the same scope inside a lambda or a comprehension that brings these names."""
        return Scope(
            outer=self.outer,
            ctes=self.ctes,
            relations=self.relations,
            aliases=self.aliases,
            bound=self.bound | names,
        )

    def relation(self, name: str) -> Relation | None:
        """Return the relation of this name, here or further out."""
        found = next((relation for relation in self.relations if relation.name == name), None)
        if found is None and self.outer is not None:
            return self.outer.relation(name)
        return found

    def visible_columns(self) -> set[str]:
        """Return every column name that could be meant, for suggestions."""
        names = {column for relation in self.relations for column in relation.columns} | self.aliases
        return names | self.outer.visible_columns() if self.outer else names
