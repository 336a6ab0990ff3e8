"""A plan as people read it before they decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from posture.cli.grid import print_facts, print_grid
from posture.cli.next_step import called, short
from posture.domain.check import ParameterValue
from posture.domain.journal import JournalEntry, SendState
from posture.domain.plan import Plan, PlanState, Target, TargetState
from posture.domain.printable import printable

if TYPE_CHECKING:
    from posture.domain.action import Action

_LONG = 400
STATE_STYLES: Mapping[str, str] = {
    PlanState.APPROVED: "cyan",
    PlanState.DONE: "green",
    PlanState.PARTLY_DONE: "yellow",
    PlanState.FAILED: "red",
    PlanState.REJECTED: "red",
    TargetState.ALREADY_DONE: "green",
    TargetState.UNVERIFIED: "yellow",
    TargetState.REFUSED: "yellow",
}


def print_plan(console: Console, plan: Plan, action: Action | None) -> None:
    """Print what would be done or was done, to what, by whose wish. ``action`` None: it left the catalog."""
    title = Text(f"Plan {short(plan.id)}: {called(plan)} in {printable(plan.tenant_name)}  ", style="bold")
    console.print(title.append(words(plan.state), style=STATE_STYLES.get(plan.state, "default")))
    print_facts(console, _facts(plan, action))
    console.print(Text("\nTargets", style="bold"))
    print_targets(console, plan)


def print_targets(console: Console, plan: Plan) -> None:
    """Print a line for each target, and below it what there is to say of it."""
    for target in plan.targets:
        filled = f", {_parameters(target.parameters)}" if target.parameters else ""
        line = Text(f"  {target.number}. {target_name(target)}{filled}  ")
        line.append(words(target.state), style=STATE_STYLES.get(target.state, "default"))
        console.print(line, soft_wrap=True)
        if target.check and target.fingerprint:
            console.print(Text(f"     finding {target.fingerprint[:8]} of {target.check}", style="dim"))
        if target.because:
            console.print(f"     {printable(target.because, longest=_LONG)}", soft_wrap=True)


def print_journal(console: Console, entries: Sequence[JournalEntry]) -> None:
    """Print every request that was sent, or perhaps sent."""
    if not entries:
        return
    console.print(Text("\nJournal", style="bold"))
    print_grid(
        console,
        ["at (UTC)", "#", "step", "request", "answer"],
        (
            [f"{entry.intended_at:%Y-%m-%d %H:%M:%S}", entry.target, entry.step, _request(entry), _answer(entry)]
            for entry in entries
        ),
        longest_cell=_LONG,
    )


def target_name(target: Target) -> str:
    """Return how a target is called in a line for people: its name and its id, harmless."""
    name, id = target.resource.name, printable(target.resource.id)
    return f"{printable(name)} ({id})" if name else id


def words(state: PlanState | TargetState) -> str:
    """Return a state in words."""
    return state.value.replace("_", " ")


def length(duration: timedelta) -> str:
    """Return a duration in its largest whole unit: ``24h``, ``30d``."""
    seconds = int(duration.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _facts(plan: Plan, action: Action | None) -> Iterator[tuple[str, str]]:
    yield "id", plan.id
    if plan.undoes is not None:
        yield "takes back", f"plan {short(plan.undoes)}"
    if action is None:
        yield "effect", "unknown: this action is no longer in the catalog, or its file is wrong"
    elif plan.undoes is None:
        yield "effect", _one_line(action.effect)
        yield "risk", f"{plan.risk.value}; {_undo(action)}"
    elif action.undo is not None:
        sent = ", then ".join(f"{step.method} /{step.path.lstrip('/')}" for step in action.undo.steps)
        yield "effect", f"what {action.id} did is taken back by {sent}"
    if plan.parameters:
        yield "parameters", _parameters(plan.parameters)
    yield "reason", printable(plan.reason, longest=_LONG)
    yield "proposed", f"by {printable(plan.proposed_by)}, {_time(plan.proposed_at)}"
    yield "needs", _needs(plan)
    for approval in plan.approvals:
        note = printable(approval.note, longest=_LONG)
        yield "approved", f"by {printable(approval.by)} ({approval.role}), {_time(approval.at)}: {note}"
    yield from _times(plan)
    yield "digest", plan.digest


def _times(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.state is PlanState.PROPOSED:
        yield "ends", f"{_time(plan.expires_at)}, unless it is approved before"
    if plan.state is PlanState.APPROVED and plan.approved_until is not None:
        yield "approved until", _time(plan.approved_until)
    if plan.started_at is not None:
        yield "started", _time(plan.started_at)
    if plan.ended_at is not None:
        because = f": {printable(plan.ended_because, longest=_LONG)}" if plan.ended_because else ""
        yield "ended", f"{_time(plan.ended_at)}{because}"


def _needs(plan: Plan) -> str:
    people = "1 person" if plan.rule.people == 1 else f"{plan.rule.people} people"
    return f"the yes of {people}, at least {plan.rule.role}; it counts for {length(plan.rule.valid_for)}"


def _undo(action: Action) -> str:
    if action.undo is None:
        return f"it cannot be undone: {_one_line(action.undo_impossible_because or '')}"
    return f"it can be undone for {length(action.undo.within)}"


def _parameters(parameters: Mapping[str, ParameterValue]) -> str:
    return ", ".join(f"{name} = {printable(_shown(value))}" for name, value in parameters.items())


def _shown(value: ParameterValue) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _request(entry: JournalEntry) -> str:
    return f"{entry.method} {entry.path}"


def _answer(entry: JournalEntry) -> str:
    match entry.state:
        case SendState.ANSWERED:
            return f"{entry.status} {entry.error}" if entry.error else str(entry.status)
        case SendState.LOST:
            return f"no answer: {entry.error}" if entry.error else "no answer"
        case _:
            return "not known whether it was sent"


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _one_line(text: str) -> str:
    return " ".join(text.split())
