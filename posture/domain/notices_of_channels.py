"""Notices about telling itself: a channel that takes nothing any more, messages that did not get through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from posture.domain.delivery import ClosedChannel, Delivery
from posture.domain.notice import Event, Notice, digest_of, iso
from posture.domain.severity import Severity


def closed_notice(closed: ClosedChannel) -> Notice:
    """Return the notice that a channel was closed. Facts: ``channel``, ``because``."""
    return _notice(
        Event.CHANNEL_CLOSED,
        closed.name,
        because=closed.because,
        messages=0,
        at=closed.at,
        key=digest_of(closed.name, closed.settings, closed.at.isoformat()),
    )


def failed_notice(channel: str, undelivered: Sequence[Delivery], *, at: datetime) -> Notice | None:
    """Return the notice that messages to a channel were refused or given up; None if there are none.

    Facts: ``channel``, ``because`` (of the first one), ``messages`` (how many).
    """
    if not undelivered:
        return None
    return _notice(
        Event.CHANNEL_FAILED,
        channel,
        because=undelivered[0].note or "",
        messages=len(undelivered),
        at=at,
        # When they ended belongs to it: what is tried anew may fail anew.
        key=digest_of(*sorted(f"{delivery.id} {iso(delivery.ended_at)}" for delivery in undelivered)),
    )


def _notice(event: Event, channel: str, *, because: str, messages: int, at: datetime, key: str) -> Notice:
    return Notice(
        id=digest_of(event.value, key),
        event=event,
        at=at,
        tenant_id=None,
        tenant_name=None,
        severity=Severity.HIGH,
        check=None,
        resource_type=None,
        about=channel,
        facts={"channel": channel, "because": because, "messages": messages},
    )
