"""The live progress of a scan: one line a table on a terminal, one line an event elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from posture.domain.counted import counted
from posture.domain.outcome import Outcome, TableOutcome
from posture.usecases.events import PageKept, ScanEvent, ScanStarted, TableDone, TableRestarted

_MARKS = {
    Outcome.COMPLETE: ("✓", "green"),
    Outcome.NOT_LICENSED: ("–", "yellow"),
    Outcome.NOT_IN_THIS_CLOUD: ("–", "yellow"),
    Outcome.FORBIDDEN: ("✗", "red"),
    Outcome.PARTIAL: ("✗", "red"),
    Outcome.FAILED: ("✗", "red"),
}


class ScanProgress:
    """Shows the events of one scan. On a terminal the lines are drawn over; elsewhere only ends are told."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[str, tuple[int, int]] = {}
        self._done: dict[str, TableOutcome] = {}
        self._live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, event: ScanEvent) -> None:
        """Take one event; events that progress does not speak of are ignored."""
        match event:
            case ScanStarted():
                self._rows = {wanted.table.name: (0, 0) for wanted in event.wanted}
                for place in event.set_aside:
                    self._warn(f"the manifest of an earlier snapshot is damaged; it was set aside: {place}")
                self._say(_started(event))
            case PageKept():
                self._rows[event.table] = (event.rows, event.requests)
            case TableRestarted():
                self._say(f"  {event.table}: read again from the start ({event.reason})")
            case TableDone():
                self._done[event.outcome.table] = event.outcome
                self._say(_ended(event))
            case _:
                return
        if self._live is not None:
            self._live.update(self._drawing())

    def _warn(self, sentence: str) -> None:
        """Write a line that stays, on a terminal as well."""
        self._console.print(Text(f"warning: {sentence}", style="yellow"), soft_wrap=True)

    def _say(self, line: str) -> None:
        if self._live is None:
            self._console.print(line)

    def _drawing(self) -> Table:
        drawing = Table.grid(padding=(0, 2))
        for name, (rows, requests) in self._rows.items():
            drawing.add_row(*self._line(name, rows, requests))
        return drawing

    def _line(self, name: str, rows: int, requests: int) -> tuple[Text, Text, Text, Text]:
        outcome = self._done.get(name)
        if outcome is None:
            return Text("…", style="dim"), Text(name), Text(f"{rows:,}", justify="right"), _requests(requests)
        mark, style = _MARKS[outcome.outcome]
        return (
            Text(mark, style=style),
            Text(name),
            Text(f"{outcome.rows:,}", justify="right"),
            _requests(outcome.requests, outcome.reason),
        )


def _requests(requests: int, reason: str | None = None) -> Text:
    text = counted(requests, "request") if reason is None else reason
    return Text(text, style="dim", overflow="ellipsis", no_wrap=True)


def _started(event: ScanStarted) -> str:
    resumed = f", going on with {counted(len(event.resumed_tables), 'table')}" if event.resumed_tables else ""
    tables, checks = counted(len(event.wanted), "table"), counted(event.checks, "check")
    return f"{event.run.tenant_name}: reading {tables} for {checks}{resumed}"


def _ended(event: TableDone) -> str:
    outcome = event.outcome
    if outcome.outcome is Outcome.COMPLETE:
        return f"  {outcome.table}: {counted(outcome.rows, 'row')}, {counted(outcome.requests, 'request')}"
    return f"  {outcome.table}: {outcome.outcome.value.replace('_', ' ')}: {outcome.reason}"
