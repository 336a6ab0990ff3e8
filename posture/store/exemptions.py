"""Exemptions that people record with ``posture exempt``. None is ever deleted; ending one leaves a trace."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from posture.domain.exemption import Exemption, RecordedExemption
from posture.errors import UsageError
from posture.store.rows import exemption_from, exemption_row
from posture.store.tables import EXEMPTIONS


def add(connection: Connection, exemption: Exemption, *, at: datetime) -> RecordedExemption:
    """Return the exemption as it is recorded."""
    added = insert(EXEMPTIONS).values(**exemption_row(exemption), added_at=at).returning(EXEMPTIONS)
    return exemption_from(connection.execute(added).mappings().one())


def end(connection: Connection, number: int, *, at: datetime) -> RecordedExemption:
    """Return the exemption after it was ended, or as it is if that was done before.

    Raises:
        UsageError: there is no exemption with this number.
    """
    connection.execute(
        update(EXEMPTIONS).where(EXEMPTIONS.c.number == number, EXEMPTIONS.c.ended_at.is_(None)).values(ended_at=at)
    )
    row = connection.execute(select(EXEMPTIONS).where(EXEMPTIONS.c.number == number)).mappings().one_or_none()
    if row is None:
        raise UsageError(f"there is no exemption number {number}: posture exempt list shows them")
    return exemption_from(row)
