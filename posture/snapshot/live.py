"""Rows of single resources, read live or made up: typed as a published snapshot would, and open for questions."""

# Names in our SQL come from the dictionary and are quoted.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

import duckdb

from posture.definitions.compiled import CompiledCheck
from posture.domain.check import ParameterValue
from posture.domain.judgement import Value
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.printable import printable
from posture.domain.reading import Page
from posture.errors import ActionBroken, LiveDataUnfit, SnapshotError
from posture.snapshot.bench import Rows, RowsRefused, TableBench
from posture.snapshot.column_sql import literal
from posture.snapshot.condition import NotOneExpression, rows_of, truth_of
from posture.snapshot.connection import Limits, connect
from posture.snapshot.statement import NotOneSelect
from posture.snapshot.values import row_reader
from posture.snapshot.writer import Items, ParquetWriter
from posture.tables.table import Table, WantedTable

Parameters = Mapping[str, ParameterValue | datetime | None]

_LIMITS: Final = Limits(memory="256MB", spill="0MB", threads=1)
_LONGEST_SENTENCE: Final = 1000
_ANY_TIME: Final = datetime.fromtimestamp(0, UTC)


class LiveDesk:
    """All tables of a dictionary, for the rows of one resource at a time. A statement may run for ``seconds``."""

    def __init__(self, dictionary: Sequence[Table], *, seconds: float = 10.0) -> None:
        self._bench = TableBench(dictionary, past="before", seconds=seconds)
        self._typer = _Typer()
        self._seconds = seconds
        self._open: OpenRows | None = None

    def typed_rows(self, wanted: WantedTable, pages: Sequence[Page]) -> Sequence[Mapping[str, Value]]:
        """Return the rows that Graph's items make, as JSON values; of those with one key the last.

        They go the way of a scan's items, through a private file that is gone afterwards: a value means the same
        live as it did in the snapshot.

        Raises:
            LiveDataUnfit: an item does not fit its columns, or lacks its key.
        """
        items = b"".join(page.items for page in pages)
        if not items:
            return []
        try:
            with TemporaryDirectory(prefix="posture-live-") as place:
                return self._typer.rows_of(wanted, items, directory=Path(place))
        except (OSError, SnapshotError, duckdb.Error) as error:
            why = f"what Graph sent cannot be laid out in {gettempdir()}: {_told(error.__cause__ or error)}"
            raise LiveDataUnfit(f"{wanted.table.name}: {why}. Make room there, or give write access") from error

    def open_rows(
        self,
        rows_by_table: Mapping[str, Rows],
        *,
        now: datetime,
        before: Mapping[str, Rows] | None = None,
        answers: Rows = (),
    ) -> OpenRows:
        """Lay out rows and return them open for questions, until the next ones are laid out.

        A source table that is not named is empty; a derived one that is not named is derived. ``before`` fills the
        schema ``before`` in the same way. The table ``answers`` has ``step_id``, ``id`` and whatever else the answers
        have, all texts: asking for a property that no answer has is an error. Only what differs from what was laid
        out last is written.

        Raises:
            LiveDataUnfit: a table or column does not exist, or a value does not fit its column.
        """
        self._open = None
        columns = tuple({"step_id": None, "id": None} | {name: None for answer in answers for name in answer})
        try:
            self._bench.load(rows_by_table, now=now, previous=before)
            texts = [tuple(_text(answer.get(name)) for name in columns) for answer in answers]
            self._bench.load_texts("answers", columns, texts)
        except (RowsRefused, UnicodeError) as error:
            raise LiveDataUnfit(_told(error)) from error
        self._open = OpenRows(self, self._bench, seconds=self._seconds)
        return self._open

    def is_open(self, rows: OpenRows) -> bool:
        """Say whether these are the rows that are laid out."""
        return self._open is rows

    def close(self) -> None:
        """Give back the memory."""
        self._open = None
        self._bench.close()
        self._typer.close()


