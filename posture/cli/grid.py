"""Rows as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from posture.domain.judgement import Value
from posture.domain.printable import printable
from posture.report.rows import shown

_A_WORD: Final = 17
_LONG_WORD: Final = 30
_GAP: Final = 2
_INDENT: Final = 4


@dataclass(frozen=True, kw_only=True)
class _Column:
    """How wide a column wants to be, and how narrow it can be without breaking words that people read, in cells."""

    heading: str
    least: int
    widest: int


def print_grid(
    console: Console, columns: Sequence[str], rows: Iterable[Sequence[Value]], *, longest_cell: int = 60
) -> int:
    """Print the rows under their column names, every cell harmless; return how many there were.

    Where the columns do not fit side by side, each row is printed as a block of its own.
    """
    cells = [[printable(shown(value), longest=longest_cell) for value in row] for row in rows]
    measured = [
        _measured(position, printable(column), [row[position] for row in cells])
        for position, column in enumerate(columns)
    ]
    spare = console.width - sum(column.least for column in measured) - _GAP * (len(measured) - 1)
    if spare < 0:
        _print_blocks(console, [column.heading for column in measured], cells)
    else:
        console.print(_table(measured, cells, spare=spare))
    return len(cells)


def print_facts(console: Console, facts: Iterable[tuple[str, str]]) -> None:
    """Print each fact after its label. Long words are broken, never cut: digests and paths stay whole."""
    lines = Table.grid(padding=(0, _GAP, 0, 0))
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold")
    for label, text in facts:
        lines.add_row(Text(label, style="dim"), Text(text))
    console.print(lines)


def _measured(position: int, heading: str, cells: Sequence[str]) -> _Column:
    # The first column names the row: it is what people copy, so it stays whole; so do words and numbers.
    widest = max(map(cell_len, [heading, *cells]))
    if position == 0 or widest <= _A_WORD:
        return _Column(heading=heading, least=widest, widest=widest)
    longest_word = max((cell_len(word) for text in [heading, *cells] for word in text.split()), default=1)
    # Ids, paths and hashes may be broken: nobody reads them word by word.
    return _Column(heading=heading, least=min(longest_word, _LONG_WORD), widest=widest)


def _table(columns: Sequence[_Column], cells: Sequence[Sequence[str]], *, spare: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    wanted = sum(column.widest - column.least for column in columns)
    share = min(1.0, spare / wanted) if wanted else 0.0
    for column in columns:
        width = column.least + int((column.widest - column.least) * share)
        table.add_column(column.heading, overflow="fold", width=max(width, 1))
    for row in cells:
        table.add_row(*map(Text, row))
    return table


def _print_blocks(console: Console, headings: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print each row as its first cell, and below it the others that are not empty, each after its column's name."""
    console.print(Text(headings[0], style="bold"))
    for first, *others in cells:
        console.print(Text(first), soft_wrap=True)
        named = zip(headings[1:], others, strict=True)
        line = "; ".join(f"{heading}: {cell}" for heading, cell in named if cell)
        if line:
            console.print(Padding(Text(line, style="dim", overflow="fold"), (0, 0, 0, _INDENT)))
