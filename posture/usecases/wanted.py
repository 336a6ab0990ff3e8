"""Which tables and columns a set of checks needs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from posture.definitions.compiled import CompiledCheck
from posture.tables.table import SourceTable, Table, WantedTable


def wanted_tables(checks: Iterable[CompiledCheck], tables: Sequence[Table]) -> tuple[WantedTable, ...]:
    """Return the source tables that the checks read, with the columns they read and the key, in dictionary order.

    Nothing else is asked of Graph: a column that no check reads is neither requested nor kept.
    """
    columns: dict[str, set[str]] = {}
    for compiled in checks:
        for table, names in compiled.reads.source_columns.items():
            columns.setdefault(table, set()).update(names)
    return tuple(
        WantedTable(
            table=table,
            columns=tuple(
                column for column in table.columns if column.name in columns[table.name] or column.name in table.key
            ),
        )
        for table in tables
        if isinstance(table, SourceTable) and table.name in columns
    )
