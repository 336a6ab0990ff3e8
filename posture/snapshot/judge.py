"""Evaluate one check on locked tables: run its SQL once, hold it to its contract, and give out its rows."""

# Names in our SQL come from the dictionary or from a check's own columns and are quoted, texts are literals.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count

import duckdb

from posture.definitions.compiled import CompiledCheck
from posture.domain.judgement import Value, VerdictCounts
from posture.domain.printable import printable
from posture.domain.verdict import Verdict
from posture.errors import CheckBroken
from posture.snapshot.column_sql import quoted
from posture.snapshot.connection import time_limit
from posture.snapshot.statement import NotOneSelect, parameters_named
from posture.snapshot.values import RowReader, json_value, row_reader

_BATCH = 1000
_LONGEST_SENTENCE = 1000
_NUMBERS = count(1)


@contextmanager
def judging(
    connection: duckdb.DuckDBPyConnection, compiled: CompiledCheck, *, now: datetime, seconds: float
) -> Iterator[JudgedCheck]:
    """Run a check and keep its rows until the context is left.

    Raises:
        CheckBroken: the SQL failed, ran out of memory or time, or broke the contract of rows.
    """
    own = connection.cursor()  # so that its time limit interrupts nothing else
    table = f"judged.{quoted(str(next(_NUMBERS)))}"
    try:
        with broken_as_sentence(compiled, seconds=seconds):
            parameters = parameters_of(compiled, parameters_named(compiled.sql), now=now)
            with time_limit(own, seconds=seconds):
                own.execute("create schema if not exists judged")
                own.execute(f"create table {table} as {compiled.sql}", parameters)
                judged = _held_to_contract(own, compiled, table=table, seconds=seconds)
        yield judged
    finally:
        own.execute(f"drop table if exists {table}")
        own.close()


def parameters_of(compiled: CompiledCheck, named: Collection[str], *, now: datetime) -> dict[str, object]:
    """Return the values of the parameters that its SQL names. ``now`` becomes a TIMESTAMP in UTC."""
    values: dict[str, object] = {
        name: list(value) if isinstance(value, tuple) else value for name, value in compiled.parameters.items()
    }
    values["now"] = now.astimezone(UTC).replace(tzinfo=None)
    return {name: value for name, value in values.items() if name in named}


class JudgedCheck:
    """The rows of one evaluated check, in a table of the connection."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        compiled: CompiledCheck,
        *,
        table: str,
        columns: Mapping[str, str],
        counts: VerdictCounts,
        seconds: float,
    ) -> None:
        self._connection = connection
        self._compiled = compiled
        self._table = table
        self._columns = columns
        self._counts = counts
        self._seconds = seconds

    @property
    def counts(self) -> VerdictCounts:
        return self._counts

    def rows(self, verdicts: Iterable[Verdict]) -> Iterator[Mapping[str, Value]]:
        """Yield the rows with these verdicts, one dict each, a batch in memory at a time.

        Raises:
            CheckBroken: a value cannot be fetched.
        """
        wanted = [verdict.value for verdict in verdicts]
        selected = ", ".join(_fetchable(name, kind) for name, kind in self._columns.items())
        sql = f"select {selected} from {self._table} where list_contains($wanted, _verdict)"
        with broken_as_sentence(self._compiled, seconds=self._seconds):
            cursor = self._connection.cursor()
            cursor.execute(sql, {"wanted": wanted})
            read = row_reader(list(self._columns), list(self._columns.values()))
            yield from _fetched(cursor, read)

    def verdicts_of(self, things: Sequence[tuple[str, Mapping[str, Value]]]) -> Sequence[str | None]:
        """Return ``_verdict`` of each thing, given by resource id and identity; None if it has no row."""
        known = self._verdicts_by_key({resource for resource, _ in things})
        return [known.get(_key(resource, identity)) for resource, identity in things]

    def _verdicts_by_key(self, resources: set[str]) -> Mapping[str, str]:
        names = ["resource_id", *self._compiled.check.identity]
        selected = ", ".join(_fetchable(name, self._columns[name]) for name in names)
        condition = "list_contains($ids, cast(resource_id as varchar))"
        sql = f"select _verdict, {selected} from {self._table} where {condition}"
        with broken_as_sentence(self._compiled, seconds=self._seconds):
            rows = self._connection.cursor().execute(sql, {"ids": sorted(resources)}).fetchall()
        return {
            _key(str(resource), dict(zip(names[1:], map(json_value, identity), strict=True))): verdict
            for verdict, resource, *identity in rows
        }


def _key(resource: str, identity: Mapping[str, Value]) -> str:
    return json.dumps([resource, identity], sort_keys=True)


def _fetched(cursor: duckdb.DuckDBPyConnection, read: RowReader) -> Iterator[dict[str, Value]]:
    while batch := cursor.fetchmany(_BATCH):
        yield from map(read, batch)


def _fetchable(name: str, kind: str) -> str:
    """Return a column as Python can fetch it: DuckDB needs another package for times with a zone."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({quoted(name)})) as {quoted(name)}"
    return quoted(name)


