"""``posture actions``: the catalog of actions, tools for those who write one, and what people do with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from posture.cli import action_tools, propose
from posture.cli.console import Format, out
from posture.cli.options import ConfigOption, FormatOption

if TYPE_CHECKING:
    from posture.definitions.loaded_action import LoadedAction
    from posture.domain.action import Step
    from posture.domain.check import Parameter

actions_app = typer.Typer(help="What posture can change, after approval: propose it, stop it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(actions_app, name="actions")
    action_tools.register(actions_app)
    propose.register(actions_app)


@actions_app.command("list")
def list_actions(
    resource: Annotated[str | None, typer.Option(help="Only actions that change this kind of resource.")] = None,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List the actions: id, what is changed, risk, what it does."""
    from posture.bootstrap import catalog_of
    from posture.cli.grid import print_grid
    from posture.report.action_json import action_json

    chosen = [
        loaded for loaded in catalog_of(config).actions if resource is None or loaded.action.resource == resource
    ]
    if format is Format.JSON:
        typer.echo(json.dumps([action_json(loaded) for loaded in chosen], indent=2))
        return
    rows = [
        [action.id, action.resource, action.risk.value, "yes" if action.undo else "no", action.title]
        for action in (loaded.action for loaded in chosen)
    ]
    print_grid(out(), ["action", "changes", "risk", "undo", "what it does"], rows, longest_cell=80)


@actions_app.command("show")
def show_action(
    id: Annotated[str, typer.Argument(help="Id of an action.")],
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Show one action: effect, who must approve, what refuses it, what it sends, how it is taken back."""
    from posture.bootstrap import catalog_of
    from posture.report.action_json import action_json

    loaded = catalog_of(config).action(id)
    if format is Format.JSON:
        typer.echo(json.dumps(action_json(loaded), indent=2))
        return
    _print_action(out(), loaded)


def _print_action(console: Console, loaded: LoadedAction) -> None:
    from posture.cli.plan_view import length
    from posture.usecases.action_permissions import permissions_of

    action = loaded.action
    people = max(action.approval.people, action.risk.people)
    console.print(Text(f"{action.id}: {action.title}", style="bold"))
    console.print(f"{action.risk.value}, changes a {action.resource}", style="dim")
    console.print(" ".join(action.effect.split()))
    _print_list(
        console,
        "Approval and limits",
        [
            f"{people} {'person' if people == 1 else 'people'}, at least {action.approval.role.value}; "
            f"a yes counts for {length(action.approval.valid_for)}",
            f"at most {action.limits.per_run} targets at once, {action.limits.per_day} a day, "
            f"{action.limits.share:.1%} of all; ends after more than {action.limits.failures} failures",
        ],
    )
    _print_list(console, "Parameters", [_parameter(loaded, parameter) for parameter in action.parameters])
    _print_list(console, "Refused unless", [f"{guard.id}: otherwise {guard.refuse}" for guard in action.guards])
    _print_list(console, "Sends", [_request(step) for step in action.steps])
    if action.undo is None:
        _print_list(console, "Undo", [f"not possible: {' '.join((action.undo_impossible_because or '').split())}"])
    else:
        sent = [_request(step) for step in action.undo.steps]
        _print_list(console, f"Undo, within {length(action.undo.within)}, sends", sent)
    roles = [] if action.directory_role is None else [action.directory_role]
    _print_list(console, "Needs of the remediator", [*permissions_of(loaded), *roles])


def _print_list(console: Console, heading: str, items: list[str]) -> None:
    if items:
        console.print(Text(f"\n{heading}", style="bold"))
        console.print("\n".join(f"- {item}" for item in items))


def _parameter(loaded: LoadedAction, parameter: Parameter) -> str:
    unit = f" {parameter.unit}" if parameter.unit else ""
    default = "" if parameter.default is None else f" = {parameter.default}{unit}"
    filled = loaded.sources.get(parameter.name)
    origin = f"; a finding fills it with its {filled}" if filled else ""
    given = "" if parameter.default is not None or filled else "; has to be given"
    return f"{parameter.name}{default}{': ' if parameter.help else ''}{parameter.help}{origin}{given}"


def _request(step: Step) -> str:
    each = " for each that is there" if step.for_each else ""
    return f"{step.method} /{step.path.lstrip('/')}{each}"