class OpenRows:
    """The rows laid out on a desk. Once others are laid out, every question is refused."""

    def __init__(self, desk: LiveDesk, bench: TableBench, *, seconds: float) -> None:
        self._desk = desk
        self._bench = bench
        self._seconds = seconds
        self._row_counts: dict[tuple[str, object], Value] = {}

    def judge(self, compiled: CompiledCheck) -> Sequence[Mapping[str, Value]]:
        """Return every row of a check, with ``_verdict`` and ``_severity``.

        Raises:
            ActionBroken: other rows have been laid out.
            CheckBroken: the SQL failed, or its rows broke the contract of rows.
        """
        self._require_open()
        return self._bench.judge(compiled)

    def truth(self, condition: str, *, over: str, parameters: Parameters) -> bool:
        """Say whether a condition over the one row of the table ``over`` is TRUE; no row, or two, is not.

        With a parameter ``resource_id`` only the row with that id counts.

        Raises:
            ActionBroken: the SQL failed, is more than one expression, or says neither TRUE nor FALSE nor NULL.
        """
        wanted = rows_of(over, of_resource="resource_id" in parameters)
        with self._sentences(condition):
            _, rows = self._bench.ask(truth_of(condition, over=wanted), _values(parameters))
            truth = rows[0]["truth"] if len(rows) == 1 else None
            # A condition that counts over the table itself has a row of its own even where the table has none.
            is_of_one_row = truth is not True or self._row_count(wanted, parameters) == 1
        if truth is not None and not isinstance(truth, bool):
            raise ActionBroken(f"{_quoted(condition)} is neither TRUE nor FALSE")
        return truth is True and is_of_one_row

    def select(self, sql: str, *, parameters: Parameters) -> Sequence[Mapping[str, Value]]:
        """Return the rows of a SELECT as JSON values.

        Raises:
            ActionBroken: the SQL failed, is something else than one SELECT, or has two columns of one name.
        """
        with self._sentences(sql):
            names, rows = self._bench.ask(sql, _values(parameters))
        if len(set(names)) != len(names):
            raise ActionBroken(f"{_quoted(sql)} has two columns of one name")
        return rows

    def _row_count(self, wanted: str, parameters: Parameters) -> Value:
        key = (wanted, parameters.get("resource_id"))
        if key not in self._row_counts:
            _, rows = self._bench.ask(f"select count(*) as n from {wanted}", _values(parameters))
            self._row_counts[key] = rows[0]["n"]
        return self._row_counts[key]

    def _require_open(self) -> None:
        if not self._desk.is_open(self):
            raise ActionBroken("the rows read live have been put away: they must be read again")

    @contextmanager
    def _sentences(self, sql: str) -> Iterator[None]:
        """Turn DuckDB's failures into sentences about the action's SQL."""
        self._require_open()
        try:
            yield
        except duckdb.InterruptException as error:
            raise ActionBroken(f"{_quoted(sql)} was stopped after {self._seconds:g} seconds") from error
        except (duckdb.Error, NotOneExpression, NotOneSelect, TypeError, UnicodeError) as error:
            raise ActionBroken(f"{_quoted(sql)} cannot be evaluated: {_told(error)}") from error


class _Typer:
    """Makes rows of items as a scan does, over connections that are kept: opening one takes longer than the rest."""

    def __init__(self) -> None:
        self._writer = ParquetWriter(limits=_LIMITS, spill=Path(gettempdir()))
        self._reader = connect(_LIMITS, spill=Path(gettempdir()))

    def close(self) -> None:
        self._writer.close()
        self._reader.close()

    def rows_of(self, wanted: WantedTable, items: bytes, *, directory: Path) -> Sequence[Mapping[str, Value]]:
        source, target = directory / "items.ndjson", directory / "rows.parquet"
        source.write_bytes(items)
        read = _read(wanted.table.name)
        outcome = self._writer.write(wanted, read, items=Items(path=source, largest=len(items)), target=target)
        if outcome.outcome is not Outcome.COMPLETE:
            raise LiveDataUnfit(f"{wanted.table.name}: {outcome.reason}")
        return self._rows_in(target)

    def _rows_in(self, file: Path) -> Sequence[Mapping[str, Value]]:
        found = self._reader.execute(f"from read_parquet({literal(str(file))})").fetchall()
        described = self._reader.description
        read = row_reader([str(column[0]) for column in described], [str(column[1]) for column in described])
        return [read(row) for row in found]


def _read(table: str) -> TableOutcome:
    return TableOutcome(
        table=table,
        outcome=Outcome.COMPLETE,
        rows=0,
        requests=0,
        seconds=0.0,
        as_of=_ANY_TIME,
        reason=None,
        missing=None,
    )


def _values(parameters: Parameters) -> Mapping[str, object]:
    """Return parameters as DuckDB takes them; times become TIMESTAMP in UTC."""
    return {name: _value(value) for name, value in parameters.items()}


def _value(value: ParameterValue | datetime | None) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return list(value) if isinstance(value, tuple) else value


def _text(value: Value) -> str | None:
    """Return a property of an answer as text: what is no text, as its JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value, sort_keys=True)


def _quoted(sql: str) -> str:
    return f'"{printable(" ".join(sql.split()))}"'


def _told(error: BaseException) -> str:
    """Return what happened, without DuckDB's advice and pictures; it may quote a value from a directory."""
    return printable(str(error).strip().split("\n", 1)[0], longest=_LONGEST_SENTENCE)
