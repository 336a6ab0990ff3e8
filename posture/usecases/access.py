"""Who may do what through the page and the API: one table, and pure rules over it.

An operator may do what the role, the token's scopes and the operator's tenants allow, all three. What is in a tenant
that somebody is not for is not there for them: to be told "forbidden" would tell that it exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from posture.domain.operator import Operator, Role, Scope
from posture.domain.severity import Severity
from posture.errors import NotAllowed

HELPDESK_EXEMPTS_BELOW: Final = Severity.HIGH
"""What is as bad as this is accepted by an administrator only."""


@dataclass(frozen=True, kw_only=True)
class Right:
    """What is asked of whoever does something. ``doing`` names it in a sentence. ``everywhere``: it concerns all
    tenants, so whoever is limited to some may not."""

    doing: str
    role: Role
    scope: Scope
    everywhere: bool = False


def _reading(doing: str, *, everywhere: bool = False) -> Right:
    return Right(doing=doing, role=Role.VIEWER, scope=Scope.READ, everywhere=everywhere)


def _work(doing: str, scope: Scope) -> Right:
    return Right(doing=doing, role=Role.HELPDESK, scope=scope)


def _administration(doing: str, *, everywhere: bool = False) -> Right:
    return Right(doing=doing, role=Role.ADMIN, scope=Scope.ADMINISTER, everywhere=everywhere)


RIGHTS: Final[Mapping[str, Right]] = MappingProxyType(
    {
        "tenants": _reading("seeing tenants"),
        "overview": _reading("seeing the overview"),
        "findings": _reading("seeing findings"),
        "every_finding": _reading("seeing findings"),
        "finding": _reading("seeing findings"),
        "checks": _reading("seeing checks"),
        "check": _reading("seeing checks"),
        "frameworks": _reading("seeing frameworks"),
        "framework": _reading("seeing frameworks"),
        "plans": _reading("seeing plans"),
        "plan": _reading("seeing plans"),
        "waiting_plans": _reading("seeing plans"),
        "stops": _reading("seeing what is stopped"),
        "exemptions": _reading("seeing exemptions"),
        "runs": _reading("seeing runs"),
        "run": _reading("seeing runs"),
        "audit": _reading("seeing the audit"),
        "schedules": _reading("seeing schedules"),
        "jobs": _reading("seeing jobs"),
        "job": _reading("seeing jobs"),
        "stalled_queues": _reading("seeing jobs"),
        "examinations": _reading("seeing examinations"),
        # The chain is one over all tenants, and a message may tell of several.
        "audit_chain": _reading("checking the chain of the audit", everywhere=True),
        "channels": _reading("seeing channels", everywhere=True),
        "deliveries": _reading("seeing deliveries", everywhere=True),
        "operators": _administration("seeing operators"),
        "propose": _work("proposing a plan", Scope.PROPOSE),
        "propose_undo": _work("proposing to take a plan back", Scope.PROPOSE),
        "approve": _work("approving a plan", Scope.DECIDE),
        "reject": _work("rejecting a plan", Scope.DECIDE),
        "execute": _work("executing a plan", Scope.EXECUTE),
        "exempt": _work("exempting", Scope.PROPOSE),
        "end_exemption": _work("ending an exemption", Scope.PROPOSE),
        "scan_now": _work("scanning", Scope.EXECUTE),
        "examine_now": _work("examining a tenant", Scope.EXECUTE),
        # Whoever may propose may also stop what was proposed, in a hurry.
        "stop": _work("stopping actions", Scope.PROPOSE),
        "allow": _administration("allowing actions again"),
        "run_schedule": _administration("running a schedule"),
        "pause_schedule": _administration("pausing a schedule"),
        "resume_schedule": _administration("resuming a schedule"),
        "cancel_job": _administration("cancelling a job"),
        "test_channel": _administration("testing a channel", everywhere=True),
        "retry_deliveries": _administration("retrying deliveries", everywhere=True),
        "add_operator": _administration("adding operators"),
        "revoke_operator": _administration("revoking operators"),
        "readmit_operator": _administration("readmitting operators"),
    }
)
"""What each method of ``Access`` asks for, by its name. ``me`` asks for nothing."""


def require_right(operator: Operator, right: Right, *, now: datetime) -> None:
    """Raise unless the operator has this right.

    Raises:
        NotAllowed: the operator has ended, or role, scopes or tenants do not allow it; the sentence says which.
    """
    name = operator.name
    if not operator.is_active(now):
        raise NotAllowed(f"{name} is no operator any more; ask an administrator to be added again")
    if not operator.role.covers(right.role):
        raise NotAllowed(f"{name} is {operator.role}; {right.doing} needs the role {right.role}")
    if not operator.may(right.scope):
        raise NotAllowed(f"this token of {name} is not for {right.scope}, which {right.doing} needs")
    if right.everywhere:
        require_everywhere(operator, right)


def require_everywhere(operator: Operator, right: Right) -> None:
    """Raise unless the operator is for all tenants."""
    if not operator.sees_everything:
        raise NotAllowed(
            f"{operator.name} is limited to some tenants; {right.doing} for all needs an operator who is not"
        )


def may_exempt(operator: Operator, severity: Severity | None) -> bool:
    """Say whether the operator may accept something this bad; None: everything, or nobody knows how bad."""
    if operator.role is Role.ADMIN:
        return True
    return severity is not None and severity.rank < HELPDESK_EXEMPTS_BELOW.rank


def require_may_exempt(operator: Operator, severity: Severity | None) -> None:
    """Raise unless the operator may accept something this bad.

    An exemption also binds actions, so ending one asks for the same as making it.

    Raises:
        NotAllowed: only an administrator may.
    """
    if may_exempt(operator, severity):
        return
    what = "an exemption from every check" if severity is None else f"an exemption of what is {severity}"
    raise NotAllowed(f"{operator.name} is {operator.role}; {what} needs the role {Role.ADMIN}")
