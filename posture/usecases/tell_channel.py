"""Tell one channel what is due: make deliveries, claim them, send them, and write down how each went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from posture.domain.check import Check, CheckId
from posture.domain.delivery import (
    CLAIMED_FOR,
    LONGEST_DIGEST,
    SINGLE_MESSAGES,
    ClosedChannel,
    Delivery,
    Letter,
    Refused,
    Tried,
    TryLater,
    after_try,
    new_delivery,
)
from posture.domain.notices_of_channels import closed_notice
from posture.domain.routing import Errand
from posture.usecases.ports import Chance, Channel, Clock, OpenOutbox, Outbox
from posture.usecases.telling_events import ChannelClosed, TellingEvent, Told, Waiting
from posture.usecases.write_letters import write_letters

# So many are claimed together: more of them might not be sent before their claims end.
_AT_ONCE: Final = 25


@dataclass(frozen=True, kw_only=True)
class TellingTools:
    """Everything that telling needs. ``worker`` names this call alone."""

    open_outbox: OpenOutbox
    checks: Mapping[CheckId, Check]
    chance: Chance
    clock: Clock
    worker: str


@dataclass(frozen=True, kw_only=True)
class _Claimed:
    deliveries: Sequence[Delivery]
    letters: Sequence[Letter]
    waiting: Waiting | None


def tell_channel(channel: Channel, tools: TellingTools, *, now: datetime) -> Iterator[TellingEvent]:
    """Send what was due at ``now`` and yield what comes of it, until all of it was tried once, the channel takes no
    more for now, or it has trouble that is not that of one message."""
    while True:
        claimed = _claimed(channel, tools, now=now)
        if claimed.waiting is not None:
            yield claimed.waiting
        if not claimed.deliveries:
            return
        has_trouble = False
        for event in _delivered(channel, claimed, tools):
            yield event
            has_trouble = has_trouble or (isinstance(event, Told) and _is_trouble(event.tried))
        if has_trouble:
            return


def _claimed(channel: Channel, tools: TellingTools, *, now: datetime) -> _Claimed:
    with tools.open_outbox() as outbox:
        if channel.name in outbox.closed_channels():
            return _Claimed(deliveries=(), letters=(), waiting=None)
        _make_deliveries(outbox, channel.name, now=now)
        due = outbox.due(channel.name, now=now)
        room, until = _room(outbox, channel, now=tools.clock.now())
        if due and room == 0:
            waiting = Waiting(channel=channel.name, deliveries=len(due), until=until)
            return _Claimed(deliveries=(), letters=(), waiting=waiting)
        deliveries = [delivery for delivery in due[:room] if _claim(outbox, delivery, tools)]
        letters = write_letters(deliveries, outbox, checks=tools.checks, now=tools.clock.now())
        return _Claimed(deliveries=deliveries, letters=letters, waiting=None)


def _make_deliveries(outbox: Outbox, channel: str, *, now: datetime) -> None:
    """Put the errands that are due into deliveries: one each if they are few, one for all that come with a digest."""
    due = [errand for errand, _ in outbox.due_errands(channel, now=now, limit=LONGEST_DIGEST)]
    at_once = [errand for errand in due if errand.digest is None]
    if len(at_once) <= SINGLE_MESSAGES:
        for errand in at_once:
            _make_delivery(outbox, channel, [errand], is_digest=False, now=now)
    else:
        _make_delivery(outbox, channel, at_once, is_digest=True, now=now)
    if collected := [errand for errand in due if errand.digest is not None]:
        _make_delivery(outbox, channel, collected, is_digest=True, now=now)


def _make_delivery(
    outbox: Outbox, channel: str, errands: Sequence[Errand], *, is_digest: bool, now: datetime
) -> None:
    ids = [errand.notice.id for errand in errands]
    outbox.add_delivery(new_delivery(channel, ids, is_digest=is_digest, due_at=now))


def _room(outbox: Outbox, channel: Channel, *, now: datetime) -> tuple[int, datetime]:
    """Return how many messages the channel takes now, and when it takes more."""
    allowance = channel.allowance
    if allowance is None:
        return _AT_ONCE, now
    tried = outbox.tried_since(channel.name, now - allowance.within, now=now)
    if len(tried) < allowance.messages:
        return min(allowance.messages - len(tried), _AT_ONCE), now
    return 0, tried[len(tried) - allowance.messages] + allowance.within


def _claim(outbox: Outbox, delivery: Delivery, tools: TellingTools) -> bool:
    now = tools.clock.now()
    return outbox.claim(delivery, worker=tools.worker, until=now + CLAIMED_FOR, now=now)


def _delivered(channel: Channel, claimed: _Claimed, tools: TellingTools) -> Iterator[TellingEvent]:
    """Send the letters and yield how each went, after it was written down."""
    answered = 0
    try:
        for tried, delivery in zip(channel.deliver(claimed.letters), claimed.deliveries, strict=False):
            answered += 1
            yield from _kept(channel, delivery, tried, tools)
    finally:
        # Whatever ended this, the first one without an answer may be on its way: its claim must run out.
        if untried := claimed.deliveries[answered + 1 :]:
            with tools.open_outbox() as outbox:
                outbox.release(untried, worker=tools.worker)


def _kept(channel: Channel, delivery: Delivery, tried: Tried, tools: TellingTools) -> Iterator[TellingEvent]:
    """Write down how one delivery went, and close the channel if that is what it means."""
    now = tools.clock.now()
    after = after_try(delivery, tried, now=now, jitter=tools.chance.share())
    closed = _closed_by(channel, tried, now=now)
    with tools.open_outbox() as outbox:
        is_kept = outbox.save_try(after, worker=tools.worker, now=now)
        is_closed_now = closed is not None and channel.name not in outbox.closed_channels()
        if closed is not None and is_closed_now:
            outbox.close_channel(closed)
            outbox.add_notices([closed_notice(closed)])
    if is_kept:
        yield Told(delivery=after, tried=tried)
    if closed is not None and is_closed_now:
        yield ChannelClosed(closed=closed)


def _closed_by(channel: Channel, tried: Tried, *, now: datetime) -> ClosedChannel | None:
    if isinstance(tried, Refused) and tried.closes_channel:
        return ClosedChannel(name=channel.name, settings=channel.settings, because=tried.because, at=now)
    return None


def _is_trouble(tried: Tried) -> bool:
    """Say whether the next message would have the same trouble."""
    if isinstance(tried, TryLater):
        return not tried.spares_channel
    return isinstance(tried, Refused) and tried.closes_channel
