"""Tables as files."""

from __future__ import annotations

import asyncio
import csv
import gc
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from starlette.responses import StreamingResponse

from posture.domain.judgement import Value
from posture.web.pages.exports import FileKind, Table, streamed_file, table_file

TABLE = Table(name="things", columns=("name", "count"))


def text_of(response: StreamingResponse) -> str:
    async def read() -> str:
        return "".join([str(piece) async for piece in response.body_iterator])

    return asyncio.run(read())


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_calculate_is_text(start: str) -> None:
    hostile = f'{start}HYPERLINK("https://evil.example.com")'

    text = text_of(table_file(TABLE, [(hostile, 1)], FileKind.CSV))

    assert list(csv.reader(io.StringIO(text, newline="")))[1] == [f"'{hostile}", "1"]


def test_json_keeps_values_as_they_are() -> None:
    rows: list[Sequence[Value]] = [("=1\u202e\x1b[31m", 1), (None, 2)]

    text = text_of(table_file(TABLE, rows, FileKind.JSON))

    assert json.loads(text) == [{"name": "=1\u202e\x1b[31m", "count": 1}, {"name": None, "count": 2}]
    assert text.isascii()


@pytest.mark.parametrize("kind", list(FileKind))
def test_an_empty_table_is_a_whole_file(kind: FileKind) -> None:
    text = text_of(table_file(TABLE, [], kind))

    assert text.split() == (["name,count"] if kind is FileKind.CSV else ["[", "]"])


def test_rows_are_taken_while_they_are_sent() -> None:
    taken: list[int] = []
    response = table_file(TABLE, (_noted(number, taken) for number in range(1000)), FileKind.CSV)
    assert taken == []

    asyncio.run(_first_piece(response))

    assert 0 < len(taken) < 1000


@pytest.mark.parametrize("is_read_to_its_end", [True, False])
def test_what_was_opened_is_closed_when_nobody_reads_on(is_read_to_its_end: bool) -> None:
    closed = []

    @contextmanager
    def opened() -> Iterator[Iterator[Sequence[Value]]]:
        try:
            yield (_noted(number, []) for number in range(1000))
        finally:
            closed.append(True)

    response = streamed_file(TABLE, opened(), FileKind.CSV)
    if is_read_to_its_end:
        text_of(response)
    else:
        asyncio.run(_first_piece(response))
        del response
        gc.collect()

    assert closed


def _noted(number: int, taken: list[int]) -> Sequence[Value]:
    taken.append(number)
    return ("x" * 1000, number)


async def _first_piece(response: StreamingResponse) -> None:
    await anext(aiter(response.body_iterator))


def test_what_cannot_be_opened_is_refused_before_the_answer_begins() -> None:
    @contextmanager
    def opened() -> Iterator[Iterator[Sequence[Value]]]:
        raise LookupError("no such table")
        yield

    with pytest.raises(LookupError):
        streamed_file(TABLE, opened(), FileKind.JSON)


def test_a_name_that_somebody_chose_cannot_break_the_header() -> None:
    response = table_file(Table(name='a"\r\nSet-Cookie: x=y; ä', columns=("a",)), [], FileKind.CSV)

    assert response.headers["content-disposition"] == 'attachment; filename="posture-aSet-Cookiexy.csv"'
