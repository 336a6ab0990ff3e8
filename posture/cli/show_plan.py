"""Shows one plan, as every command does that made it, changed it or was asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from posture.cli.console import Format, out
from posture.cli.next_step import command_after, has_way_back, print_next, print_way_back
from posture.errors import DefinitionError

if TYPE_CHECKING:
    from posture.bootstrap import Application
    from posture.domain.action import Action
    from posture.domain.journal import JournalEntry
    from posture.domain.plan import Plan


def show(application: Application, plan: Plan, *, format: Format, config: Path | None) -> None:
    """Write a plan and its journal, and what to type next."""
    from posture.cli.plan_view import print_journal, print_plan
    from posture.report.plan_json import plan_document

    journal = application.acting.journal(plan)
    if format is Format.JSON:
        typer.echo(plan_document(plan, journal=journal), nl=False)
        return
    action = action_of(application, plan)
    print_plan(out(), plan, action)
    print_journal(out(), journal)
    show_next(plan, action, journal, config)


def action_of(application: Application, plan: Plan) -> Action | None:
    """Return the plan's action; None if it left the catalog or its file is wrong, which hides no plan."""
    if plan.action not in application.catalog.action_ids:
        return None
    try:
        return application.catalog.action(plan.action).action
    except DefinitionError:
        return None


def show_next(plan: Plan, action: Action | None, journal: Sequence[JournalEntry], config: Path | None) -> None:
    """Print what to type next, if anything follows, and how to take back what was done."""
    command = command_after(plan)
    if action is not None and action.undo is not None and has_way_back(plan, journal):
        print_way_back(out(), plan, config)
    if command is not None:
        print_next(out(), command, config)
