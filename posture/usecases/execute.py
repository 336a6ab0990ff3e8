"""Execute an approved plan, target by target. Read it from top to bottom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from posture.definitions.loaded_action import LoadedAction
from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.journal import JournalEntry
from posture.domain.judgement import Value
from posture.domain.operator import Operator
from posture.domain.plan import Plan, PlanState, Target, TargetState, ended_target, final_state, is_overdue, moved
from posture.domain.switch import stop_of
from posture.errors import ActionRefused, NotAllowedToDecide
from posture.usecases.acting_events import ExecutionEnded, ExecutionEvent, ExecutionStarted, TargetEnded
from posture.usecases.carry_out import carry_out
from posture.usecases.execution_gates import (
    changed_since,
    closed_gate,
    held_to,
    in_other_hands,
    is_failure,
    reason_to_stop,
)
from posture.usecases.execution_tools import ExecutionTools
from posture.usecases.expire import expired
from posture.usecases.read_live import LiveSight
from posture.usecases.rehearse import Rehearsed, rehearse
from posture.usecases.tell_of_plan import tell_of_plan
from posture.usecases.work import Earlier, Work
from posture.usecases.writing_down import Journal


def execute_plan(
    plan: Plan, operator: Operator, loaded: LoadedAction, *, tools: ExecutionTools
) -> Iterator[ExecutionEvent]:
    """Execute a plan and yield what happens; the last event is ``ExecutionEnded``.

    If it is interrupted, executing the same plan again goes on where it stopped.

    Raises:
        NotAllowedToDecide: the operator may not, or the plan is not approved any more.
        ActionRefused: a gate is closed: permission, switch, action changed since the approval.
        PlanInProgress: another worker executes it.
        ClaimLost: another worker has taken it over.
        GraphError: there is no token, or the tenant does not answer; nothing was sent then.
    """
    with tools.locks.hold(plan.id):
        sight = _sight(tools)
        started, is_resumed = _claim(plan, operator, loaded, granted=sight.granted, tools=tools)
        yield ExecutionStarted(plan=started, is_resumed=is_resumed)
        targets: list[Target] = []
        for event in _each_target(started, operator, loaded, sight=sight, tools=tools):
            if isinstance(event, TargetEnded):
                targets.append(event.target)
            yield event
        yield ExecutionEnded(plan=_ended(started, operator, targets, tools))


def rehearse_plan(plan: Plan, loaded: LoadedAction, *, tools: ExecutionTools) -> Iterator[Rehearsed]:
    """Yield what executing the plan would do to each of its targets at this moment; nothing is sent or written down.

    Raises:
        GraphError: there is no token, or the tenant does not answer.
    """
    work = _work(plan, loaded, actor="nobody", sight=_sight(tools), tools=tools)
    for target in plan.targets:
        if target.state is TargetState.WAITING:
            yield rehearse(target, work, earlier=_earlier(plan, target, tools))


def _sight(tools: ExecutionTools) -> LiveSight:
    return LiveSight(
        reader=tools.reader,
        remediator=tools.remediator,
        desk=tools.desk,
        facts=tools.reader.identify(),
        granted=tools.actuator.granted(),
    )


def _claim(
    plan: Plan, operator: Operator, loaded: LoadedAction, *, granted: frozenset[str] | None, tools: ExecutionTools
) -> tuple[Plan, bool]:
    """Make the plan ours, and say whether an earlier execution had begun it."""
    now = tools.clock.now()
    with tools.open_unit() as unit:
        current = held_to(unit.plan(plan.id) or plan, loaded)
        is_resumed = current.state is PlanState.EXECUTING
        refusal = closed_gate(current, operator, loaded, granted=granted, unit=unit, tools=tools)
        stop = stop_of(unit.stops(), current.tenant_id)
        if stop is not None:
            refusal = ActionRefused(stop.sentence)
        if refusal is None:
            claimed = current if is_resumed else moved(current, PlanState.EXECUTING, at=now)
            if unit.claim(claimed, was=current.state, worker=tools.worker):
                kind = AuditKind.EXECUTION_RESUMED if is_resumed else AuditKind.EXECUTION_STARTED
                unit.record(_event(current, operator.name, kind, tools, {"worker": tools.worker}))
                return claimed, is_resumed
            refusal = ActionRefused(f"plan {plan.id} was changed by somebody else just now; look at it again")
        if isinstance(refusal, NotAllowedToDecide) and is_overdue(current, now=now):
            expired(current, unit=unit, now=now)
        unit.record(_event(current, operator.name, AuditKind.EXECUTION_REFUSED, tools, {"because": str(refusal)}))
    raise refusal


def _each_target(
    plan: Plan, operator: Operator, loaded: LoadedAction, *, sight: LiveSight, tools: ExecutionTools
) -> Iterator[ExecutionEvent]:
    """Yield what happens to every target that has not ended; those of an earlier execution are told as they ended."""
    work = _work(plan, loaded, actor=operator.name, sight=sight, tools=tools)
    failures = 0
    for target in plan.targets:
        if target.state is not TargetState.WAITING:
            failures += is_failure(target)
            work = _after(work, target)
            yield TargetEnded(target=target, revealed={})
            continue
        entries = _entries(plan, target, tools)
        halt = changed_since(plan, loaded) or reason_to_stop(
            plan, operator, failures, is_begun=bool(entries), tools=tools
        )
        if halt is not None and not entries:
            ended = ended_target(target, TargetState.REFUSED, at=tools.clock.now(), because=halt)
            work.journal.end_target(ended)
            yield TargetEnded(target=ended, revealed={})
            continue
        earlier = _earlier(plan, target, tools)
        now = replace(work, unsettled=work.unsettled | in_other_hands(plan, tools))
        ended = yield from carry_out(target, now, earlier=earlier, entries=entries, halt=halt)
        failures += is_failure(ended)
        work = _after(work, ended)


def _work(plan: Plan, loaded: LoadedAction, *, actor: str, sight: LiveSight, tools: ExecutionTools) -> Work:
    journal = Journal(plan=plan, worker=tools.worker, actor=actor, open_unit=tools.open_unit, clock=tools.clock)
    return Work(
        plan=plan,
        loaded=loaded,
        rules=tools.rules(),
        sight=sight,
        actuator=tools.actuator,
        journal=journal,
        clock=tools.clock,
        pause=tools.pause,
        passwords=tools.passwords,
        graph_root=tools.graph_root,
    )


def _entries(plan: Plan, target: Target, tools: ExecutionTools) -> Sequence[JournalEntry]:
    with tools.open_unit() as unit:
        return [entry for entry in unit.entries(plan.id) if entry.target == target.number]


def _earlier(plan: Plan, target: Target, tools: ExecutionTools) -> Earlier:
    if plan.undoes is None or target.undoes is None:
        return Earlier()
    with tools.open_unit() as unit:
        image = unit.image(plan.undoes, target.undoes)
        entries = [entry for entry in unit.entries(plan.undoes) if entry.target == target.undoes]
    answers = [{"step_id": entry.step, **entry.kept} for entry in entries if entry.kept]
    return Earlier(before=image.tables if image else {}, answers=answers)


def _after(work: Work, target: Target) -> Work:
    """Return what the next targets are carried out with: they must know of what was sent and has not shown yet."""
    if not is_failure(target):
        return work
    return replace(work, unsettled=work.unsettled | {target.resource.id.lower()})


def _ended(plan: Plan, operator: Operator, targets: Sequence[Target], tools: ExecutionTools) -> Plan:
    state = final_state(targets)
    now = tools.clock.now()
    ended = moved(replace(plan, targets=tuple(targets)), state, at=now)
    with tools.open_unit() as unit:
        unit.require_claim(plan.id, worker=tools.worker)
        unit.save_plan(ended, was=PlanState.EXECUTING)
        counts = Counter(str(target.state) for target in targets)
        unit.record(_event(plan, operator.name, AuditKind.PLAN_ENDED, tools, {"state": str(state), **counts}))
        tell_of_plan(ended, unit=unit, at=now, by=operator.name)
    return ended


def _event(plan: Plan, actor: str, kind: AuditKind, tools: ExecutionTools, details: dict[str, Value]) -> AuditEvent:
    return AuditEvent(
        at=tools.clock.now(),
        actor=actor,
        kind=kind,
        tenant_id=plan.tenant_id,
        plan_id=plan.id,
        details=details,
    )
