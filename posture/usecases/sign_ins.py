"""Sign-ins on the page: begun, found again with every request, ended."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.operator import Operator
from posture.domain.sign_in import SignIn
from posture.usecases.operators import token_hash
from posture.usecases.ports import Clock, OpenActingUnit
from posture.usecases.ports.signing_in import OpenSignIns, TouchSignIn

_USED_TO_THE: Final = timedelta(minutes=1)
"""Not every request writes down that a sign-in was used."""


def begin_sign_in(
    operator: Operator,
    *,
    signed_in_at: datetime | None,
    lasts: timedelta,
    sign_out_hint: str | None,
    before: str | None,
    open_sign_ins: OpenSignIns,
    clock: Clock,
) -> tuple[SignIn, str]:
    """Record that somebody signed in and return it with the id for the browser's cookie, which is kept nowhere else.

    ``signed_in_at`` is when they proved who they are, None for now; it is never taken to be later than now.
    ``before`` is the id that the browser had: what went by it has ended, so nobody can wait behind an id of his own
    making.
    """
    now = clock.now()
    proved_at = now if signed_in_at is None else min(signed_in_at, now)
    sign_in = SignIn(
        operator=replace(operator, signed_in_at=proved_at),
        signed_in_at=proved_at,
        started_at=now,
        used_at=now,
        ends_at=now + lasts,
        ended_at=None,
        sign_out_hint=sign_out_hint,
    )
    id = secrets.token_urlsafe(32)
    with open_sign_ins() as sign_ins:
        if before is not None:
            sign_ins.end(token_hash(before), at=now)
        sign_ins.add(sign_in, id_hash=token_hash(id))
    return sign_in, id


def used_sign_in(
    sign_in: SignIn | None, id: str, *, idle: timedelta, touch: TouchSignIn, clock: Clock
) -> SignIn | None:
    """Return the sign-in that was found for an id if it is good, after writing down that it was used; else None."""
    now = clock.now()
    if sign_in is None or not sign_in.is_good(now, idle=idle):
        return None
    if now - sign_in.used_at >= _USED_TO_THE:
        # Nobody waits for it: what is not written down now is with one of the next requests.
        touch(token_hash(id), at=now)
    return sign_in


def end_sign_in(id: str, *, open_sign_ins: OpenSignIns, open_unit: OpenActingUnit, clock: Clock) -> SignIn | None:
    """End a sign-in because the person signed out, and return it as it was; None if there is none."""
    now = clock.now()
    with open_sign_ins() as sign_ins:
        sign_in = sign_ins.find(token_hash(id))
        if sign_in is None or not sign_ins.end(token_hash(id), at=now):
            return None
    with open_unit() as unit:
        unit.record(
            AuditEvent(
                at=now,
                actor=sign_in.operator.name,
                kind=AuditKind.SIGNED_OUT,
                tenant_id=None,
                plan_id=None,
                details={},
            )
        )
    return sign_in


def end_sign_ins(operator: Operator, *, open_sign_ins: OpenSignIns, clock: Clock) -> int:
    """End every sign-in of somebody and return how many there were."""
    with open_sign_ins() as sign_ins:
        return sign_ins.end_all(operator, at=clock.now())
