"""In-memory tables on which checks are tried out: fast to fill again, since the probes of one check fill them
thousands of times."""

# Names in our SQL come from the dictionary and are quoted; rows are parameters.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir
from typing import Final

import duckdb
from duckdb.sqltypes import DuckDBPyType

from posture.definitions.compiled import CompiledCheck
from posture.domain.judgement import Value
from posture.snapshot.column_sql import quoted
from posture.snapshot.connection import Limits, Watchdog, connect, lock
from posture.snapshot.judge import broken_as_sentence, parameters_of, require_columns, require_distinct
from posture.snapshot.statement import single_select
from posture.snapshot.values import row_reader
from posture.snapshot.views import create_view
from posture.tables.table import DerivedTable, SourceTable, Table

Rows = Sequence[Mapping[str, Value]]

_LIMITS: Final = Limits(memory="256MB", spill="0MB", threads=1)


class RowsRefused(ValueError):
    """Rows name a table or column that does not exist, or hold a value that does not fit."""


class TableBench:
    """All tables of a dictionary, empty at first, in ``main`` and in a schema of the past, ``previous`` unless named.

    A statement may run for ``seconds``.
    """

    def __init__(self, dictionary: Sequence[Table], *, past: str = "previous", seconds: float = 10.0) -> None:
        self._seconds = seconds
        self._past = past
        self._tables = {table.name: table for table in dictionary}
        self._types = {
            table.name: {column.name: DuckDBPyType(column.type) for column in table.columns} for table in dictionary
        }
        self._now = datetime.fromtimestamp(0, UTC)
        self._loaded: dict[tuple[str, str], Rows | None] = {}
        self._texts: dict[str, tuple[Sequence[str], Sequence[Sequence[str | None]]]] = {}
        self._statements: dict[str, duckdb.Statement] = {}
        self._connection = connect(_LIMITS, spill=Path(gettempdir()))
        # Over a handful of rows, finding a good plan takes longer than running a bad one: a third of a judgement.
        self._connection.execute("pragma disable_optimizer")
        self._watchdog = Watchdog(self._connection, seconds=seconds)
        self._has_past = False
        for table in dictionary:
            self._create("main", table)
        lock(self._connection, readable=())

    def load(
        self, rows_by_table: Mapping[str, Rows], *, now: datetime, previous: Mapping[str, Rows] | None = None
    ) -> None:
        """Make these the rows; a source table not named is empty, a derived table not named is derived.

        Columns not named are NULL. Times are ISO 8601 text in UTC. Only what differs from the rows before is written.

        Raises:
            RowsRefused: a table or column does not exist, or a value does not fit its column.
        """
        self._now = now
        self._fill("main", rows_by_table)
        if previous is not None:
            self._require_past()
        if self._has_past:
            self._fill(self._past, previous or {})

    def _require_past(self) -> None:
        """Make the tables of the past, which most never ask for and which take as long to make as those of now."""
        if self._has_past:
            return
        self._connection.execute(f"create schema {quoted(self._past)}")
        # A view is made of the tables of its own schema, for each stands after those that it reads.
        for table in self._tables.values():
            self._create(self._past, table)
        self._has_past = True

    def load_texts(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
        """Make a table of texts that no dictionary knows, in place of the one of that name loaded before.

        Raises:
            RowsRefused: two columns differ only in upper and lower case.
        """
        if self._texts.get(name) == (columns, rows):
            return
        self._texts.pop(name, None)
        try:
            typed = ", ".join(f"{quoted(column)} varchar" for column in columns)
            self._connection.execute(f"create or replace table main.{quoted(name)} ({typed})")
            if rows:
                many = ", ".join([f"({', '.join('?' * len(columns))})"] * len(rows))
                values = [value for row in rows for value in row]
                self._connection.execute(f"insert into main.{quoted(name)} values {many}", values)
        except duckdb.Error as error:
            raise RowsRefused(f"the rows of table {name} cannot be laid out: {error}") from error
        self._texts[name] = (columns, rows)

    def judge(self, compiled: CompiledCheck) -> Sequence[Mapping[str, Value]]:
        """Return all rows of a check, not applicable ones included, with ``_verdict`` and ``_severity``.

        Raises:
            CheckBroken: the SQL failed, or its rows broke the contract of rows.
        """
        if compiled.reads.previous:
            self._require_past()
        with broken_as_sentence(compiled, seconds=self._seconds):
            parameters = parameters_of(compiled, self._statement(compiled.sql).named_parameters, now=self._now)
            names, rows = self.ask(compiled.sql, parameters)
        _hold_to_contract(compiled, names, rows)
        return rows

    def ask(self, sql: str, parameters: Mapping[str, object]) -> tuple[Sequence[str], Sequence[Mapping[str, Value]]]:
        """Return columns and rows, as JSON values, of one SELECT. Parameters that it does not name are left out.

        Raises:
            NotOneSelect: it is something else.
            duckdb.Error: it failed, or ran longer than it may.
            TypeError: a value of it is not JSON.
        """
        statement = self._statement(sql)
        named = {name: value for name, value in parameters.items() if name in statement.named_parameters}
        with self._watchdog.watching():
            found = self._connection.execute(statement, named).fetchall()
        described = self._connection.description
        names = [str(column[0]) for column in described]
        read = row_reader(names, [str(column[1]) for column in described])
        return names, [read(row) for row in found]

    def _statement(self, sql: str) -> duckdb.Statement:
        """Return the parsed SQL; parsing it once saves a quarter of a judgement."""
        if sql not in self._statements:
            self._statements[sql] = single_select(sql)
        return self._statements[sql]

    def close(self) -> None:
        """Give back the memory."""
        self._connection.close()

    def _create(self, schema: str, table: Table) -> None:
        if isinstance(table, DerivedTable):
            create_view(self._connection, table, schema=schema)
            self._loaded[schema, table.name] = None
        else:
            self._create_typed(schema, table)

    def _create_typed(self, schema: str, table: Table) -> None:
        typed = ", ".join(f"{quoted(column.name)} {column.type}" for column in table.columns)
        self._connection.execute(f"create table {quoted(schema)}.{quoted(table.name)} ({typed})")
        self._loaded[schema, table.name] = []

    def _fill(self, schema: str, rows_by_table: Mapping[str, Rows]) -> None:
        for name in rows_by_table:
            if name not in self._tables:
                raise RowsRefused(f"there is no table {name}")
        for name, table in self._tables.items():
            given = rows_by_table.get(name, () if isinstance(table, SourceTable) else None)
            rows = None if given is None else [dict(row) for row in given]
            if self._loaded[schema, name] != rows:
                self._replace(schema, table, rows)

    def _replace(self, schema: str, table: Table, rows: Rows | None) -> None:
        place = f"{quoted(schema)}.{quoted(table.name)}"
        if rows is None:
            self._connection.execute(f"drop table {place}")
            self._create(schema, table)
            return
        if self._loaded[schema, table.name] is None:
            self._connection.execute(f"drop view {place}")
            self._create_typed(schema, table)
        else:
            self._connection.execute(f"delete from {place}")
        self._loaded[schema, table.name] = []
        if rows:
            self._insert(place, table, rows)
        self._loaded[schema, table.name] = rows

    def _insert(self, place: str, table: Table, rows: Rows) -> None:
        """Insert all rows or none. Only columns that have a value are named: DuckDB binds each one anew."""
        types = self._types[table.name]
        for name in {name: None for row in rows for name in row}:
            if name not in types:
                raise RowsRefused(f"table {table.name} has no column {name}")
        named = [name for name in types if any(row.get(name) is not None for row in rows)] or list(types)[:1]
        values = [_fitted(row.get(name), types[name], place=f"{table.name}.{name}") for row in rows for name in named]
        slots = f"({', '.join(f'?::{types[name]}' if types[name].id in _NESTED else '?' for name in named)})"
        columns, many = ", ".join(map(quoted, named)), ", ".join([slots] * len(rows))
        try:
            self._connection.execute(f"insert into {place} ({columns}) values {many}", values)
        except duckdb.Error as error:
            raise RowsRefused(f"a row of table {table.name} does not fit its columns: {error}") from error


_NESTED: Final = frozenset({"list", "struct"})
_PYTHON_TYPES: Final = {"varchar": str, "boolean": bool, "bigint": int, "timestamp": str}


def _fitted(value: Value, kind: DuckDBPyType, *, place: str) -> object:
    """Return a value with every member that its structures know, absent ones None; DuckDB insists on them."""
    if value is None:
        return None
    if kind.id == "list" and isinstance(value, list):
        item_kind = _members(kind)["child"]
        return [_fitted(item, item_kind, place=place) for item in value]
    if kind.id == "struct" and isinstance(value, dict):
        return _fitted_structure(value, kind, place=place)
    expected = _PYTHON_TYPES.get(kind.id)
    if kind.id in _NESTED or (expected is not None and type(value) is not expected):
        raise RowsRefused(f"{place} takes {kind}, not {json.dumps(value)}")
    return value


def _fitted_structure(value: Mapping[str, Value], kind: DuckDBPyType, *, place: str) -> dict[str, object]:
    members = _members(kind)
    for name in value:
        if name not in members:
            raise RowsRefused(f"{place} has no member {name}")
    return {name: _fitted(value.get(name), member, place=f"{place}.{name}") for name, member in members.items()}


def _members(kind: DuckDBPyType) -> dict[str, DuckDBPyType]:
    """Return the types inside a structure by name, or that of a list's items as ``child``."""
    return {name: inner for name, inner in kind.children if isinstance(inner, DuckDBPyType)}


def _hold_to_contract(compiled: CompiledCheck, columns: Sequence[str], rows: Rows) -> None:
    require_columns(compiled, columns)
    key = ("resource_id", *compiled.check.identity)
    require_distinct(
        compiled,
        rows=len(rows),
        things=len({json.dumps([row[name] for name in key]) for row in rows}),
        nameless=sum(row["resource_id"] is None for row in rows),
    )
