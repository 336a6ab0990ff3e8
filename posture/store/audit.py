"""Appending to the audit, inside the transaction that does what is recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from posture.domain.audit import AuditEvent, ChainHead, chained
from posture.errors import StoreError
from posture.store.acting_rows import audit_row
from posture.store.acting_tables import AUDIT_EVENTS, AUDIT_HEAD, HEAD_ROW
from posture.store.columns import storable_text

ADVICE: Final = "somebody changed the database; posture audit verify says where, a backup shows what it was"


def record(connection: Connection, event: AuditEvent) -> None:
    """Append an event, chained to the one before. Others who append wait until this transaction has ended.

    Raises:
        StoreError: the audit was tampered with, so nothing can be chained to it and nothing may be done.
    """
    # In PostgreSQL the row is locked, and read as the one who held it before left it; SQLite has one writer anyway.
    only = AUDIT_HEAD.c.id == HEAD_ROW
    found = connection.execute(select(AUDIT_HEAD).where(only).with_for_update()).mappings().one_or_none()
    if found is None:
        raise StoreError(f"the audit has lost its head: {ADVICE}")
    link = chained(as_stored(event), after=ChainHead(number=found["number"], hash=found["hash"]))
    try:
        connection.execute(insert(AUDIT_EVENTS).values(audit_row(link)))
    except IntegrityError as error:
        raise StoreError(f"the audit goes on behind its head, event {link.number - 1}: {ADVICE}") from error
    connection.execute(update(AUDIT_HEAD).where(only).values(number=link.number, hash=link.hash))


def as_stored(event: AuditEvent) -> AuditEvent:
    """Return the event as it comes back from the database: that is what must be hashed."""
    return replace(
        event,
        actor=storable_text(event.actor),
        tenant_id=storable_text(event.tenant_id) if event.tenant_id is not None else None,
        plan_id=storable_text(event.plan_id) if event.plan_id is not None else None,
        # JSON has no NaN and no infinity: they become their names, since an event must not get lost for one of them.
        details=json.loads(json.dumps(dict(event.details)), parse_constant=str),
    )
