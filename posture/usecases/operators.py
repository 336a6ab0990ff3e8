"""Operators: made, signed in by a token, revoked. A token is shown once and kept only as a hash."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.judgement import Value
from posture.domain.operator import Operator, Role, Scope, as_on_record, is_within, scopes_of
from posture.errors import NotAllowedToDecide, UsageError
from posture.usecases.ports import Clock, OpenActingUnit

_PREFIX: Final = "posture_"
_LONGEST_NAME: Final = 200
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
    tenants: frozenset[str] | None = None,
    scopes: frozenset[Scope] | None = None,
    by: Operator | None,
    open_unit: OpenActingUnit,
    clock: Clock,
) -> tuple[Operator, str]:
    """Record an operator and return it with its token, which nobody will see again.

    ``tenants`` limits it to tenants of these names, ``scopes`` the token to these uses; None sets no limit.
    Without ``by`` only an administrator without limits can be added, and only while there is none: at first, or when
    the tokens of all have ended, because otherwise nobody could ever act again.

    Raises:
        NotAllowedToDecide: ``by`` is no administrator, is missing, or would make an operator who may do more.
        UsageError: the name is empty or in use, the token would last too long, or the role does not have a scope.
    """
    now = clock.now()
    account = (account or "").strip() or None
    if not timedelta() < lasts <= LONGEST:
        raise UsageError(f"a token lasts between one and {LONGEST.days} days")
    token = _PREFIX + secrets.token_urlsafe(32)
    operator = Operator(
        name=fit_name(name),
        role=role,
        account=account,
        added_at=now,
        expires_at=now + lasts,
        revoked_at=None,
        tenants=tenants,
        scopes=_fit_scopes(scopes, role),
        subject=None,
        signed_in_at=None,
    )
    with open_unit() as unit:
        if by is None:
            _require_first(operator, unit.operators(), now)
        else:
            require_admin(as_on_record(by, unit.operators()), doing="adding operators")
            _require_no_more(operator, by)
        unit.add_operator(operator, token_hash=token_hash(token))
        unit.record(
            AuditEvent(
                at=now,
                actor=by.name if by else "posture",
                kind=AuditKind.OPERATOR_ADDED,
                tenant_id=None,
                plan_id=None,
                details=details_of(operator),
            )
        )
    return operator, token


def fit_name(name: str) -> str:
    """Return a name as it is kept.

    Raises:
        UsageError: it has nothing to print, or what cannot be printed.
    """
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise UsageError(f"an operator needs a name of printable characters, at most {_LONGEST_NAME} of them")
    # Two ways to write one name would be two people, each of whom could approve what the other proposed.
    return " ".join(unicodedata.normalize("NFKC", name).split())


def details_of(operator: Operator) -> dict[str, Value]:
    """Return what the audit keeps of an operator."""
    return {
        "name": operator.name,
        "role": str(operator.role),
        "account": operator.account,
        "expires_at": operator.expires_at.isoformat(),
        "tenants": None if operator.tenants is None else [*sorted(operator.tenants)],
        "scopes": [*sorted(operator.scopes)],
        **({} if operator.subject is None else {"subject": operator.subject}),
    }


def _fit_scopes(scopes: frozenset[Scope] | None, role: Role) -> frozenset[Scope]:
    if scopes is None:
        return scopes_of(role)
    if not scopes:
        raise UsageError("a token without any scope is for nothing; give at least one")
    beyond = sorted(scopes - scopes_of(role))
    if beyond:
        raise UsageError(f"the role {role} does not have the scope {beyond[0]}; it has: {_listed(scopes_of(role))}")
    return scopes


def _require_first(operator: Operator, known: Sequence[Operator], now: datetime) -> None:
    if any(one.administers_everything and one.is_active(now) for one in known):
        raise NotAllowedToDecide("operators are added by an administrator: set POSTURE_TOKEN to an admin's token")
    if operator.role is not Role.ADMIN:
        raise NotAllowedToDecide("there is no active admin: add one first, who can add the others")
    if not operator.administers_everything:
        raise NotAllowedToDecide(
            "the first admin can have no limits: without one for everything nobody can lift them"
        )


def _require_no_more(operator: Operator, by: Operator) -> None:
    """Refuse an operator who may do more than the administrator who adds it."""
    if not is_within(operator.tenants, by.tenants):
        raise NotAllowedToDecide(
            f"{by.name} is limited to {_listed(by.tenants or ())} and can add operators for these tenants only"
        )
    beyond = operator.scopes - by.scopes
    if beyond:
        raise NotAllowedToDecide(
            f"the token of {by.name} is not for {_listed(beyond)}, so it cannot make one that is"
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no tenant"


def revoke_operator(name: str, *, by: Operator, open_unit: OpenActingUnit, clock: Clock) -> None:
    """End an operator's token at once.

    Raises:
        NotAllowedToDecide: ``by`` is no administrator, or would revoke the last one.
        UsageError: there is no active operator of that name.
    """
    require_admin(by, doing="revoking operators")
    now = clock.now()
    with open_unit() as unit:
        active = [one for one in unit.operators() if one.is_active(now)]
        admins = [one for one in active if one.administers_everything]
        if len(admins) == 1 and admins[0].is_called(name):
            raise NotAllowedToDecide(f"{admins[0].name} is the last active admin; add another one first")
        for one in active:
            if one.is_called(name) and not is_within(one.tenants, by.tenants):
                raise NotAllowedToDecide(f"{one.name} is for more tenants than {by.name}, who cannot revoke them")
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


def login(token: str, *, address: str | None = None, open_unit: OpenActingUnit, clock: Clock) -> Operator:
    """Return the operator whose token it is; both the yes and the no are on record, with the network address that it
    came from, if it came from one.

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
                details={} if address is None else {"address": address},
            )
        )
    if operator is None:
        raise NotAllowedToDecide("no operator has this token; posture operators add makes one")
    if not is_active:
        raise NotAllowedToDecide(f"the token of {operator.name} has ended; an administrator can add a new one")
    return operator


def require_for(operator: Operator, tenant: str | None) -> None:
    """Raise unless the operator is for the tenant of this name; None: for all of them."""
    if tenant is None and not operator.sees_everything:
        raise NotAllowedToDecide(f"{operator.name} is limited to {_listed(operator.tenants or ())}; name one of them")
    if tenant is not None and not operator.sees(tenant):
        raise NotAllowedToDecide(f"{operator.name} is not for the tenant {tenant}")


def require_admin(operator: Operator, *, doing: str) -> None:
    """Raise unless the operator is an administrator and the token is for administering."""
    if operator.role is not Role.ADMIN:
        raise NotAllowedToDecide(f"{operator.name} is {operator.role}; {doing} needs the role {Role.ADMIN}")
    if not operator.may(Scope.ADMINISTER):
        raise NotAllowedToDecide(f"this token of {operator.name} is not for {Scope.ADMINISTER}, which {doing} needs")
