"""From the spool to typed Parquet files, one table at a time."""

# Names in our SQL come from the dictionary or from a check's own columns and are quoted, texts are literals.
# ruff: noqa: S608

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb

from posture.domain.outcome import Outcome, TableOutcome
from posture.errors import SnapshotError
from posture.snapshot.column_sql import fits, literal, place_of, quoted, read_items, typed_rows
from posture.snapshot.connection import Limits, connect
from posture.tables.table import Column, WantedTable

_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair of surrogates is whole
    rb"|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|[^u]|u)"
)

_MISFITS: Final = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException)


@dataclass(frozen=True, kw_only=True)
class Items:
    """The items of one table: newline-delimited JSON, none longer than ``largest`` bytes."""

    path: Path
    largest: int


class ParquetWriter:
    """Writes Parquet files over one DuckDB connection. A context manager."""

    def __init__(self, *, limits: Limits, spill: Path) -> None:
        self._connection = connect(limits, spill=spill)

    def __enter__(self) -> ParquetWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the memory."""
        self._connection.close()

    def write(self, wanted: WantedTable, outcome: TableOutcome, *, items: Items, target: Path) -> TableOutcome:
        """Write the items as typed rows and return the outcome with their number; failed if they do not fit.

        Raises:
            SnapshotError: the disk is full, or the file cannot be written.
        """
        try:
            rows = self._write_rows(wanted, items, target)
        except _MISFITS:
            return self._write_mended(wanted, outcome, items=items, target=target)
        except duckdb.Error as error:
            raise _not_written(target, error) from error
        return self._checked(wanted, replace(outcome, rows=rows), target)

    def _write_mended(
        self, wanted: WantedTable, outcome: TableOutcome, *, items: Items, target: Path
    ) -> TableOutcome:
        """Try again with text that DuckDB refuses made valid; what still does not fit is told by place, not value."""
        mended = Items(path=items.path.with_suffix(".mended"), largest=items.largest * 3)
        try:
            _mend(items.path, mended.path)
            rows = self._write_rows(wanted, mended, target)
        except _MISFITS:
            return _failed(outcome, self._misfit(wanted, mended))
        except duckdb.Error as error:
            raise _not_written(target, error) from error
        finally:
            mended.path.unlink(missing_ok=True)
        return self._checked(wanted, replace(outcome, rows=rows), target)

    def _write_rows(self, wanted: WantedTable, items: Items, target: Path) -> int:
        return self._copy(typed_rows(wanted.columns, items=_read(wanted.columns, items)), target)

    def _copy(self, rows: str, target: Path) -> int:
        statement = f"copy ({rows}) to {literal(str(target))} (format parquet)"
        return int(self._number(statement))

    def _number(self, statement: str) -> int:
        return self._numbers(statement)[0]

    def _numbers(self, statement: str) -> Sequence[int]:
        row = self._connection.execute(statement).fetchone() or (0,)
        return [int(number or 0) for number in row]

    def _checked(self, wanted: WantedTable, outcome: TableOutcome, target: Path) -> TableOutcome:
        """Keep one row for each key; a row without its key makes the table failed."""
        key = ", ".join(quoted(name) for name in wanted.table.key)
        if not key:
            return outcome
        source = f"read_parquet({literal(str(target))})"
        absent = " or ".join(f"{quoted(name)} is null" for name in wanted.table.key)
        keys = f"select {absent} as is_absent, count(*) as items from {source} group by {key}"
        without_key, different = self._numbers(f"select sum(items) filter (is_absent), count(*) from ({keys})")
        if without_key:
            return _failed(outcome, f"{without_key} of its items have no {' and '.join(wanted.table.key)}")
        if different == outcome.rows:
            return outcome
        return replace(outcome, rows=self._keep_last(source, key, target))

    def _keep_last(self, source: str, key: str, target: Path) -> int:
        """Rewrite a file so that of the rows with one key the last read is left."""
        single = target.with_suffix(".single")
        numbered = f"select *, row_number() over () as _place from {source}"
        last = f"qualify row_number() over (partition by {key} order by _place desc) = 1"
        try:
            rows = self._copy(f"select * exclude (_place) from ({numbered}) {last} order by _place", single)
        except duckdb.Error as error:
            raise _not_written(target, error) from error
        single.replace(target)
        return rows

    def _misfit(self, wanted: WantedTable, items: Items) -> str:
        """Return a sentence about the first value that does not fit its column: its place, never the value."""
        for column in wanted.columns:
            misfit = f"has a value in {column.field} that is not {column.type} (column {column.name})"
            try:
                place = self._first_misfit(column, items)
            except duckdb.Error as error:
                broken = re.search(r"Malformed JSON .* in line (\d+)", str(error))
                # DuckDB counts the line on which it noticed, which is the next; inside a value it counts wrongly.
                return f"item {int(broken[1]) - 1} is not valid JSON" if broken else f"an item {misfit}"
            if place is not None:
                return f"item {place} {misfit}"
        return "its items do not fit its columns"

    def _first_misfit(self, column: Column, items: Items) -> int | None:
        """Return the number of the first item, from 1, whose value does not fit; None if all do.

        Raises:
            duckdb.Error: the items cannot even be read.
        """
        numbered = f"select *, row_number() over () as _place from {_read([column], items)}"
        # The count makes DuckDB read the property also where it has nothing to compare.
        found = f"select min(_place) filter (not {fits(column)}), count({place_of(column)}) from ({numbered})"
        return self._number(found) or None


def _read(columns: Sequence[Column], items: Items) -> str:
    return read_items(columns, path=str(items.path), largest_item=items.largest)


def _failed(outcome: TableOutcome, reason: str) -> TableOutcome:
    return replace(outcome, outcome=Outcome.FAILED, rows=0, reason=f"Graph's answer is not as documented: {reason}")


def _not_written(target: Path, error: duckdb.Error) -> SnapshotError:
    return SnapshotError(
        f"{target} cannot be written: {error}. Make room or give write access there and scan again; "
        "what was published before is unchanged"
    )


def _mend(source: Path, target: Path) -> None:
    """Copy items with lone surrogates and bytes that are not UTF-8 replaced by U+FFFD, as browsers show them.

    JSON allows such escapes and directories contain them, cut in the middle of an emoji; DuckDB refuses the file.
    """
    with source.open("rb") as lines, target.open("wb") as mended:
        for line in lines:
            valid = line.decode("utf-8", errors="replace").encode()
            mended.write(_ESCAPE.sub(_whole_escape, valid))


def _whole_escape(found: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if found["lone"] else found[0]
