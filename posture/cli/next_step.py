"""What to type next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from posture.domain.journal import JournalEntry, has_changed
from posture.domain.plan import FINAL, Plan, PlanState

ID_SHOWN = 8


def short(plan_id: str) -> str:
    """Return as much of a plan's id as people type."""
    return plan_id[:ID_SHOWN]


def called(plan: Plan) -> str:
    """Return what a plan is called where it stands in one line: its action, or that it takes one back."""
    return plan.action if plan.undoes is None else f"undo {plan.action}"


def print_next(console: Console, command: str, config: Path | None) -> None:
    """Print a command to go on with; ``config`` is the file that the user named, so the command names it, too."""
    console.print(Text(f"\nNext: posture {command}{_named(config)}", style="bold"), soft_wrap=True)


def print_way_back(console: Console, plan: Plan, config: Path | None) -> None:
    """Print how to take back what was done."""
    console.print(Text(f"\nTo take it back: posture plans undo {short(plan.id)}{_named(config)}"), soft_wrap=True)


def command_after(plan: Plan) -> str | None:
    """Return what usually follows on a plan in this state; None if nothing does."""
    id = short(plan.id)
    match plan.state:
        case PlanState.PROPOSED:
            return f'plans approve {id} --note "…"'
        case PlanState.APPROVED | PlanState.EXECUTING:
            return f"plans execute {id}"
        case PlanState.DONE | PlanState.PARTLY_DONE:
            # Findings are resolved by what a scan sees, not by what was sent.
            return "scan" if any(target.fingerprint for target in plan.targets) else None
        case _:
            return None


def has_way_back(plan: Plan, journal: Sequence[JournalEntry]) -> bool:
    """Say whether the plan ended and changed, or may have changed, something that could be taken back."""
    if plan.undoes is not None or plan.state not in FINAL:
        return False
    return has_changed(plan, journal)


def _named(config: Path | None) -> str:
    return f" --config {shlex.quote(str(config))}" if config else ""
