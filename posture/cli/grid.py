"""Rows as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from posture.domain.judgement import Value
from posture.domain.printable import printable
from posture.report.rows import shown

_A_WORD: Final = 17


def print_grid(
    console: Console, columns: Sequence[str], rows: Iterable[Sequence[Value]], *, longest_cell: int = 60
) -> int:
    """Print the rows under their column names, every cell on one line and harmless; return how many there were."""
    cells = [[printable(shown(value), longest=longest_cell) for value in row] for row in rows]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for position, column in enumerate(columns):
        # The first column names the row: it is what people copy, so it stays whole; so do words and numbers.
        widest = max((len(row[position]) for row in cells), default=0)
        table.add_column(printable(column), overflow="fold", no_wrap=position == 0 or widest <= _A_WORD)
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)
    return len(cells)
