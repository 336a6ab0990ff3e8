"""Tell people what has happened: route it, and send what is due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from posture.domain.check import Check, CheckId
from posture.domain.delivery import KEPT_FOR
from posture.domain.plan import PlanState, is_overdue
from posture.domain.routing import Routes
from posture.usecases.expire import expired
from posture.usecases.ports import Calendar, Chance, Channel, Clock, OpenActingUnit, OpenOutbox, PlanQuery
from posture.usecases.retry_deliveries import reopen
from posture.usecases.route_notices import route_notices
from posture.usecases.tell_channel import TellingTools, tell_channel
from posture.usecases.telling_events import ChannelOpened, TellingEvent, Waiting


def send_pending(
    channels: Sequence[Channel],
    *,
    routes: Routes,
    checks: Mapping[CheckId, Check],
    open_outbox: OpenOutbox,
    open_acting_unit: OpenActingUnit,
    calendar: Calendar,
    chance: Chance,
    clock: Clock,
    worker: str,
    only_channel: str | None = None,
) -> Iterator[TellingEvent]:
    """Send what is due now, to every channel or to one, and yield what happens.

    What goes to a channel that is not among ``channels`` waits. ``worker`` names this call alone: two of them may run
    at once, in two processes, and none sends what the other does. That a channel does not work is told to the others
    within the same call.
    """
    now = clock.now()
    expire_overdue(open_acting_unit=open_acting_unit, now=now)
    yield from _open_mended(channels, open_outbox=open_outbox, now=now)
    with open_outbox() as outbox:
        outbox.forget(now - KEPT_FOR)
    tools = TellingTools(open_outbox=open_outbox, checks=checks, chance=chance, clock=clock, worker=worker)
    waiting: dict[str, Waiting] = {}
    rounds = 0
    # Telling makes notices of its own when a channel does not work; it ends, for these make no others.
    while (
        routed := route_notices(routes, open_outbox=open_outbox, calendar=calendar, now=now)
    ).notices or not rounds:
        rounds += 1
        if routed.notices:
            yield routed
        for channel in channels:
            if only_channel is not None and channel.name != only_channel:
                continue
            for event in tell_channel(channel, tools, now=now):
                if isinstance(event, Waiting):
                    waiting[event.channel] = event
                else:
                    yield event
    yield from waiting.values()


def expire_overdue(*, open_acting_unit: OpenActingUnit, now: datetime) -> None:
    """End the plans that have waited too long, so that people are told although nobody looks at them."""
    query = PlanQuery(states=(PlanState.PROPOSED, PlanState.APPROVED))
    with open_acting_unit() as unit:
        for plan in unit.plans(query):
            if is_overdue(plan, now=now):
                expired(plan, unit=unit, now=now)


def _open_mended(channels: Sequence[Channel], *, open_outbox: OpenOutbox, now: datetime) -> Iterator[TellingEvent]:
    """Open closed channels that are set up in another way than when they were closed."""
    with open_outbox() as outbox:
        closed = outbox.closed_channels()
        mended = [
            each.name for each in channels if each.name in closed and each.settings != closed[each.name].settings
        ]
        for name in mended:
            reopen(outbox, name, now=now)
    for name in mended:
        yield ChannelOpened(channel=name)
