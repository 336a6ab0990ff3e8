"""All tables in memory: source tables typed and empty, derived tables as views over them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pytest

from posture.tables import TABLES
from posture.tables.live import ONLY_LIVE
from posture.tables.table import DerivedTable, SourceTable, Table

Rows = list[dict[str, Any]]


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with every table of the dictionary, made in the dictionary's order."""
    with duckdb.connect() as connection:
        connection.execute(files("posture.snapshot").joinpath("macros.sql").read_text(encoding="utf-8"))
        for table in (*TABLES, *ONLY_LIVE):
            connection.execute(_creation(table))
        yield connection


def _creation(table: Table) -> str:
    if isinstance(table, DerivedTable):
        return f"create view {table.name} as {table.sql}"
    columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
    return f"create table {table.name} ({columns})"


@pytest.fixture
def derive(database: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., Rows]:
    """Return a function that fills source tables and gives the rows of a derived one, in no order.

    Columns that a row leaves out are NULL; what stands inside structures has Graph's names.
    """

    def rows_of(table: str, /, **sources: Rows) -> Rows:
        for name, rows in sources.items():
            _fill(database, name, rows, tmp_path / f"{name}.json")
        derived = database.table(table)
        return [dict(zip(derived.columns, row, strict=True)) for row in derived.fetchall()]

    return rows_of


def _fill(database: duckdb.DuckDBPyConnection, name: str, rows: Rows, path: Path) -> None:
    table = next(table for table in (*TABLES, *ONLY_LIVE) if table.name == name)
    assert isinstance(table, SourceTable)
    types: Mapping[str, str] = {column.name: column.type for column in table.columns}
    for row in rows:
        assert row.keys() <= types.keys(), f"{name} has no column {row.keys() - types.keys()}"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    columns = ", ".join(f"'{column}': '{kind}'" for column, kind in types.items())
    source = f"read_json('{path}', format = 'newline_delimited', columns = {{{columns}}})"
    database.execute(f"insert into {name} select * from {source}")  # noqa: S608 - names are the dictionary's
