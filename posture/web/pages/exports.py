"""Tables as files: CSV that no spreadsheet takes for formulas, and JSON, both streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from starlette.responses import StreamingResponse

from posture.domain.judgement import Value
from posture.report.rows import csv_lines, json_lines
from posture.report.scan_json import json_time

_PIECE_CHARACTERS: Final = 1 << 15


class FileKind(StrEnum):
    """The endings of a table's address: ``/findings.csv``, ``/findings.json``."""

    CSV = "csv"
    JSON = "json"


_Write = Callable[[Sequence[str], Iterable[Sequence[Value]]], Iterator[str]]
_WRITERS: Final[Mapping[FileKind, tuple[_Write, str]]] = {
    FileKind.CSV: (csv_lines, "text/csv; charset=utf-8; header=present"),
    FileKind.JSON: (json_lines, "application/json"),
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """What is exported. ``name`` becomes the file's: letters, digits, ``-`` and ``_`` of it."""

    name: str
    columns: tuple[str, ...]


def table_file(table: Table, rows: Iterable[Sequence[Value]], kind: FileKind) -> StreamingResponse:
    """Return a table as a file to keep. Rows are taken while they are sent."""
    return streamed_file(table, nullcontext(iter(rows)), kind)


def streamed_file(
    table: Table, opened: AbstractContextManager[Iterator[Sequence[Value]]], kind: FileKind
) -> StreamingResponse:
    """Return rows as a file that has to be closed when the last one was sent, or when nobody waits any more.

    It is opened before the answer begins, so that what cannot be asked for is refused in the usual way.
    """
    with ExitStack() as stack:
        rows = stack.enter_context(opened)
        to_close = stack.pop_all()
    write, media_type = _WRITERS[kind]
    name = "".join(letter for letter in table.name if letter.isascii() and (letter.isalnum() or letter in "-_"))
    return StreamingResponse(
        _pieces(write(table.columns, rows), to_close),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="posture-{name}.{kind}"'},
    )


def time_cell(moment: datetime | None) -> str | None:
    """Return a time as a file has it, in UTC; None if there is none."""
    return None if moment is None else json_time(moment)


def _pieces(lines: Iterator[str], to_close: ExitStack) -> Iterator[str]:
    """Put lines together: a piece for each would cost a turn of the server's loop."""
    with to_close:
        piece: list[str] = []
        length = 0
        for line in lines:
            piece.append(line)
            length += len(line)
            if length >= _PIECE_CHARACTERS:
                yield "".join(piece)
                piece, length = [], 0
        yield "".join(piece)
