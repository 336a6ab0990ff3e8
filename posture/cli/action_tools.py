"""``posture actions test``, ``lint`` and ``schema``: for those who write actions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli.console import ExitCode, Format, err, out
from posture.cli.options import ConfigOption, FormatOption
from posture.cli.trial_report import report, tried
from posture.domain.counted import counted

if TYPE_CHECKING:
    from posture.definitions.loaded_action import LoadedAction

PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Action files or directories. Without: every action of the configuration, or the shipped ones."
    ),
]


def register(app: typer.Typer) -> None:
    app.command("test")(try_actions)
    app.command("lint")(lint)
    app.command("schema")(schema)


def try_actions(
    paths: PathsArgument = None,
    probe: Annotated[bool, typer.Option(help="Also try what no author thinks of: every value unknown.")] = True,
    format: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Run the tests inside action files, and the probe. Nothing is sent. Exit code 1 if anything does not hold."""
    from posture import bootstrap

    verifications = bootstrap.try_actions(_actions(paths, config), with_probe=probe)
    report("action", [tried(verification.action, verification) for verification in verifications], format=format)


def lint(paths: PathsArgument = None, config: ConfigOption = None) -> None:
    """Load action files and say what a reviewer would. Exit code 1 if there is anything to say."""
    from posture.definitions.action_lint import lint_actions

    actions = _actions(paths, config)
    advice = lint_actions(actions)
    for error in advice:
        out().print(str(error), soft_wrap=True)
    err().print(f"{counted(len(actions), 'action')}: {counted(len(advice), 'remark') if advice else 'no remarks'}")
    if advice:
        raise typer.Exit(ExitCode.FAILING)


def schema() -> None:
    """Write the JSON Schema of an action file, for editors."""
    from posture.bootstrap import live_dictionary
    from posture.definitions.json_schema import action_schema

    typer.echo(json.dumps(action_schema(live_dictionary()), indent=2))


def _actions(paths: list[Path] | None, config: Path | None) -> Sequence[LoadedAction]:
    """Return the actions of the paths; else of the configuration, if there is one; else the shipped ones."""
    from posture.bootstrap import catalog_of, dictionary
    from posture.definitions.catalog import load_actions

    return load_actions(paths, dictionary()) if paths else catalog_of(config).actions
