"""What people ask about telling: deliveries, what still waits, closed channels, notices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from posture.domain.delivery import ClosedChannel, Delivery, TrendPoint
from posture.domain.delivery_view import DeliveryFilter, DeliveryView, WaitingErrands
from posture.domain.notice import Event, Notice
from posture.domain.page import Page
from posture.store import deliveries, notices, numbered_pages, trends
from posture.store.batches import in_batches
from posture.store.notice_tables import DELIVERIES, DELIVERY_TRIES, ERRANDS, NOTICES
from posture.store.outbox import closed_channels

_MOST_ALIKE: Final = 10


class TellingReader:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def deliveries(self, wanted: DeliveryFilter) -> Sequence[DeliveryView]:
        """Return deliveries, the newest first."""
        newest = select(DELIVERIES).order_by(DELIVERIES.c.number.desc()).limit(wanted.limit)
        if wanted.channels:
            newest = newest.where(DELIVERIES.c.channel.in_(wanted.channels))
        if wanted.states:
            newest = newest.where(DELIVERIES.c.state.in_([state.value for state in wanted.states]))
        return self._views(deliveries.whole(self._connection, newest))

    def page(self, *, cursor: str | None, limit: int) -> Page[DeliveryView]:
        """Return one page of deliveries, the newest first.

        Raises:
            UsageError: the cursor is not of a list of deliveries.
        """
        found = numbered_pages.numbers(self._connection, DELIVERIES, cursor=cursor, limit=limit)
        whole = deliveries.whole(self._connection, numbered_pages.rows_of(DELIVERIES, found))
        return numbered_pages.filled(found, self._views(whole))

    def by_prefix(self, prefix: str) -> Sequence[Delivery]:
        """Return deliveries whose id begins like this, ten at most; the caller tells if there are several."""
        alike = DELIVERIES.c.id.startswith(prefix.lower(), autoescape=True)
        return deliveries.whole(
            self._connection, select(DELIVERIES).where(alike).order_by(DELIVERIES.c.id).limit(_MOST_ALIKE)
        )

    def waiting(self) -> Sequence[WaitingErrands]:
        """Return for each channel what is to be told and in no delivery yet, by its name."""
        counted = (
            select(ERRANDS.c.channel, func.count().label("notices"), func.min(ERRANDS.c.due_at).label("next_due_at"))
            .where(ERRANDS.c.delivery_id.is_(None))
            .group_by(ERRANDS.c.channel)
            .order_by(ERRANDS.c.channel)
        )
        return [
            WaitingErrands(channel=row.channel, notices=row.notices, next_due_at=row.next_due_at)
            for row in self._connection.execute(counted)
        ]

    def closed_channels(self) -> Mapping[str, ClosedChannel]:
        """Return the channels that take nothing now, by name."""
        return closed_channels(self._connection)

    def latest_notices(self, event: Event, *, limit: int) -> Sequence[Notice]:
        """Return the newest notices of an event, the newest first."""
        return notices.latest(self._connection, event, limit=limit)

    def trend(self, tenant_id: str, *, points: int) -> Sequence[TrendPoint]:
        """Return what failed in the latest runs of a tenant that were not aborted, the oldest first; what one did not
        evaluate counts as it was last known."""
        return trends.of_tenant(self._connection, tenant_id, points=points)

    def _views(self, found: Sequence[Delivery]) -> list[DeliveryView]:
        ids = [delivery.id for delivery in found]
        events, tried_at = self._events(ids), self._tried_at(ids)
        return [
            DeliveryView(delivery=each, events=events.get(each.id, {}), tried_at=tried_at.get(each.id))
            for each in found
        ]

    def _events(self, ids: Sequence[str]) -> Mapping[str, Mapping[Event, int]]:
        counts: dict[str, dict[Event, int]] = defaultdict(dict)
        for batch in in_batches(ids):
            counted = (
                select(ERRANDS.c.delivery_id, NOTICES.c.event, func.count().label("notices"))
                .join_from(ERRANDS, NOTICES, ERRANDS.c.notice_id == NOTICES.c.id)
                .where(ERRANDS.c.delivery_id.in_(batch))
                .group_by(ERRANDS.c.delivery_id, NOTICES.c.event)
                .order_by(func.min(NOTICES.c.number))
            )
            for row in self._connection.execute(counted):
                counts[row.delivery_id][Event(row.event)] = row.notices
        return counts

    def _tried_at(self, ids: Sequence[str]) -> Mapping[str, datetime]:
        tried: dict[str, datetime] = {}
        for batch in in_batches(ids):
            last = (
                select(DELIVERY_TRIES.c.delivery_id, func.max(DELIVERY_TRIES.c.at).label("tried_at"))
                .where(DELIVERY_TRIES.c.delivery_id.in_(batch))
                .group_by(DELIVERY_TRIES.c.delivery_id)
            )
            for row in self._connection.execute(last):
                tried[row.delivery_id] = row.tried_at
        return tried
