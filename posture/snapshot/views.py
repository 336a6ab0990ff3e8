"""Lay the tables of a snapshot out as SQL views, so that a check can name what it may read and nothing else.

Schemas: ``main`` and ``previous`` hold what checks read; ``padded`` the source tables with NULL in the columns that
were not read, so that a derived table can be defined over any selection of columns; ``partial`` what came of
tables that did not come whole, for people only.
"""

# Names in our SQL come from the dictionary or from a check's own columns and are quoted, texts are literals.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import duckdb

from posture.snapshot.column_sql import literal, quoted
from posture.snapshot.connection import time_limit
from posture.snapshot.manifest import Manifest
from posture.tables.table import Column, DerivedTable, SourceTable, Table


def create_tables(
    connection: duckdb.DuckDBPyConnection,
    dictionary: Sequence[Table],
    *,
    directory: Path,
    manifest: Manifest,
) -> Sequence[str]:
    """Create the snapshot's readable source tables in ``main``, and the derived ones in ``padded``.

    Return the names of those derived tables: ``create_derived`` puts them into ``main`` when they are needed.
    """
    connection.execute("create schema padded")
    sources = {table.name: table for table in dictionary if isinstance(table, SourceTable)}
    for name, rows in _rows_of_readable(directory, manifest).items():
        connection.execute(f"create view main.{quoted(name)} as {rows}")
        columns = sources[name].columns if name in sources else ()
        connection.execute(f"create view padded.{quoted(name)} as {_padded(connection, rows, columns)}")
    return [table.name for table in _create_derived_views(connection, dictionary, schema="padded")]


def create_derived(connection: duckdb.DuckDBPyConnection, name: str, *, seconds: float | None) -> None:
    """Create a derived table in ``main``, computed once for all checks in at most ``seconds``; None makes it a view.

    A view it becomes as well if it cannot be computed, so that it breaks the checks that read it and not all.
    """
    if seconds is None or not _is_computed(connection, name, seconds):
        connection.execute(f"create view main.{quoted(name)} as from padded.{quoted(name)}")


def create_previous(
    connection: duckdb.DuckDBPyConnection, dictionary: Sequence[Table], *, directory: Path, manifest: Manifest
) -> None:
    """Create the readable tables of the snapshot before in ``previous``; what was not read then is NULL.

    This comes before ``create_tables``: DuckDB looks for a name in ``main`` at last, whatever the search path, and
    a table of the past must never be made of one of today.
    """
    connection.execute("create schema previous")
    sources = {table.name: table for table in dictionary if isinstance(table, SourceTable)}
    for name, rows in _rows_of_readable(directory, manifest).items():
        columns = sources[name].columns if name in sources else ()
        connection.execute(f"create view previous.{quoted(name)} as {_padded(connection, rows, columns)}")
    _create_derived_views(connection, dictionary, schema="previous")


def create_partial(connection: duckdb.DuckDBPyConnection, *, directory: Path) -> None:
    """Create the tables that did not come whole in ``partial``."""
    connection.execute("create schema partial")
    for path in sorted((directory / "partial").glob("*.parquet")):
        connection.execute(f"create view partial.{quoted(path.stem)} as from read_parquet({literal(str(path))})")


def _create_derived_views(
    connection: duckdb.DuckDBPyConnection, dictionary: Sequence[Table], *, schema: str
) -> Sequence[DerivedTable]:
    """Create and return the derived tables of which every base is there, in the order of the dictionary."""
    created = []
    for table in dictionary:
        if isinstance(table, DerivedTable):
            with suppress(duckdb.CatalogException):  # a table it is made of is not readable; neither is it
                create_view(connection, table, schema=schema)
                created.append(table)
    return created


def _is_computed(connection: duckdb.DuckDBPyConnection, name: str, seconds: float) -> bool:
    """Compute a derived table and say whether that went well."""
    try:
        with time_limit(connection, seconds=seconds):
            connection.execute(f"create table main.{quoted(name)} as from padded.{quoted(name)}")
    except duckdb.Error:
        return False
    return True


def create_view(connection: duckdb.DuckDBPyConnection, table: DerivedTable, *, schema: str) -> None:
    """Create a derived table in ``schema``, made of the tables there. A view keeps the path it was made with.

    Raises:
        duckdb.CatalogException: a table it is made of is not there.
    """
    connection.execute(f"set search_path = '{schema}'")
    try:
        connection.execute(f"create view {schema}.{quoted(table.name)} as {table.sql}")
    finally:
        connection.execute("set search_path = 'main'")


def _rows_of_readable(directory: Path, manifest: Manifest) -> Mapping[str, str]:
    """Map each readable table to the SQL of its rows; a table that is known to be empty has no file."""
    rows = {}
    for entry in manifest.tables:
        if entry.is_readable:
            path = table_file(directory, entry.outcome.table)
            typed = ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in entry.columns.items())
            empty = f"select {typed} where false"
            rows[entry.outcome.table] = f"from read_parquet({literal(str(path))})" if path.is_file() else empty
    return rows


def _padded(connection: duckdb.DuckDBPyConnection, rows: str, columns: Sequence[Column]) -> str:
    described = connection.execute(f"describe {rows}").fetchall()
    present = {str(column[0]) for column in described}
    absent = [f"null::{column.type} as {quoted(column.name)}" for column in columns if column.name not in present]
    return f"select *, {', '.join(absent)} from ({rows})" if absent else rows


def table_file(directory: Path, table: str) -> Path:
    """Return the Parquet file of a complete table."""
    return directory / "tables" / f"{table}.parquet"


def partial_file(directory: Path, table: str) -> Path:
    """Return the Parquet file of what came of a partial table."""
    return directory / "partial" / f"{table}.parquet"
