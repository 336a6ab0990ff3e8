"""``posture plans execute``: carry out an approved plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.text import Text

from posture.cli.console import ExitCode, Format, err, out
from posture.cli.next_step import called, short
from posture.cli.options import ConfigOption, FormatOption, PlanArgument
from posture.cli.show_plan import action_of, show_next
from posture.cli.tell import NoNotifyOption, tell
from posture.domain.plan import Plan, PlanState, TargetState
from posture.domain.printable import printable
from posture.usecases.acting_events import (
    ExecutionEnded,
    ExecutionEvent,
    ExecutionStarted,
    RequestEnded,
    ShownOnce,
    TargetEnded,
)

if TYPE_CHECKING:
    from posture.domain.journal import JournalEntry
    from posture.report.plan_json import Revealed


def register(app: typer.Typer) -> None:
    app.command("execute")(execute)


def execute(
    plan: PlanArgument,
    no_notify: NoNotifyOption = False,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Carry out an approved plan. If it is interrupted, the same command goes on where it stopped.

    Codes and new passwords are written to standard output, once; nobody can show them again.
    Exit codes: 0 every target is as wished; 3 some are not, or it is not known; 1 none is, or a gate is closed;
    4 there is no token or no answer.
    """
    from posture.bootstrap import load_application
    from posture.cli.execution_progress import ExecutionProgress
    from posture.cli.operator_token import signed_in

    application = load_application(config)
    acting = application.acting
    operator = signed_in(acting)
    shown = acting.plan(plan)
    result = ExecutionResult(shown)
    with result.shown_in_any_case(format), ExecutionProgress(err()) as progress:
        for event in acting.execute(operator, shown):
            result.take(event)
            progress.show(event)
            if isinstance(event, ShownOnce) and format is Format.TABLE:
                with progress.paused():
                    result.write_revealed()
    journal = acting.journal(result.plan)
    result.write(format, journal=journal)
    if format is Format.TABLE:
        show_next(result.plan, action_of(application, result.plan), journal, config)
    tell(application, no_notify=no_notify)
    raise typer.Exit(exit_code(result.plan))


def exit_code(plan: Plan) -> int:
    """Return the exit code of an executed plan."""
    if plan.state is PlanState.DONE:
        return ExitCode.DONE
    is_open = any(target.state is TargetState.UNVERIFIED for target in plan.targets)
    return ExitCode.FAILING if plan.state is PlanState.FAILED and not is_open else ExitCode.INCOMPLETE


class ExecutionResult:
    """What is known of a plan while it is executed, and what it revealed."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.revealed: list[Revealed] = []
        self.journal: list[JournalEntry] = []
        self._written = 0

    def take(self, event: ExecutionEvent) -> None:
        """Take one event."""
        from posture.report.plan_json import Revealed

        match event:
            case ExecutionStarted() | ExecutionEnded():
                self.plan = event.plan
            case RequestEnded():
                self.journal.append(event.entry)
            case ShownOnce():
                self.revealed += [
                    Revealed(target=event.target, name=name, value=value) for name, value in event.values.items()
                ]
            case TargetEnded():
                ended = event.target
                others = (ended if target.number == ended.number else target for target in self.plan.targets)
                self.plan = replace(self.plan, targets=tuple(others))

    @contextmanager
    def shown_in_any_case(self, format: Format) -> Iterator[None]:
        """Write what was revealed even if the rest goes wrong: it exists nowhere else."""
        try:
            yield
        except BaseException:
            if self.revealed:
                self.write(format, journal=self.journal)
            raise

    def write_revealed(self) -> None:
        """Write what was revealed since the last time, for people. It is not put off to the end: who kills this
        process, or the power that fails, must not take codes along that nobody has seen."""
        _print_revealed(out(), self.revealed[self._written :])
        self._written = len(self.revealed)

    def write(self, format: Format, *, journal: Sequence[JournalEntry]) -> None:
        """Write the plan as it is known, and what it revealed."""
        from posture.report.plan_json import plan_document

        if format is Format.TABLE:
            self.write_revealed()
            _print_result(out(), self.plan)
            return
        typer.echo(plan_document(self.plan, journal=journal, revealed=self.revealed), nl=False)


def _print_result(console: Console, plan: Plan) -> None:
    from posture.cli.plan_view import STATE_STYLES, print_targets, words

    title = Text(f"Plan {short(plan.id)}: {called(plan)} in {printable(plan.tenant_name)}  ", style="bold")
    console.print(title.append(words(plan.state), style=STATE_STYLES.get(plan.state, "default")))
    print_targets(console, plan)


def _print_revealed(console: Console, revealed: Sequence[Revealed]) -> None:
    """Print codes and passwords, each on a line of its own, as they are: they have to be copied."""
    from posture.cli.plan_view import target_name

    if not revealed:
        return
    console.print(Text("Shown once, kept nowhere", style="bold"))
    for each in revealed:
        console.print(f"  {target_name(each.target)}, {each.name}:")
        console.print(f"    {printable(each.value)}\n", soft_wrap=True)
