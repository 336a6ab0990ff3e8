"""What happens while people are told, as values that the caller may show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from posture.domain.delivery import ClosedChannel, Delivery, Tried


@dataclass(frozen=True, kw_only=True)
class Routed:
    """Routes were looked up for so many notices, and so many errands came of it."""

    notices: int
    errands: int


@dataclass(frozen=True, kw_only=True)
class Told:
    """A delivery was tried; ``delivery`` is how it stands after that."""

    delivery: Delivery
    tried: Tried


@dataclass(frozen=True, kw_only=True)
class ChannelClosed:
    """Nothing is sent to a channel any more until somebody mends it."""

    closed: ClosedChannel


@dataclass(frozen=True, kw_only=True)
class ChannelOpened:
    """A closed channel is set up in another way than before, and used again."""

    channel: str


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A channel has had as many messages as it takes for now: so many deliveries wait ``until`` it takes more."""

    channel: str
    deliveries: int
    until: datetime


TellingEvent = Routed | Told | ChannelClosed | ChannelOpened | Waiting
