"""Deliveries: what one channel is to be told, tried until it arrives, is refused, or a day has passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from posture.domain.check import Check, CheckId
from posture.domain.notice import Notice, digest_of
from posture.domain.severity import Severity

TRIED_FOR: Final = timedelta(days=1)
"""How long a delivery is tried, from when it was first due or somebody asked to try it again."""
CLAIMED_FOR: Final = timedelta(minutes=15)
"""How long a worker that claimed a delivery may take; then another one may try it."""
KEPT_FOR: Final = timedelta(days=400)
"""How long it stays on record what was told to whom."""
UNROUTED_FOR: Final = timedelta(days=30)
"""How long what happened waits for somebody to look up its routes: settings may have no channels, for now or ever."""
SINGLE_MESSAGES: Final = 10
"""So many notices that are due at once are told one by one; more of them are told as one digest."""
LONGEST_DIGEST: Final = 10_000
"""So many notices are told in one digest; more of them make several, so that all fit into memory."""
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=2)


class DeliveryState(StrEnum):
    """``REFUSED``: the channel will not take this one, however often it is tried. ``GIVEN_UP``: tried for a day."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    GIVEN_UP = "given_up"


UNDELIVERED: Final = (DeliveryState.WAITING, DeliveryState.REFUSED, DeliveryState.GIVEN_UP)
UNDELIVERED_FOR: Final = timedelta(days=7)
"""How long a delivery that was refused or given up is told as one of the channel's troubles."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """``id`` is made of the channel and the notices: it is the message's id wherever one can be given, so that who
    gets it twice can tell. ``since`` is when it was first due. ``note`` is a sentence about the last try: why it went
    wrong, or what is to be known although it went well; None before the first.
    """

    id: str
    channel: str
    notices: tuple[str, ...]
    is_digest: bool
    since: datetime
    state: DeliveryState
    tries: int
    next_try_at: datetime
    ended_at: datetime | None
    note: str | None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The channel took it. ``note`` says what is to be known all the same: one recipient was refused."""

    note: str | None


@dataclass(frozen=True, kw_only=True)
class TryLater:
    """It did not work this time. ``after`` is how long the channel wants to be left alone; None if it did not say.

    ``spares_channel``: the trouble is that of this message; the next one may be tried at once.
    """

    because: str
    after: timedelta | None
    spares_channel: bool = False


@dataclass(frozen=True, kw_only=True)
class Refused:
    """It will never work like this. ``closes_channel``: nor will any other message, until somebody mends the
    channel."""

    because: str
    closes_channel: bool


Tried = Sent | TryLater | Refused


@dataclass(frozen=True, kw_only=True)
class TrendPoint:
    """How many things failed as of one run, by severity; what it did not evaluate counts as it was last known. Runs
    that were aborted have no point."""

    at: datetime
    failed: Mapping[Severity, int]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a channel puts into words: the notices of one delivery, the worst first, and what goes with them.

    ``checks`` holds those that the notices are about, as far as they still exist. ``trends`` maps a tenant's name to
    its latest runs, the oldest first; empty for tenants without any.
    """

    id: str
    is_digest: bool
    notices: tuple[Notice, ...]
    checks: Mapping[CheckId, Check]
    trends: Mapping[str, Sequence[TrendPoint]]
    written_at: datetime


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """A channel takes so many messages within a time."""

    messages: int
    within: timedelta


@dataclass(frozen=True, kw_only=True)
class ClosedChannel:
    """A channel that will take nothing until somebody mends it. ``settings`` is the digest of how it was set up."""

    name: str
    settings: str
    because: str
    at: datetime


def new_delivery(channel: str, notices: Sequence[str], *, is_digest: bool, due_at: datetime) -> Delivery:
    """Return a delivery that waits; the same notices to the same channel make the same id."""
    return Delivery(
        id=digest_of("delivery", channel, *sorted(notices)),
        channel=channel,
        notices=tuple(notices),
        is_digest=is_digest,
        since=due_at,
        state=DeliveryState.WAITING,
        tries=0,
        next_try_at=due_at,
        ended_at=None,
        note=None,
    )


def after_try(delivery: Delivery, tried: Tried, *, now: datetime, jitter: float) -> Delivery:
    """Return the delivery after one try. ``jitter`` from 0 to 1 spreads the next ones.

    A refusal that closes the channel leaves the delivery waiting: it goes out when the channel is open again.
    """
    done = replace(delivery, tries=delivery.tries + 1)
    match tried:
        case Sent(note=note):
            return replace(done, state=DeliveryState.SENT, ended_at=now, note=note)
        case Refused(because=because, closes_channel=False):
            return replace(done, state=DeliveryState.REFUSED, ended_at=now, note=because)
        case Refused(because=because):
            return replace(done, next_try_at=now, note=because)
    next_try_at = now + max(_pause(done.tries, jitter), tried.after or timedelta(0))
    if next_try_at - done.since > TRIED_FOR:
        return replace(done, state=DeliveryState.GIVEN_UP, ended_at=now, note=tried.because)
    return replace(done, next_try_at=next_try_at, note=tried.because)


def is_failing(delivery: Delivery, *, since: datetime) -> bool:
    """Say whether an undelivered one has failed and waits, or was refused or given up since then."""
    return delivery.tries > 0 if delivery.ended_at is None else delivery.ended_at >= since


def tried_anew(delivery: Delivery, *, now: datetime) -> Delivery:
    """Return the delivery as one that is due now and has a day before it; one that was sent stays as it is."""
    if delivery.state is DeliveryState.SENT:
        return delivery
    return replace(delivery, state=DeliveryState.WAITING, since=now, next_try_at=now, tries=0, ended_at=None)


def _pause(tries: int, jitter: float) -> timedelta:
    """Return 1, 2, 4, … minutes up to two hours, half of it and up to as much again by chance."""
    doubled = min(_FIRST_PAUSE * (1 << min(tries - 1, 10)), _LONGEST_PAUSE)
    return doubled * (0.5 + jitter)
