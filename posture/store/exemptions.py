"""Exemptions that people record with ``posture exempt``. None is ever deleted; ending one leaves a trace."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.exemption import Exemption, RecordedExemption
from posture.errors import UsageError
from posture.store.audit import record
from posture.store.rows import exemption_from, exemption_row
from posture.store.tables import EXEMPTIONS


def add(connection: Connection, exemption: Exemption, *, at: datetime, by: str) -> RecordedExemption:
    """Return the exemption as it is recorded; the audit tells who added it."""
    added = insert(EXEMPTIONS).values(**exemption_row(exemption), added_at=at).returning(EXEMPTIONS)
    recorded = exemption_from(connection.execute(added).mappings().one())
    record(connection, _event(AuditKind.EXEMPTION_ADDED, recorded, at=at, by=by))
    return recorded


def end(connection: Connection, number: int, *, at: datetime, by: str) -> RecordedExemption:
    """Return the exemption after it was ended, or as it is if that was done before; the audit tells who ended it.

    Raises:
        UsageError: there is no exemption with this number.
    """
    ended = connection.execute(
        update(EXEMPTIONS).where(EXEMPTIONS.c.number == number, EXEMPTIONS.c.ended_at.is_(None)).values(ended_at=at)
    )
    row = connection.execute(select(EXEMPTIONS).where(EXEMPTIONS.c.number == number)).mappings().one_or_none()
    if row is None:
        raise UsageError(f"there is no exemption number {number}: posture exempt list shows them")
    recorded = exemption_from(row)
    if ended.rowcount == 1:
        record(connection, _event(AuditKind.EXEMPTION_ENDED, recorded, at=at, by=by))
    return recorded


def _event(kind: AuditKind, recorded: RecordedExemption, *, at: datetime, by: str) -> AuditEvent:
    exemption = recorded.exemption
    return AuditEvent(
        at=at,
        actor=by,
        kind=kind,
        # An exemption names its tenant as the settings do; the settings may name another one so tomorrow.
        tenant_id=None,
        plan_id=None,
        details={
            "number": recorded.number,
            "tenant": exemption.tenant,
            "check": exemption.check,
            "resource_id": exemption.resource_id,
            "owner": exemption.owner,
            "reason": exemption.reason,
            "ends_at": exemption.ends_at.isoformat(),
        },
    )
