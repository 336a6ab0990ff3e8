"""One transaction over notices and deliveries: what whoever tells people reads and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from posture.domain.delivery import ClosedChannel, Delivery, TrendPoint
from posture.domain.notice import Notice
from posture.domain.routing import Errand
from posture.store import deliveries, notices, trends
from posture.store.batches import upsert
from posture.store.notice_rows import closed_from, closed_row
from posture.store.notice_tables import CLOSED_CHANNELS


class SqlOutbox:
    """Everything one step of telling reads and writes, kept or dropped together."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_notices(self, new: Sequence[Notice]) -> None:
        """Record notices that wait to be routed; those on record already are left alone."""
        notices.add(self._connection, new)

    def unrouted(self, limit: int) -> Sequence[Notice]:
        """Return notices that no route has been looked up for, in the order in which they were recorded."""
        return notices.unrouted(self._connection, limit)

    def route(self, routed: Sequence[Notice], errands: Sequence[tuple[Errand, datetime]], *, at: datetime) -> None:
        """Record that these notices were routed, and the errands that came of it, each with when it is due."""
        deliveries.add_errands(self._connection, errands)
        notices.mark_routed(self._connection, [notice.id for notice in routed], at=at)

    def due_errands(
        self, channel: str, *, now: datetime, limit: int | None = None
    ) -> Sequence[tuple[Errand, datetime]]:
        """Return the errands to a channel that are due and in no delivery yet, at most so many, in the order of their
        notices."""
        return deliveries.due_errands(self._connection, channel, now=now, limit=limit)

    def add_delivery(self, delivery: Delivery) -> None:
        """Record a delivery; its errands are in it from now on. One that is on record is left alone."""
        deliveries.add(self._connection, delivery)

    def due(self, channel: str, *, now: datetime) -> Sequence[Delivery]:
        """Return deliveries that wait, are due and claimed by nobody, those that wait longest first."""
        return deliveries.due(self._connection, channel, now=now)

    def claim(self, delivery: Delivery, *, worker: str, until: datetime, now: datetime) -> bool:
        """Claim a delivery for a worker if it still waits, nobody tried it since it was read, and nobody holds it at
        ``now``; say whether that worked."""
        return deliveries.claim(self._connection, delivery, worker=worker, until=until, now=now)

    def save_try(self, delivery: Delivery, *, worker: str, now: datetime) -> bool:
        """Write how a try went and give up the claim, if the worker still has it; say whether it had."""
        return deliveries.save_try(self._connection, delivery, worker=worker, now=now)

    def release(self, untried: Sequence[Delivery], *, worker: str) -> None:
        """Give up claims of deliveries that were not tried."""
        deliveries.release(self._connection, untried, worker=worker)

    def tried_since(self, channel: str, since: datetime, *, now: datetime) -> Sequence[datetime]:
        """Return when a channel was tried after ``since``; what is claimed counts as tried at ``now``."""
        return deliveries.tried_since(self._connection, channel, since, now=now)

    def take_failures(self) -> Sequence[Delivery]:
        """Return deliveries that were refused or given up, each only once: whoever takes them tells of them."""
        return deliveries.take_failures(self._connection)

    def notices(self, ids: Sequence[str]) -> Mapping[str, Notice]:
        return notices.by_id(self._connection, ids)

    def trend(self, tenant_id: str, *, points: int) -> Sequence[TrendPoint]:
        """Return what failed in the latest runs of a tenant that were not aborted, the oldest first; what one did not
        evaluate counts as it was last known."""
        return trends.of_tenant(self._connection, tenant_id, points=points)

    def closed_channels(self) -> Mapping[str, ClosedChannel]:
        return closed_channels(self._connection)

    def close_channel(self, closed: ClosedChannel) -> None:
        upsert(self._connection, CLOSED_CHANNELS, [closed_row(closed)], key=("name",))

    def open_channel(self, name: str) -> None:
        self._connection.execute(delete(CLOSED_CHANNELS).where(CLOSED_CHANNELS.c.name == name))

    def unsent(self, channel: str) -> Sequence[Delivery]:
        """Return the deliveries to a channel that wait, were refused or given up, in the order they were made."""
        return deliveries.unsent(self._connection, channel)

    def delivery(self, delivery_id: str) -> Delivery | None:
        return deliveries.by_id(self._connection, delivery_id)

    def save_delivery(self, delivery: Delivery) -> None:
        """Write state and times of a delivery, whoever claims it."""
        deliveries.save(self._connection, delivery)

    def forget(self, before: datetime) -> None:
        """Delete deliveries that ended before then, and notices that were routed before then of which none is left.

        Notices that every scan makes anew stay: they say that it was told.
        """
        deliveries.forget(self._connection, before)
        notices.forget(self._connection, before)


def closed_channels(connection: Connection) -> Mapping[str, ClosedChannel]:
    """Return the channels that take nothing now, by name."""
    ordered = select(CLOSED_CHANNELS).order_by(CLOSED_CHANNELS.c.name)
    return {row["name"]: closed_from(row) for row in connection.execute(ordered).mappings()}
