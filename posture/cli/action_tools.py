"""``posture actions lint`` and ``schema``: for those who write actions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli.console import out
from posture.cli.options import ConfigOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posture.definitions.loaded_action import LoadedAction

PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Action files or directories. Without: every action of the configuration, or the shipped ones."
    ),
]


def register(app: typer.Typer) -> None:
    app.command("lint")(lint_actions)


def lint_actions(paths: PathsArgument = None, config: ConfigOption = None) -> None:
    """Load action files and tell every mistake: unknown words, SQL that fails, requests without a permission."""
    actions = _actions(paths, config)
    out().print(f"{len(actions)} actions: no mistakes")


def _actions(paths: list[Path] | None, config: Path | None) -> Sequence[LoadedAction]:
    """Return the actions of the paths; else of the configuration, if there is one; else the shipped ones."""
    from posture.bootstrap import catalog_of, dictionary
    from posture.definitions.catalog import load_actions

    return load_actions(paths, dictionary()) if paths else catalog_of(config).actions
