"""Deliveries as people ask for them and see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from posture.domain.delivery import Delivery, DeliveryState
from posture.domain.notice import Event


@dataclass(frozen=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries to list; an empty tuple or None sets no condition."""

    channels: tuple[str, ...] = ()
    states: tuple[DeliveryState, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeliveryView:
    """A delivery with what it tells: ``events`` maps each kind of happening to how many notices of it there are.

    ``tried_at`` is when it was last tried; None if it never was.
    """

    delivery: Delivery
    events: Mapping[Event, int]
    tried_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class WaitingErrands:
    """What is to be told to a channel and not in any delivery yet: how many notices, and when the first is due."""

    channel: str
    notices: int
    next_due_at: datetime
