"""Notices and deliveries in memory, for tests of use cases; they pass the suite of the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from posture.domain.delivery import ClosedChannel, Delivery, DeliveryState, TrendPoint
from posture.domain.notice import Notice
from posture.domain.routing import Errand

_FAILED = (DeliveryState.REFUSED, DeliveryState.GIVEN_UP)


@dataclass(kw_only=True)
class MemoryTelling:
    """What was committed. Tests put ``trends`` in, by tenant, and look at the rest.

    ``notices`` are in the order in which they were recorded, ``errands`` and ``made`` (the delivery that an errand is
    in) by notice and channel, ``claims`` by delivery: who has it until when. ``tries`` are channel and time.
    """

    notices: dict[str, Notice] = field(default_factory=dict)
    routed: dict[str, datetime] = field(default_factory=dict)
    errands: dict[tuple[str, str], tuple[Errand, datetime]] = field(default_factory=dict)
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    claims: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    tries: list[tuple[str, datetime]] = field(default_factory=list)
    failures_told: set[str] = field(default_factory=set)
    closed: dict[str, ClosedChannel] = field(default_factory=dict)
    trends: dict[str, Sequence[TrendPoint]] = field(default_factory=dict)

    @contextmanager
    def open_outbox(self) -> Iterator[MemoryOutbox]:
        """Work on a copy that replaces what was committed if nothing is raised."""
        draft = replace(self, **{each.name: copy(getattr(self, each.name)) for each in fields(self)})
        yield MemoryOutbox(draft)
        for each in fields(self):
            setattr(self, each.name, getattr(draft, each.name))


class MemoryOutbox:
    def __init__(self, draft: MemoryTelling) -> None:
        self._draft = draft

    def add_notices(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self._draft.notices.setdefault(notice.id, notice)

    def unrouted(self, limit: int) -> Sequence[Notice]:
        return [notice for id, notice in self._draft.notices.items() if id not in self._draft.routed][:limit]

    def route(self, notices: Sequence[Notice], errands: Sequence[tuple[Errand, datetime]], *, at: datetime) -> None:
        for errand, due_at in errands:
            self._draft.errands.setdefault((errand.notice.id, errand.channel), (errand, due_at))
        self._draft.routed |= {notice.id: at for notice in notices}

    def due_errands(
        self, channel: str, *, now: datetime, limit: int | None = None
    ) -> Sequence[tuple[Errand, datetime]]:
        found = [self._draft.errands.get((id, channel)) for id in self._draft.notices]
        return [
            (errand, due_at)
            for errand, due_at in filter(None, found)
            if due_at <= now and (errand.notice.id, channel) not in self._draft.made
        ][:limit]

    def add_delivery(self, delivery: Delivery) -> None:
        for id in delivery.notices:
            self._draft.made.setdefault((id, delivery.channel), delivery.id)
        wanted = set(delivery.notices)
        inside = [id for id in self._draft.notices if id in wanted]
        self._draft.deliveries.setdefault(delivery.id, replace(delivery, notices=tuple(inside)))

    def due(self, channel: str, *, now: datetime) -> Sequence[Delivery]:
        waiting = [each for each in self._of(channel, DeliveryState.WAITING) if each.next_try_at <= now]
        return sorted((each for each in waiting if self._is_free(each, now)), key=lambda each: each.since)

    def claim(self, delivery: Delivery, *, worker: str, until: datetime, now: datetime) -> bool:
        kept = self._draft.deliveries.get(delivery.id)
        if kept is None or kept.state is not DeliveryState.WAITING or kept.tries != delivery.tries:
            return False
        if not self._is_free(kept, now):
            return False
        self._draft.claims[delivery.id] = (worker, until)
        return True

    def save_try(self, delivery: Delivery, *, worker: str, now: datetime) -> bool:
        self._draft.tries.append((delivery.channel, now))
        if self._draft.claims.get(delivery.id, (None,))[0] != worker:
            return False
        del self._draft.claims[delivery.id]
        self._write(delivery)
        return True

    def release(self, deliveries: Sequence[Delivery], *, worker: str) -> None:
        for delivery in deliveries:
            if self._draft.claims.get(delivery.id, (None,))[0] == worker:
                del self._draft.claims[delivery.id]

    def tried_since(self, channel: str, since: datetime, *, now: datetime) -> Sequence[datetime]:
        tries = sorted(at for name, at in self._draft.tries if name == channel and at > since)
        claimed = [each for each in self._of(channel, DeliveryState.WAITING) if not self._is_free(each, now)]
        return [*tries, *[now for _ in claimed]]

    def take_failures(self) -> Sequence[Delivery]:
        failed = [each for each in self._draft.deliveries.values() if each.state in _FAILED]
        untold = [each for each in failed if each.id not in self._draft.failures_told]
        self._draft.failures_told |= {each.id for each in untold}
        return untold

    def notices(self, ids: Sequence[str]) -> Mapping[str, Notice]:
        wanted = set(ids)
        return {id: notice for id, notice in self._draft.notices.items() if id in wanted}

    def trend(self, tenant_id: str, *, points: int) -> Sequence[TrendPoint]:
        return self._draft.trends.get(tenant_id, [])[-points:]

    def closed_channels(self) -> Mapping[str, ClosedChannel]:
        return dict(self._draft.closed)

    def close_channel(self, closed: ClosedChannel) -> None:
        self._draft.closed[closed.name] = closed

    def open_channel(self, name: str) -> None:
        self._draft.closed.pop(name, None)

    def unsent(self, channel: str) -> Sequence[Delivery]:
        return self._of(channel, DeliveryState.WAITING, *_FAILED)

    def delivery(self, delivery_id: str) -> Delivery | None:
        return self._draft.deliveries.get(delivery_id)

    def save_delivery(self, delivery: Delivery) -> None:
        self._write(delivery)
        self._draft.failures_told.discard(delivery.id)

    def forget(self, before: datetime) -> None:
        draft = self._draft
        ended = {
            each.id for each in draft.deliveries.values() if each.ended_at is not None and each.ended_at < before
        }
        draft.deliveries = {id: each for id, each in draft.deliveries.items() if id not in ended}
        draft.errands = {key: each for key, each in draft.errands.items() if draft.made.get(key) not in ended}
        draft.made = {key: id for key, id in draft.made.items() if id not in ended}
        needed = {id for id, _ in draft.errands}
        for id, at in list(draft.routed.items()):
            if at < before and id not in needed and not draft.notices[id].event.is_made_anew:
                del draft.notices[id], draft.routed[id]

    def _of(self, channel: str, *states: DeliveryState) -> Sequence[Delivery]:
        return [each for each in self._draft.deliveries.values() if each.channel == channel and each.state in states]

    def _is_free(self, delivery: Delivery, now: datetime) -> bool:
        claim = self._draft.claims.get(delivery.id)
        return claim is None or claim[1] <= now

    def _write(self, delivery: Delivery) -> None:
        kept = self._draft.deliveries.get(delivery.id)
        if kept is not None:
            made_of = {"notices": kept.notices, "channel": kept.channel, "is_digest": kept.is_digest}
            self._draft.deliveries[delivery.id] = replace(delivery, **made_of)
