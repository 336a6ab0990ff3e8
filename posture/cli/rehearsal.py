"""``posture plans dry-run``: every request that a plan would send now, and not one of them sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.text import Text

from posture.cli.console import ExitCode, Format, err, out
from posture.cli.next_step import command_after, print_next
from posture.cli.options import ConfigOption, FormatOption, PlanArgument
from posture.domain.printable import printable

if TYPE_CHECKING:
    from posture.domain.plan import Plan
    from posture.usecases.rehearse import Rehearsed

_LONG = 2000


def register(app: typer.Typer) -> None:
    app.command("dry-run")(dry_run)


def dry_run(plan: PlanArgument, format: FormatOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Show every request that executing a plan would send now, or why it would not. Nothing is sent or recorded.

    Exit codes: 0 every target would be changed or is as wished; 3 some would be refused; 1 all would.
    """
    from posture.bootstrap import load_application

    application = load_application(config)
    shown = application.acting.plan(plan)
    with err().status(f"{shown.tenant_name}: reading what is true now"):
        rehearsed = list(application.acting.rehearse(shown))
    if format is Format.JSON:
        typer.echo(json.dumps(_document(shown, rehearsed), indent=2))
    else:
        for each in rehearsed:
            _print_target(out(), each)
        command = command_after(shown)
        if command is not None:
            print_next(out(), command, config)
    raise typer.Exit(_exit_code(rehearsed))


def _exit_code(rehearsed: Sequence[Rehearsed]) -> int:
    refused = sum(each.refused is not None for each in rehearsed)
    if not refused:
        return ExitCode.DONE
    return ExitCode.FAILING if refused == len(rehearsed) else ExitCode.INCOMPLETE


def _print_target(console: Console, rehearsed: Rehearsed) -> None:
    from posture.cli.plan_view import target_name

    console.print(Text(f"{rehearsed.target.number}. {target_name(rehearsed.target)}", style="bold"))
    if rehearsed.refused is not None:
        console.print(Text(f"   would be refused: {printable(rehearsed.refused, longest=_LONG)}", style="yellow"))
    elif rehearsed.is_done_already:
        console.print(Text("   nothing to do: it is as wished already", style="green"))
    elif not rehearsed.requests:
        console.print(Text("   nothing would be sent", style="yellow"))
    for request in rehearsed.requests:
        console.print(Text(f"   {request.method} {printable(request.path, longest=_LONG)}"), soft_wrap=True)
        if request.body is not None:
            body = json.dumps(request.body, ensure_ascii=True)
            console.print(Text(f"      {body}", style="dim"), soft_wrap=True)


def _document(plan: Plan, rehearsed: Sequence[Rehearsed]) -> dict[str, object]:
    from posture.report.plan_json import target_json

    return {
        "plan": plan.id,
        "digest": plan.digest,
        "targets": [
            {
                **target_json(each.target),
                "refused": each.refused,
                "already_done": each.is_done_already,
                "requests": [
                    {
                        "step": request.step,
                        "method": request.method,
                        "path": request.path,
                        "body": None if request.body is None else dict(request.body),
                    }
                    for request in each.requests
                ],
            }
            for each in rehearsed
        ],
    }
