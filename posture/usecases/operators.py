"""Operators: made, signed in by a token, revoked. A token is shown once and kept only as a hash."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import timedelta
from typing import Final

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.operator import Operator, Role
from posture.errors import NotAllowedToDecide, UsageError
from posture.usecases.ports import Clock, OpenActingUnit

_PREFIX: Final = "posture_"
LONGEST: Final = timedelta(days=366)


def token_hash(token: str) -> str:
    """Return what is kept of a token. It has 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.strip().encode()).hexdigest()


def add_operator(
    name: str,
    role: Role,
    *,
    account: str | None,
    lasts: timedelta,
    by: Operator | None,
    open_unit: OpenActingUnit,
    clock: Clock,
) -> tuple[Operator, str]:
    """Record an operator and return it with its token, which nobody will see again.

    Without ``by`` only an administrator can be added, and only while there is none: at first, or when the tokens of
    all have ended, because otherwise nobody could ever act again.

    Raises:
        NotAllowedToDecide: ``by`` is no administrator, or is missing.
        UsageError: the name is empty or in use, or the token would last too long.
    """
    now = clock.now()
    if not name.strip() or not name.isprintable():
        raise UsageError("an operator needs a name of printable characters")
    # Two ways to write one name would be two people, each of whom could approve what the other proposed.
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    account = (account or "").strip() or None
    if not timedelta() < lasts <= LONGEST:
        raise UsageError(f"a token lasts between one and {LONGEST.days} days")
    token = _PREFIX + secrets.token_urlsafe(32)
    operator = Operator(name=name, role=role, account=account, added_at=now, expires_at=now + lasts, revoked_at=None)
    with open_unit() as unit:
        if by is None and any(one.role is Role.ADMIN and one.is_active(now) for one in unit.operators()):
            raise NotAllowedToDecide("operators are added by an administrator: set POSTURE_TOKEN to an admin's token")
        if by is None and role is not Role.ADMIN:
            raise NotAllowedToDecide("there is no active admin: add one first, who can add the others")
        if by is not None:
            require_admin(by, doing="adding operators")
        unit.add_operator(operator, token_hash=token_hash(token))
        unit.record(
            AuditEvent(
                at=now,
                actor=by.name if by else "posture",
                kind=AuditKind.OPERATOR_ADDED,
                tenant_id=None,
                plan_id=None,
                details={
                    "name": operator.name,
                    "role": str(role),
                    "account": account,
                    "expires_at": operator.expires_at.isoformat(),
                },
            )
        )
    return operator, token


def revoke_operator(name: str, *, by: Operator, open_unit: OpenActingUnit, clock: Clock) -> None:
    """End an operator's token at once.

    Raises:
        NotAllowedToDecide: ``by`` is no administrator, or would revoke the last one.
        UsageError: there is no active operator of that name.
    """
    require_admin(by, doing="revoking operators")
    now = clock.now()
    with open_unit() as unit:
        admins = [one for one in unit.operators() if one.role is Role.ADMIN and one.is_active(now)]
        if len(admins) == 1 and admins[0].is_called(name):
            raise NotAllowedToDecide(f"{admins[0].name} is the last active admin; add another one first")
        if not unit.revoke_operator(name, at=now):
            raise UsageError(f'there is no active operator "{name}"; see posture operators list')
        unit.record(
            AuditEvent(
                at=now,
                actor=by.name,
                kind=AuditKind.OPERATOR_REVOKED,
                tenant_id=None,
                plan_id=None,
                details={"name": name},
            )
        )


def login(token: str, *, open_unit: OpenActingUnit, clock: Clock) -> Operator:
    """Return the operator whose token it is; both the yes and the no are on record.

    Raises:
        NotAllowedToDecide: nobody has this token, or it has ended.
    """
    now = clock.now()
    with open_unit() as unit:
        operator = unit.operator_by_token(token_hash(token)) if token.strip() else None
        is_active = operator is not None and operator.is_active(now)
        unit.record(
            AuditEvent(
                at=now,
                actor=operator.name if operator else "unknown",
                kind=AuditKind.LOGGED_IN if is_active else AuditKind.LOGIN_REFUSED,
                tenant_id=None,
                plan_id=None,
                details={},
            )
        )
    if operator is None:
        raise NotAllowedToDecide("no operator has this token; posture operators add makes one")
    if not is_active:
        raise NotAllowedToDecide(f"the token of {operator.name} has ended; an administrator can add a new one")
    return operator


def require_admin(operator: Operator, *, doing: str) -> None:
    """Raise unless the operator is an administrator."""
    if operator.role is not Role.ADMIN:
        raise NotAllowedToDecide(f"{operator.name} is {operator.role}; {doing} needs the role {Role.ADMIN}")
