"""Notices: the outbox that is written in the transaction of the change and read by whoever tells people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, exists, select, update

from posture.domain.notice import Event, Notice
from posture.store.batches import in_batches, insert_new
from posture.store.notice_rows import notice_from, notice_row
from posture.store.notice_tables import ERRANDS, NOTICES

_MADE_ANEW: Final = tuple(event.value for event in Event if event.is_made_anew)


def add(connection: Connection, notices: Sequence[Notice]) -> None:
    """Record what people may be told of; what is on record already is left alone."""
    insert_new(connection, NOTICES, [notice_row(notice) for notice in notices])


def unrouted(connection: Connection, limit: int) -> Sequence[Notice]:
    waiting = select(NOTICES).where(NOTICES.c.routed_at.is_(None)).order_by(NOTICES.c.number).limit(limit)
    return [notice_from(row) for row in connection.execute(waiting).mappings()]


def mark_routed(connection: Connection, ids: Sequence[str], *, at: datetime) -> None:
    for batch in in_batches(ids):
        connection.execute(update(NOTICES).where(NOTICES.c.id.in_(batch)).values(routed_at=at))


def by_id(connection: Connection, ids: Sequence[str]) -> Mapping[str, Notice]:
    found: dict[str, Notice] = {}
    for batch in in_batches(ids):
        for row in connection.execute(select(NOTICES).where(NOTICES.c.id.in_(batch))).mappings():
            found[row["id"]] = notice_from(row)
    return found


def latest(connection: Connection, event: Event, *, limit: int) -> Sequence[Notice]:
    """Return the newest notices of an event, the newest first."""
    newest = select(NOTICES).where(NOTICES.c.event == event.value).order_by(NOTICES.c.number.desc()).limit(limit)
    return [notice_from(row) for row in connection.execute(newest).mappings()]


def forget(connection: Connection, before: datetime) -> None:
    """Delete notices that were routed before then and that no errand is about."""
    routed = (NOTICES.c.routed_at < before, NOTICES.c.event.not_in(_MADE_ANEW))
    connection.execute(delete(NOTICES).where(*routed, ~exists().where(ERRANDS.c.notice_id == NOTICES.c.id)))


def forget_unrouted(connection: Connection, tenant_id: str, before: datetime) -> None:
    """Delete notices of a tenant about what happened before then, if no route was looked up for them."""
    waits = (NOTICES.c.routed_at.is_(None), NOTICES.c.at < before)
    connection.execute(delete(NOTICES).where(*waits, NOTICES.c.tenant_id == tenant_id))
