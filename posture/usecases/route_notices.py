"""Look up for every notice who is told of it and when; and record that channels do not work, to tell the others."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Final

from posture.domain.delivery import Delivery
from posture.domain.notices_of_channels import failed_notice
from posture.domain.routing import Digest, Routes, errands_of
from posture.usecases.ports import Calendar, OpenOutbox, Outbox
from posture.usecases.telling_events import Routed

_AT_ONCE: Final = 1000


def route_notices(routes: Routes, *, open_outbox: OpenOutbox, calendar: Calendar, now: datetime) -> Routed:
    """Route everything that waits for it, a thousand notices in a transaction, and return how many there were.

    What goes at once is due now, the rest at the next time of its digest.
    """
    notices = errands = 0
    due_at: dict[Digest | None, datetime] = {None: now}
    while True:
        with open_outbox() as outbox:
            _tell_of_failures(outbox, now=now)
            unrouted = outbox.unrouted(_AT_ONCE)
            closed = frozenset(outbox.closed_channels())
            found = [errand for notice in unrouted for errand in errands_of(notice, routes, closed=closed)]
            for digest in {errand.digest for errand in found} - set(due_at):
                due_at[digest] = calendar.next_time(digest, after=now) if digest else now
            outbox.route(unrouted, [(errand, due_at[errand.digest]) for errand in found], at=now)
        notices, errands = notices + len(unrouted), errands + len(found)
        if len(unrouted) < _AT_ONCE:
            return Routed(notices=notices, errands=errands)


def _tell_of_failures(outbox: Outbox, *, now: datetime) -> None:
    """Record one notice for each channel that refused messages or had them given up, since this was last told.

    What consists of such notices only makes no further one, or two broken channels would tell each other for ever.
    """
    failures = outbox.take_failures()
    told = outbox.notices([id for delivery in failures for id in delivery.notices])
    by_channel: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in failures:
        if not all(told[id].event.is_about_telling for id in delivery.notices):
            by_channel[delivery.channel].append(delivery)
    made = [failed_notice(channel, failed, at=now) for channel, failed in by_channel.items()]
    outbox.add_notices([notice for notice in made if notice is not None])
