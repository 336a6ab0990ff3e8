"""What to type next."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console
from rich.text import Text

from posture.domain.plan import Plan, PlanState, TargetState

ID_SHOWN = 8


def short(plan_id: str) -> str:
    """Return as much of a plan's id as people type."""
    return plan_id[:ID_SHOWN]


def print_next(console: Console, command: str, config: Path | None) -> None:
    """Print a command to go on with; ``config`` is the file that the user named, so the command names it, too."""
    named = f" --config {shlex.quote(str(config))}" if config else ""
    console.print(Text(f"\nNext: posture {command}{named}", style="bold"), soft_wrap=True)


def command_after(plan: Plan, *, can_be_undone: bool) -> str | None:
    """Return what usually follows on a plan in this state; None if nothing does."""
    id = short(plan.id)
    match plan.state:
        case PlanState.PROPOSED:
            return f'plans approve {id} --note "…"'
        case PlanState.APPROVED | PlanState.EXECUTING:
            return f"plans execute {id}"
        case PlanState.DONE | PlanState.PARTLY_DONE | PlanState.FAILED:
            was_changed = any(target.state in _CHANGED for target in plan.targets)
            return f"plans undo {id}" if can_be_undone and was_changed else None
        case _:
            return None


_CHANGED = frozenset({TargetState.DONE, TargetState.UNVERIFIED, TargetState.FAILED})
