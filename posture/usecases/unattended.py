"""Which plans a worker can carry out while nobody looks on. Pure."""

from __future__ import annotations

from posture.domain.action import Action
from posture.domain.plan import Plan


def not_by_worker(action: Action, plan: Plan) -> str | None:
    """Return why no worker can carry out a plan, as a sentence; None if one can."""
    if plan.undoes is not None or not action.reveals:
        return None
    return (
        f"{action.id} makes something that is shown once, to whoever executes it, and kept nowhere; a worker has "
        f"nobody to show it to. Execute the plan on a terminal: posture plans execute {plan.id[:12]}"
    )
