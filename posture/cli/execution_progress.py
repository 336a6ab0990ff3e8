"""The live progress of a plan: a bar on a terminal, one line a target elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from posture.cli.next_step import called, short
from posture.cli.plan_view import length, target_name, words
from posture.domain.counted import counted
from posture.domain.journal import SendState
from posture.domain.plan import Plan, Target
from posture.domain.printable import printable
from posture.usecases.acting_events import (
    ExecutionEvent,
    ExecutionStarted,
    RequestEnded,
    TargetEnded,
    TargetStarted,
    Verifying,
)


class ExecutionProgress:
    """Shows the events of one execution. Nothing that is revealed goes this way."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._targets = 0
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        if console.is_terminal:
            columns = (BarColumn(bar_width=30), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
            self._bar = Progress(*columns, console=console, transient=True)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bar away, and with it its hold on standard output, while something else is written."""
        if self._bar is None:
            yield
            return
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()

    def show(self, event: ExecutionEvent) -> None:
        """Take one event."""
        match event:
            case ExecutionStarted():
                self._start(event.plan, is_resumed=event.is_resumed)
            case TargetStarted():
                self._describe(target_name(event.target))
            case RequestEnded():
                self._describe(f"{target_name(event.target)}: {event.entry.step}: {_answer(event)}")
            case Verifying():
                self._describe(f"{target_name(event.target)}: not to be seen yet, looking again in {_pause(event)}")
            case TargetEnded():
                self._end(event.target)
            case _:
                return

    def _start(self, plan: Plan, *, is_resumed: bool) -> None:
        self._targets = len(plan.targets)
        again = ", going on where it stopped" if is_resumed else ""
        size = counted(self._targets, "target")
        self._console.print(f"{printable(plan.tenant_name)}: plan {short(plan.id)}, {called(plan)}, {size}{again}")
        if self._bar is not None:
            self._task = self._bar.add_task("", total=self._targets)

    def _describe(self, text: str) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=text)

    def _end(self, target: Target) -> None:
        because = f": {printable(target.because, longest=400)}" if target.because else ""
        line = f"  {target.number}/{self._targets} {target_name(target)}: {words(target.state)}{because}"
        self._console.print(line)
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task)


def _answer(event: RequestEnded) -> str:
    return str(event.entry.status) if event.entry.state is SendState.ANSWERED else "no answer"


def _pause(event: Verifying) -> str:
    return length(event.pause)