def _held_to_contract(
    connection: duckdb.DuckDBPyConnection, compiled: CompiledCheck, *, table: str, seconds: float
) -> JudgedCheck:
    columns = {str(row[0]): str(row[1]) for row in connection.execute(f"describe {table}").fetchall()}
    require_columns(compiled, columns)
    tally = f"select _verdict, count(*), count(*) filter (resource_id is null) from {table} group by 1"
    tallies = connection.execute(tally).fetchall()
    require_distinct(
        compiled,
        rows=sum(rows for _, rows, _ in tallies),
        things=_things(connection, compiled, table),
        nameless=sum(nameless for _, _, nameless in tallies),
    )
    counts = _counts(compiled, {verdict: rows for verdict, rows, _ in tallies})
    return JudgedCheck(connection, compiled, table=table, columns=columns, counts=counts, seconds=seconds)


def require_columns(compiled: CompiledCheck, columns: Collection[str]) -> None:
    """Refuse rows that lack a column which findings are made of."""
    needed = ["resource_id", "resource_name", "_verdict", "_severity", *compiled.check.identity]
    missing = [name for name in [*needed, *compiled.check.evidence] if name not in columns]
    if missing:
        raise CheckBroken(f"check {compiled.check.id}: its rows have no column {', '.join(missing)}")


def require_distinct(compiled: CompiledCheck, *, rows: int, things: int, nameless: int) -> None:
    """Refuse rows without a resource, and two rows for one thing: one verdict could hide the other."""
    if nameless:
        raise CheckBroken(f"check {compiled.check.id}: {nameless} of its rows have no resource_id")
    if things != rows:
        raise CheckBroken(
            f"check {compiled.check.id}: {rows - things} of its rows judge a thing a second time; "
            f"{' and '.join(['resource_id', *compiled.check.identity])} must be different in every row"
        )


def _things(connection: duckdb.DuckDBPyConnection, compiled: CompiledCheck, table: str) -> int:
    """Return how many things the rows are about."""
    key = ", ".join(quoted(name) for name in ("resource_id", *compiled.check.identity))
    found = connection.execute(f"select count(*) from (select distinct {key} from {table})").fetchall()
    return int(found[0][0])


def _counts(compiled: CompiledCheck, found: Mapping[str, int]) -> VerdictCounts:
    strange = found.keys() - {*Verdict, "not_applicable"}
    if strange:
        raise CheckBroken(f"check {compiled.check.id}: {sorted(map(str, strange))[0]} is not a verdict")
    return VerdictCounts(
        passed=found.get("pass", 0),
        failed=found.get("fail", 0),
        unknown=found.get("unknown", 0),
        not_applicable=found.get("not_applicable", 0),
    )


@contextmanager
def broken_as_sentence(compiled: CompiledCheck, *, seconds: float) -> Iterator[None]:
    """Turn DuckDB's failures into sentences about the check."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise CheckBroken(f"check {compiled.check.id}: it was stopped after {seconds:g} seconds") from error
    except duckdb.OutOfMemoryException as error:
        raise CheckBroken(f"check {compiled.check.id}: it needs more memory than it may use") from error
    except (duckdb.Error, NotOneSelect, TypeError) as error:
        raise CheckBroken(f"check {compiled.check.id}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """Return what happened, without DuckDB's advice and pictures; it may quote a value from a directory."""
    return printable(str(error).strip().split("\n", 1)[0], longest=_LONGEST_SENTENCE)
