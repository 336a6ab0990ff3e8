"""Why somebody may not do something with a plan now, said before they try. Pure: it decides nothing, and what is
really done is decided once more then."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from posture.definitions.loaded_action import LoadedAction
from posture.domain.action import ApprovalRule
from posture.domain.approval import (
    require_may_approve,
    require_may_execute,
    require_may_propose,
    require_may_reject,
    still_approved,
)
from posture.domain.journal import JournalEntry, has_changed
from posture.domain.operator import Operator, as_on_record
from posture.domain.plan import Plan, is_overdue
from posture.errors import NotAllowed, NotAllowedToDecide
from posture.usecases.access import RIGHTS, require_right
from posture.usecases.propose_undo import undo_refusal


def not_approve(plan: Plan, operator: Operator, known: Iterable[Operator], *, now: datetime) -> str | None:
    """Return why the operator may not approve the plan; None if he or she may. ``known`` are all on record. How long
    ago somebody signed in is not asked: that can be mended."""

    def attempt(current: Plan, person: Operator) -> None:
        require_may_approve(current, person, now=now)

    return _refusal("approve", plan, operator, known, attempt, now=now)


def not_reject(plan: Plan, operator: Operator, known: Iterable[Operator], *, now: datetime) -> str | None:
    def attempt(current: Plan, person: Operator) -> None:
        require_may_reject(current, person, now=now)

    return _refusal("reject", plan, operator, known, attempt, now=now)


def not_execute(plan: Plan, operator: Operator, known: Iterable[Operator], *, now: datetime) -> str | None:
    def attempt(current: Plan, person: Operator) -> None:
        require_may_execute(current, person, now=now)

    return _refusal("execute", plan, operator, known, attempt, now=now)


def not_undo(
    plan: Plan,
    operator: Operator,
    loaded: LoadedAction | None,
    journal: Iterable[JournalEntry],
    *,
    rule: ApprovalRule | None,
    now: datetime,
) -> str | None:
    """Return why the operator may not propose to take the plan back. ``rule`` is the one in force for its action."""
    if loaded is None or rule is None:
        return f"{plan.action} is no longer in the catalog, or its file is wrong"
    refusal = undo_refusal(plan, loaded, now=now)
    if refusal is not None:
        return refusal
    if not has_changed(plan, journal):
        return f"plan {plan.id} changed nothing that could be undone"
    try:
        require_right(operator, RIGHTS["propose_undo"], now=now)
        require_may_propose(operator, rule, tenant=plan.tenant_name, now=now)
    except (NotAllowed, NotAllowedToDecide) as refused:
        return str(refused)
    return None


def _refusal(
    method: str,
    plan: Plan,
    operator: Operator,
    known: Iterable[Operator],
    attempt: Callable[[Plan, Operator], None],
    *,
    now: datetime,
) -> str | None:
    people = tuple(known)
    try:
        require_right(operator, RIGHTS[method], now=now)
        if is_overdue(plan, now=now):
            return f"plan {plan.id} has expired; propose it anew"
        attempt(still_approved(plan, people), as_on_record(operator, people))
    except (NotAllowed, NotAllowedToDecide) as refused:
        return str(refused)
    return None
