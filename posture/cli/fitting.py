"""What can be done about one finding, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from posture.cli.next_step import ID_SHOWN, called, print_next, short
from posture.domain.finding_view import FindingView
from posture.domain.plan import FINAL, Plan
from posture.domain.printable import printable

if TYPE_CHECKING:
    from posture.usecases.fitting import FittingAction

_LONG = 400


def print_fitting(console: Console, fitting: Sequence[FittingAction]) -> None:
    """Print the actions that fit a finding, each with the reason if it cannot be proposed now."""
    if not fitting:
        return
    console.print(Text("\nActions", style="bold"))
    for each in fitting:
        action = each.loaded.action
        console.print(Text(f"  {action.id} ({action.risk}): {action.title}"))
        if each.impossible_because is not None:
            because = printable(each.impossible_because, longest=_LONG)
            console.print(Text(f"    not possible now: {because}", style="yellow"))


def print_next_action(
    console: Console,
    view: FindingView,
    fitting: Sequence[FittingAction],
    plans: Sequence[Plan],
    *,
    config: Path | None,
) -> None:
    """Print how to go on: with the plan that is under way, else by proposing an action that is possible now.

    Which one of several is for people to say: posture names it only if there is no choice.
    """
    under_way = next((plan for plan in plans if plan.state not in FINAL), None)
    possible = [each.loaded.action.id for each in fitting if each.impossible_because is None]
    if under_way is not None:
        print_next(console, f"plans show {short(under_way.id)}", config)
    elif possible:
        action = possible[0] if len(possible) == 1 else "ACTION"
        finding = view.finding.fingerprint[:ID_SHOWN]
        print_next(console, f'actions propose {action} --finding {finding} --reason "…"', config)


def print_plans(console: Console, plans: Sequence[Plan]) -> None:
    """Print the plans in which the finding is a target."""
    from posture.cli.plan_view import words

    if not plans:
        return
    console.print(Text("\nPlans", style="bold"))
    for plan in plans:
        console.print(f"  {short(plan.id)}  {called(plan)}: {words(plan.state)}")
