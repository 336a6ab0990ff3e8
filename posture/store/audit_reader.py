"""Reading the audit, and finding out whether somebody rewrote it."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, select
from sqlalchemy.exc import DataError, DBAPIError

from posture.domain.audit import AuditKind, ChainedEvent, ChainHead, first_break
from posture.domain.page import Page
from posture.errors import StoreError
from posture.store import numbered_pages
from posture.store.acting_rows import link_from
from posture.store.acting_tables import AUDIT_EVENTS, AUDIT_HEAD, HEAD_ROW
from posture.store.audit import ADVICE

_PAGE: Final = 500


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which events to list; None sets no condition. ``since`` is inclusive. ``limit`` keeps the newest ones."""

    tenant_id: str | None = None
    plan_id: str | None = None
    actor: str | None = None
    since: datetime | None = None
    limit: int | None = None


class AuditReader:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def events(self, wanted: AuditFilter) -> Iterator[ChainedEvent]:
        """Yield events, the oldest first; streamed.

        Raises:
            StoreError: somebody changed an event so that it cannot be read any more.
        """
        found = select(AUDIT_EVENTS).where(*_conditions(wanted))
        if wanted.limit is not None:
            newest = found.with_only_columns(AUDIT_EVENTS.c.number).order_by(AUDIT_EVENTS.c.number.desc())
            found = select(AUDIT_EVENTS).where(AUDIT_EVENTS.c.number.in_(newest.limit(wanted.limit)))
        try:
            yield from self._links(found)
        except _UnreadableEvent as unreadable:
            raise StoreError(f"{unreadable}: {ADVICE}") from unreadable

    def page(
        self,
        *,
        tenant_ids: Collection[str] | None,
        kind: AuditKind | None,
        plan_id: str | None,
        cursor: str | None,
        limit: int,
    ) -> Page[ChainedEvent]:
        """Return one page of events, the newest first: about these tenants, or with None about any and none.

        Raises:
            StoreError: somebody changed an event so that it cannot be read any more.
            UsageError: the cursor is not of a list of events.
        """
        conditions = [*_conditions(AuditFilter(plan_id=plan_id))]
        if tenant_ids is not None:
            conditions.append(AUDIT_EVENTS.c.tenant_id.in_(sorted(tenant_ids)))
        if kind is not None:
            conditions.append(AUDIT_EVENTS.c.kind == kind.value)
        found = numbered_pages.numbers(self._connection, AUDIT_EVENTS, *conditions, cursor=cursor, limit=limit)
        try:
            links = list(self._links(select(AUDIT_EVENTS).where(AUDIT_EVENTS.c.number.in_(found.items))))
        except _UnreadableEvent as unreadable:
            raise StoreError(f"{unreadable}: {ADVICE}") from unreadable
        return numbered_pages.filled(found, links[::-1])

    def head(self) -> ChainHead | None:
        """Return what the chain must end with; None if somebody removed it."""
        only = select(AUDIT_HEAD).where(AUDIT_HEAD.c.id == HEAD_ROW)
        row = self._connection.execute(only).mappings().one_or_none()
        return ChainHead(number=row["number"], hash=row["hash"]) if row is not None else None

    def first_break(self) -> str | None:
        """Return the first place where the audit was tampered with, as a sentence; None if it was not.

        Whoever removes the newest events and puts the head of before in place is not found out in this way: compare
        the head with one that was kept elsewhere.
        """
        head = self.head()
        if head is None:
            return "the head of the audit was removed: nobody knows how many events were written"
        try:
            with closing(self._links(select(AUDIT_EVENTS))) as links:
                return first_break(links, head=head)
        except _UnreadableEvent as unreadable:
            return str(unreadable)

    def _links(self, found: Select[*tuple[object, ...]]) -> Generator[ChainedEvent, None, None]:
        """Yield events as they are on record.

        Raises:
            _UnreadableEvent: what is on record there was not written by posture.
        """
        ordered = found.order_by(AUDIT_EVENTS.c.number).execution_options(yield_per=_PAGE)
        last = 0
        with self._connection.execute(ordered) as result:
            rows = iter(result.mappings())
            while (link := _next_link(rows, last=last)) is not None:
                last = link.number
                yield link


class _UnreadableEvent(Exception):
    """A row of the audit cannot be an event of posture."""


def _next_link(rows: Iterator[RowMapping], *, last: int) -> ChainedEvent | None:
    try:
        row = next(rows, None)
        return link_from(row) if row is not None else None
    except (ValueError, TypeError, RecursionError, DBAPIError) as error:
        if isinstance(error, DBAPIError) and not _is_about_a_value(error):
            raise
        raise _UnreadableEvent(f"an event after event {last} was changed and cannot be read") from error


def _is_about_a_value(error: DBAPIError) -> bool:
    """Tell a value that the driver cannot read from a database that fails, which SQLite gives an error code."""
    return isinstance(error, DataError) or "Could not decode" in str(error.orig)


def _conditions(wanted: AuditFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.tenant_id is not None:
        yield AUDIT_EVENTS.c.tenant_id == wanted.tenant_id
    if wanted.plan_id is not None:
        yield AUDIT_EVENTS.c.plan_id == wanted.plan_id
    if wanted.actor is not None:
        yield AUDIT_EVENTS.c.actor == wanted.actor
    if wanted.since is not None:
        yield AUDIT_EVENTS.c.at >= wanted.since
