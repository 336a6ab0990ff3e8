"""Deliveries and the errands in them: made, claimed by compare-and-swap, tried, listed, forgotten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, or_, select, update

from posture.domain.delivery import Delivery, DeliveryState
from posture.domain.routing import Errand
from posture.store.batches import in_batches, insert_new
from posture.store.notice_rows import delivery_from, delivery_row, errand_from, errand_row, progress_row
from posture.store.notice_tables import DELIVERIES, DELIVERY_TRIES, ERRANDS, NOTICES

_WAITS: Final = DELIVERIES.c.state == DeliveryState.WAITING.value
_FAILED: Final = DELIVERIES.c.state.in_([DeliveryState.REFUSED.value, DeliveryState.GIVEN_UP.value])
_UNCLAIMED: Final = {"claimed_by": None, "claimed_until": None}


def add_errands(connection: Connection, errands: Sequence[tuple[Errand, datetime]]) -> None:
    """Record errands, each with when it is due; a notice that goes to a channel already does not go there twice."""
    insert_new(connection, ERRANDS, [errand_row(errand, due_at) for errand, due_at in errands])


def due_errands(
    connection: Connection, channel: str, *, now: datetime, limit: int | None
) -> Sequence[tuple[Errand, datetime]]:
    due = (
        select(ERRANDS, *[column for column in NOTICES.c if column.name != "number"])
        .join_from(ERRANDS, NOTICES, ERRANDS.c.notice_id == NOTICES.c.id)
        .where(ERRANDS.c.channel == channel, ERRANDS.c.delivery_id.is_(None), ERRANDS.c.due_at <= now)
        .order_by(NOTICES.c.number)
        .limit(limit)
    )
    return [(errand_from(row), row["due_at"]) for row in connection.execute(due).mappings()]


def add(connection: Connection, delivery: Delivery) -> None:
    """Record a delivery, if it is not on record, and that its errands are in it."""
    insert_new(connection, DELIVERIES, [delivery_row(delivery) | {"is_failure_told": False} | _UNCLAIMED])
    for batch in in_batches(delivery.notices):
        these = and_(ERRANDS.c.channel == delivery.channel, ERRANDS.c.notice_id.in_(batch))
        unmade = ERRANDS.c.delivery_id.is_(None)
        connection.execute(update(ERRANDS).where(these, unmade).values(delivery_id=delivery.id))


def due(connection: Connection, channel: str, *, now: datetime) -> list[Delivery]:
    wanted = (
        select(DELIVERIES)
        .where(DELIVERIES.c.channel == channel, _WAITS, DELIVERIES.c.next_try_at <= now, _is_free(now))
        .order_by(DELIVERIES.c.since, DELIVERIES.c.number)
    )
    return whole(connection, wanted)


def claim(connection: Connection, delivery: Delivery, *, worker: str, until: datetime, now: datetime) -> bool:
    as_read = (DELIVERIES.c.id == delivery.id, DELIVERIES.c.tries == delivery.tries)
    claimed = update(DELIVERIES).where(*as_read, _WAITS, _is_free(now))
    return connection.execute(claimed.values(claimed_by=worker, claimed_until=until)).rowcount == 1


def save_try(connection: Connection, delivery: Delivery, *, worker: str, now: datetime) -> bool:
    tried = {"delivery_id": delivery.id, "channel": delivery.channel, "at": now}
    connection.execute(insert(DELIVERY_TRIES).values(tried))
    mine = (DELIVERIES.c.id == delivery.id, DELIVERIES.c.claimed_by == worker)
    saved = update(DELIVERIES).where(*mine).values(progress_row(delivery) | _UNCLAIMED)
    return connection.execute(saved).rowcount == 1


def release(connection: Connection, deliveries: Sequence[Delivery], *, worker: str) -> None:
    for batch in in_batches([delivery.id for delivery in deliveries]):
        mine = (DELIVERIES.c.id.in_(batch), DELIVERIES.c.claimed_by == worker)
        connection.execute(update(DELIVERIES).where(*mine).values(_UNCLAIMED))


def tried_since(connection: Connection, channel: str, since: datetime, *, now: datetime) -> Sequence[datetime]:
    tries = select(DELIVERY_TRIES.c.at).where(DELIVERY_TRIES.c.channel == channel, DELIVERY_TRIES.c.at > since)
    claimed = (
        select(func.count()).select_from(DELIVERIES).where(DELIVERIES.c.channel == channel, _WAITS, ~_is_free(now))
    )
    to_come = connection.execute(claimed).scalar_one()
    return [*connection.execute(tries.order_by(DELIVERY_TRIES.c.at)).scalars(), *([now] * to_come)]


def take_failures(connection: Connection) -> list[Delivery]:
    untold = (_FAILED, DELIVERIES.c.is_failure_told.is_(False))
    failures = whole(connection, select(DELIVERIES).where(*untold).order_by(DELIVERIES.c.number))
    if failures:
        connection.execute(update(DELIVERIES).where(*untold).values(is_failure_told=True))
    return failures


def unsent(connection: Connection, channel: str) -> list[Delivery]:
    kept = (DELIVERIES.c.channel == channel, or_(_WAITS, _FAILED))
    return whole(connection, select(DELIVERIES).where(*kept).order_by(DELIVERIES.c.number))


def by_id(connection: Connection, delivery_id: str) -> Delivery | None:
    return next(iter(whole(connection, select(DELIVERIES).where(DELIVERIES.c.id == delivery_id))), None)


def save(connection: Connection, delivery: Delivery) -> None:
    """Write state and times; if it fails again, that will be told again."""
    changed = progress_row(delivery) | {"is_failure_told": False}
    connection.execute(update(DELIVERIES).where(DELIVERIES.c.id == delivery.id).values(changed))


def forget(connection: Connection, before: datetime) -> None:
    """Delete deliveries that ended before then, with their errands and tries."""
    ended = select(DELIVERIES.c.id).where(DELIVERIES.c.ended_at < before)
    for parts in (ERRANDS, DELIVERY_TRIES):
        connection.execute(delete(parts).where(parts.c.delivery_id.in_(ended)))
    connection.execute(delete(DELIVERIES).where(DELIVERIES.c.ended_at < before))


def whole(connection: Connection, wanted: Select[*tuple[object, ...]]) -> list[Delivery]:
    """Return deliveries with their notices, these in the order in which they were recorded."""
    found = connection.execute(wanted).mappings().all()
    notices: dict[str, list[str]] = defaultdict(list)
    for batch in in_batches([row["id"] for row in found]):
        inside = (
            select(ERRANDS.c.delivery_id, ERRANDS.c.notice_id)
            .join_from(ERRANDS, NOTICES, ERRANDS.c.notice_id == NOTICES.c.id)
            .where(ERRANDS.c.delivery_id.in_(batch))
            .order_by(NOTICES.c.number)
        )
        for line in connection.execute(inside):
            notices[line.delivery_id].append(line.notice_id)
    return [delivery_from(row, notices=notices[row["id"]]) for row in found]


def _is_free(now: datetime) -> ColumnElement[bool]:
    """Say of a delivery that nobody holds it."""
    return or_(DELIVERIES.c.claimed_until.is_(None), DELIVERIES.c.claimed_until <= now)
