"""The stop switch: nothing is changed while actions are stopped, in one tenant or everywhere."""

from __future__ import annotations

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.operator import Operator, Role, Scope
from posture.domain.switch import Stop
from posture.errors import NotAllowedToDecide, UsageError
from posture.usecases.operators import require_admin
from posture.usecases.ports import Clock, OpenActingUnit


def stop_actions(
    operator: Operator, *, tenant_id: str | None, reason: str, open_unit: OpenActingUnit, clock: Clock
) -> Stop:
    """Stop all actions of a tenant, or of all (None), from the next target on. Whoever may propose may stop.

    Raises:
        NotAllowedToDecide: the operator may only look.
        UsageError: no reason is given.
    """
    if not operator.role.covers(Role.HELPDESK):
        raise NotAllowedToDecide(f"{operator.name} is {operator.role}; stopping actions needs the role helpdesk")
    if not operator.may(Scope.PROPOSE):
        raise NotAllowedToDecide(f"this token of {operator.name} is not for {Scope.PROPOSE}, which stopping needs")
    if not reason.strip():
        raise UsageError("a stop needs a reason, so that others know when it may end")
    stop = Stop(tenant_id=tenant_id, by=operator.name, reason=reason.strip(), at=clock.now())
    with open_unit() as unit:
        unit.set_stop(stop)
        unit.record(_event(operator, AuditKind.ACTIONS_STOPPED, tenant_id, clock, reason=stop.reason))
    return stop


def allow_actions(operator: Operator, *, tenant_id: str | None, open_unit: OpenActingUnit, clock: Clock) -> None:
    """Allow what was stopped.

    Raises:
        NotAllowedToDecide: the operator is no administrator.
    """
    require_admin(operator, doing="allowing actions again")
    with open_unit() as unit:
        unit.clear_stop(tenant_id)
        unit.record(_event(operator, AuditKind.ACTIONS_ALLOWED, tenant_id, clock, reason=None))


def _event(
    operator: Operator, kind: AuditKind, tenant_id: str | None, clock: Clock, *, reason: str | None
) -> AuditEvent:
    return AuditEvent(
        at=clock.now(),
        actor=operator.name,
        kind=kind,
        tenant_id=tenant_id,
        plan_id=None,
        details={} if reason is None else {"reason": reason},
    )
