"""Tables for people: nothing that they copy is cut, however narrow the terminal is."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from posture.cli.grid import print_grid
from posture.domain.judgement import Value

COLUMNS = ["plan", "state", "action", "tenant", "proposed by", "at (UTC)"]
ROWS: list[list[Value]] = [
    ["4c40b67f", "proposed", "undo issue-temporary-access-pass", "contoso", "ada", "2026-03-01 15:19"],
    ["c9dfb4d0", "partly done", "remove-service-principal-role-assignment", "contoso", "bob", "2026-03-01 15:18"],
]


def grid(columns: list[str], rows: list[list[Value]], *, width: int) -> list[str]:
    out = io.StringIO()
    count = print_grid(Console(file=out, width=width, highlight=False, markup=False), columns, rows)
    assert count == len(rows)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_what_fits_stands_side_by_side() -> None:
    lines = grid(COLUMNS, ROWS, width=120)

    assert lines[0].split() == ["plan", "state", "action", "tenant", "proposed", "by", "at", "(UTC)"]
    assert lines[1].startswith("4c40b67f  proposed     undo issue-temporary-access-pass")


def test_what_does_not_fit_becomes_blocks_that_leave_nothing_out() -> None:
    lines = grid(COLUMNS, ROWS, width=60)

    assert lines[:2] == ["plan", "4c40b67f"]
    text = " ".join(line.strip() for line in lines)
    for word in ("state: proposed", "action: undo issue-temporary-access-pass", "at (UTC): 2026-03-01 15:19"):
        assert word in text


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 250])
def test_no_width_cuts_an_id_or_a_state_or_drops_a_column(width: int) -> None:
    lines = grid(COLUMNS, ROWS, width=width)

    assert all(cell_len(line) <= width for line in lines)
    for whole in ("4c40b67f", "c9dfb4d0", "proposed", "contoso", "ada"):
        assert any(whole in line for line in lines)


def test_long_text_gives_way_before_a_name_does() -> None:
    lines = grid(["check", "what is wrong"], [["mfa-gaps", "Enabled member has no second factor"]], width=30)

    assert lines[1] == "mfa-gaps  Enabled member has"
    assert lines[2].strip() == "no second factor"


def test_wide_letters_are_measured_as_a_terminal_shows_them() -> None:
    lines = grid(["user", "state"], [["田中太郎", "open"], ["ada", "open"]], width=80)

    assert lines[1] == "田中太郎  open"
    assert lines[2] == "ada       open"


def test_an_empty_cell_is_not_named_in_a_block() -> None:
    lines = grid(["id", "note", "state"], [["x" * 40, None, "open"]], width=42)

    assert lines == ["id", "x" * 40, "    state: open"]


def test_no_rows_still_show_the_columns() -> None:
    assert grid(["id", "state"], [], width=80) == ["id  state"]
