"""What a check needs of Graph: derived tables followed down to the source tables they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from posture.definitions.compiled import Reads
from posture.definitions.dictionary import Dictionary
from posture.definitions.lineage import SqlReader
from posture.definitions.scope import TableName
from posture.definitions.sql_text import SqlRefused, parse_select
from posture.tables.table import DerivedTable


@dataclass(frozen=True, kw_only=True)
class TableNeeds:
    """What one table needs: columns of source tables, and derived tables, each after the ones it reads."""

    source_columns: Mapping[str, frozenset[str]]
    derived: tuple[str, ...]


class Lineage:
    """Follows tables down, each derived table once."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self._needs: dict[str, TableNeeds] = {}

    def reads(self, columns_read: Mapping[TableName, set[str]]) -> Reads:
        """Return what SQL needs that reads these columns.

        A column read from the snapshot before is needed of the next one too, or there would be none to compare
        with; so it counts as read from both.
        """
        source_columns: dict[str, frozenset[str]] = {}
        derived: dict[str, None] = {}
        previous: set[str] = set()
        for table, columns in columns_read.items():
            needs = self._needs_of(table.name, columns)
            for name, names in needs.source_columns.items():
                source_columns[name] = source_columns.get(name, frozenset()) | names
            derived.update(dict.fromkeys(needs.derived))
            if table.is_previous:
                previous.update(needs.source_columns)
        return Reads(source_columns=source_columns, derived=tuple(derived), previous=frozenset(previous))

    def _needs_of(self, name: str, columns: set[str]) -> TableNeeds:
        table = self.dictionary.table(name)
        if isinstance(table, DerivedTable):
            return self._derived_needs(table)
        return TableNeeds(source_columns={name: frozenset(columns)}, derived=())

    def _derived_needs(self, table: DerivedTable) -> TableNeeds:
        if table.name not in self._needs:
            reader = SqlReader(self.dictionary)
            try:
                reader.read_select(parse_select(table.sql))
            except SqlRefused as refused:
                # A mistake in our own dictionary, not in anybody's definition.
                raise ValueError(f"derived table {table.name}: {refused.problem}. {refused.advice}") from refused
            below = self.reads(reader.columns_read)
            self._needs[table.name] = TableNeeds(
                source_columns=below.source_columns, derived=(*below.derived, table.name)
            )
        return self._needs[table.name]


@lru_cache(maxsize=16)
def lineage_over(dictionary: Dictionary) -> Lineage:
    """Return the one lineage over a dictionary: what was followed down once is known from then on."""
    return Lineage(dictionary)
