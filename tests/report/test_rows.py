"""Rows of a query as JSON, CSV and a table: nothing is lost, and nothing in a cell can act."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from posture.cli.grid import print_grid
from posture.domain.judgement import Value
from posture.report.rows import shown, write_csv, write_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def as_csv(rows: Sequence[Sequence[Value]], columns: Sequence[str] = ("value",)) -> list[list[str]]:
    out = io.StringIO(newline="")
    write_csv(columns, rows, out)
    return list(csv.reader(io.StringIO(out.getvalue(), newline="")))


@given(st.lists(st.tuples(VALUES, VALUES), max_size=4))
def test_json_gives_back_every_value_in_plain_ascii(rows: list[tuple[Value, Value]]) -> None:
    out = io.StringIO()

    write_json(["a", "b"], rows, out)

    assert json.loads(out.getvalue()) == [{"a": a, "b": b} for a, b in rows]
    assert out.getvalue().isascii()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_compute_is_quoted_in_csv(start: str) -> None:
    assert as_csv([[f"{start}1+1"]]) == [["value"], [f"'{start}1+1"]]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("Adele, Vance", "Adele, Vance"),
        ('say "x"\nand y', 'say "x"\nand y'),
        (-5, "-5"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        (["a", None], '["a", null]'),
        ({"on": True}, '{"on": true}'),
    ],
)
def test_a_value_becomes_one_cell(value: Value, cell: str) -> None:
    assert as_csv([[value, "next"]], ["value", "other"]) == [["value", "other"], [cell, "next"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("Adele", "Adele"),
        (["a", "b"], "a, b"),
        ([1, "b"], '[1, "b"]'),
        ({"ü": None}, '{"ü": null}'),
        (True, "true"),
        (3, "3"),
    ],
)
def test_a_person_reads_values_without_quotes_where_that_is_clear(value: Value, text: str) -> None:
    assert shown(value) == text


def test_a_table_keeps_every_row_on_a_line_of_its_own_and_counts_them() -> None:
    out = io.StringIO()

    count = print_grid(Console(file=out, width=60), ["id", "na\nme"], [["u1", "a\x1b[31m\nb"], ["u2", "[bold]c"]])

    lines = out.getvalue().splitlines()
    assert count == 2
    assert len(lines) == 3
    assert "\x1b" not in out.getvalue()
    assert "[bold]c" in lines[2]
