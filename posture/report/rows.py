"""Rows of a query written as JSON or CSV, in a stream."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from posture.domain.judgement import Value

# A spreadsheet takes a cell that begins so for a formula; a display name must not become one.
# Source: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_json(columns: Sequence[str], rows: Iterable[Sequence[Value]], out: IO[str]) -> None:
    """Write a JSON list with one object a row, one a line."""
    out.writelines(json_lines(columns, rows))


def json_lines(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[str]:
    """Yield what ``write_json`` writes, piece by piece."""
    yield "["
    for number, row in enumerate(rows):
        yield ",\n " if number else "\n "
        yield json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=True)
    yield "\n]\n"


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Value]], out: IO[str]) -> None:
    """Write CSV (RFC 4180) with a header. NULL is an empty cell; lists and objects are JSON in a cell."""
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[str]:
    """Yield what ``write_csv`` writes, line by line."""
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(columns)
    yield line.getvalue()
    for row in rows:
        line.seek(0)
        line.truncate()
        writer.writerow([_cell(value) for value in row])
        yield line.getvalue()


def _cell(value: Value) -> str | int | float | None:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=True)
    return value


def shown(value: Value) -> str:
    """Return a value as a person reads it in a table cell; the caller still makes it printable."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(str(item) for item in value)
    return json.dumps(value, ensure_ascii=False)
