"""Operators who sign in with an OpenID provider: it says who they are and what they may do, each time anew."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.judgement import Value
from posture.domain.operator import Operator, Role, is_within, scopes_of
from posture.errors import NotAllowedToDecide, NotThere
from posture.usecases.operators import details_of, fit_name, require_admin, token_hash
from posture.usecases.ports import ActingUnit, Clock, OpenActingUnit


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """What a provider says of somebody. ``subject`` is ``issuer|sub``; ``account`` the user principal name or object
    id in the tenants, if it tells. ``tenants`` are names of the settings, None for all."""

    subject: str
    name: str
    role: Role
    account: str | None
    tenants: frozenset[str] | None


def admit(claimed: Claimed, *, lasts: timedelta, open_unit: OpenActingUnit, clock: Clock) -> Operator:
    """Return the operator who signed in with a provider: recorded at the first time, changed when the provider says
    something else. It counts for ``lasts`` from now. That somebody signed in is on record, or why not.

    A person keeps the name of the first time: plans know by it who proposed them, so who could change it could
    approve plans of their own.

    Raises:
        NotAllowedToDecide: the person was revoked, or the name belongs to another operator.
        UsageError: the name cannot be one.
    """
    now, name = clock.now(), fit_name(claimed.name)
    with open_unit() as unit:
        known = unit.operator_by_subject(claimed.subject)
        refused = _refused(known, known.name if known else name, unit.operators(), now)
        if refused is None:
            operator = _recorded(known, replace(claimed, name=name), now + lasts, unit, now)
            _record(unit, AuditKind.LOGGED_IN, operator.name, {"subject": claimed.subject}, now)
            return operator
        details: dict[str, Value] = {"subject": claimed.subject, "because": refused}
        _record(unit, AuditKind.LOGIN_REFUSED, name, details, now)
    raise NotAllowedToDecide(refused)


def record_refused(subject: str, because: str, *, open_unit: OpenActingUnit, clock: Clock) -> None:
    """Put on record that somebody of whom a provider spoke was not let in, and why."""
    with open_unit() as unit:
        details: dict[str, Value] = {"subject": subject, "because": because}
        _record(unit, AuditKind.LOGIN_REFUSED, "unknown", details, clock.now())


def readmit_operator(name: str, *, by: Operator, open_unit: OpenActingUnit, clock: Clock) -> Operator:
    """Let somebody who was revoked sign in with the provider again, and return the new record, which counts from the
    next sign-in on. What was approved before stays revoked with the old one.

    Raises:
        NotAllowedToDecide: ``by`` is no administrator.
        NotThere: nobody of that name was revoked, or only somebody with more tenants than ``by``.
    """
    require_admin(by, doing="readmitting operators")
    now = clock.now()
    with open_unit() as unit:
        people = [one for one in unit.operators() if one.is_called(name) and one.subject is not None]
        last = people[-1] if people else None
        if last is None or last.revoked_at is None or not is_within(last.tenants, by.tenants):
            raise NotThere(f'no operator "{name}" who signs in with a provider was revoked')
        # The end has come already, so it does not count before the provider has said again who this is.
        again = replace(last, added_at=now, expires_at=now, revoked_at=None)
        unit.add_operator(again, token_hash=_nobodys_token())
        _record(unit, AuditKind.OPERATOR_READMITTED, by.name, {"name": again.name}, now)
    return again


def _refused(known: Operator | None, name: str, operators: Iterable[Operator], now: datetime) -> str | None:
    if known is not None and known.revoked_at is not None:
        return f"{known.name} was revoked; an administrator can readmit them: posture operators readmit"
    for one in operators:
        is_self = known is not None and one.added_at == known.added_at and one.is_called(known.name)
        if one.is_called(name) and one.is_active(now) and not is_self:
            return f"there is another operator {one.name} already; an administrator must revoke that one first"
    return None


def _recorded(
    known: Operator | None, claimed: Claimed, expires_at: datetime, unit: ActingUnit, now: datetime
) -> Operator:
    if known is None:
        operator = Operator(
            name=claimed.name,
            role=claimed.role,
            account=claimed.account,
            added_at=now,
            expires_at=expires_at,
            revoked_at=None,
            tenants=claimed.tenants,
            scopes=scopes_of(claimed.role),
            subject=claimed.subject,
            signed_in_at=None,
        )
        unit.add_operator(operator, token_hash=_nobodys_token())
        _record(unit, AuditKind.OPERATOR_ADDED, "posture", details_of(operator), now)
        return operator
    operator = replace(
        known,
        role=claimed.role,
        account=claimed.account,
        tenants=claimed.tenants,
        scopes=scopes_of(claimed.role),
        expires_at=expires_at,
    )
    unit.change_operator(operator)
    if replace(operator, expires_at=known.expires_at) != known:
        _record(unit, AuditKind.OPERATOR_CHANGED, "posture", details_of(operator), now)
    return operator


def _nobodys_token() -> str:
    """Return the hash of a token that was thrown away: who comes from a provider has none."""
    return token_hash(secrets.token_urlsafe(32))


def _record(unit: ActingUnit, kind: AuditKind, actor: str, details: dict[str, Value], at: datetime) -> None:
    unit.record(AuditEvent(at=at, actor=actor, kind=kind, tenant_id=None, plan_id=None, details=details))
