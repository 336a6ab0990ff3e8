"""Approve and reject plans."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from posture.domain.approval import approved, rejected, still_approved
from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.job import Job
from posture.domain.judgement import Value
from posture.domain.operator import Operator, as_on_record
from posture.domain.plan import Plan, PlanState, is_overdue
from posture.errors import ActionRefused, NotAllowedToDecide
from posture.usecases.expire import expired
from posture.usecases.ports import ActingUnit, Clock, OpenActingUnit
from posture.usecases.tell_of_plan import tell_of_plan


def approve_plan(
    plan: Plan,
    operator: Operator,
    *,
    digest: str,
    note: str,
    missing: str | None,
    execution: Job | None = None,
    open_unit: OpenActingUnit,
    clock: Clock,
) -> Plan:
    """Add one person's yes to the plan with this digest and return the plan.

    ``missing`` says which permissions the remediator lacks for it; None if it has all. It counts for the plan to
    become approved, so nobody says yes to what cannot be carried out. ``execution`` is the job that carries the plan
    out; it is put on record together with the yes that was still needed. None: somebody sees to it.

    Raises:
        NotAllowedToDecide: see ``posture.domain.approval.approved``; or the plan has expired.
        ActionRefused: the remediator lacks a permission.
    """

    def decide(current: Plan, person: Operator, now: datetime) -> tuple[Plan, AuditKind]:
        after = approved(current, person, digest=digest, note=note, now=now)
        if missing is not None:
            raise ActionRefused(missing)
        return after, AuditKind.APPROVAL_GIVEN

    return _decided(plan, operator, decide, note=note, execution=execution, open_unit=open_unit, clock=clock)


def reject_plan(plan: Plan, operator: Operator, *, note: str, open_unit: OpenActingUnit, clock: Clock) -> Plan:
    """Reject a plan for good and return it.

    Raises:
        NotAllowedToDecide: see ``posture.domain.approval.rejected``.
    """

    def decide(current: Plan, person: Operator, now: datetime) -> tuple[Plan, AuditKind]:
        return rejected(current, person, note=note, now=now), AuditKind.PLAN_REJECTED

    return _decided(plan, operator, decide, note=note, execution=None, open_unit=open_unit, clock=clock)


def _decided(
    plan: Plan,
    operator: Operator,
    decide: Callable[[Plan, Operator, datetime], tuple[Plan, AuditKind]],
    *,
    note: str,
    execution: Job | None,
    open_unit: OpenActingUnit,
    clock: Clock,
) -> Plan:
    """Decide on the plan as it is on record now, as the operator stands on record now: between signing in and saying
    yes somebody looks at the plan. A refused decision is on record, too."""
    now = clock.now()
    refusal: NotAllowedToDecide | ActionRefused
    with open_unit() as unit:
        current = unit.plan(plan.id) or plan
        try:
            if is_overdue(current, now=now):
                expired(current, unit=unit, now=now)
                raise NotAllowedToDecide(f"plan {plan.id} has expired; propose it anew")
            people = unit.operators()
            after, kind = decide(still_approved(current, people), as_on_record(operator, people), now)
            if not unit.save_plan(after, was=current.state):
                raise NotAllowedToDecide(f"plan {plan.id} was changed by somebody else just now; look at it again")
        except (NotAllowedToDecide, ActionRefused) as error:
            refusal = error
        else:
            details: dict[str, Value] = {"note": note, "digest": current.digest, "state": str(after.state)}
            _record(unit, after, operator, kind, now, details)
            if execution is not None and after.state is PlanState.APPROVED:
                unit.add_job(execution)
            tell_of_plan(after, unit=unit, at=now, by=operator.name)
            return after
        _record(unit, current, operator, AuditKind.APPROVAL_REFUSED, now, {"because": str(refusal)})
    raise refusal


def _record(
    unit: ActingUnit, plan: Plan, operator: Operator, kind: AuditKind, at: datetime, details: dict[str, Value]
) -> None:
    unit.record(
        AuditEvent(at=at, actor=operator.name, kind=kind, tenant_id=plan.tenant_id, plan_id=plan.id, details=details)
    )
