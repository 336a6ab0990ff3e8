"""Rows as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from posture.domain.judgement import Value
from posture.domain.printable import printable
from posture.report.rows import shown


def print_grid(
    console: Console, columns: Sequence[str], rows: Iterable[Sequence[Value]], *, longest_cell: int = 60
) -> int:
    """Print the rows under their column names, every cell on one line and harmless; return how many there were."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for position, column in enumerate(columns):
        # The first column names the row: it is what people copy, so it stays whole.
        table.add_column(printable(column), overflow="fold", no_wrap=position == 0)
    count = 0
    for row in rows:
        table.add_row(*[Text(printable(shown(value), longest=longest_cell)) for value in row])
        count += 1
    console.print(table)
    return count
