"""Try again what did not get through, because somebody has mended what was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from posture.domain.delivery import Delivery, DeliveryState, tried_anew
from posture.errors import UsageError
from posture.usecases.ports import Clock, OpenOutbox, Outbox


def retry_deliveries(ids: Sequence[str], *, open_outbox: OpenOutbox, clock: Clock) -> Sequence[Delivery]:
    """Make deliveries, given by their whole ids, due now, with a day before them, and return them.

    Their channels are opened: else nothing would be sent.

    Raises:
        UsageError: there is no such delivery, or it was sent. Nothing is changed then.
    """
    now = clock.now()
    with open_outbox() as outbox:
        renewed = [_renewed(outbox, delivery_id, now=now) for delivery_id in dict.fromkeys(ids)]
        for channel in dict.fromkeys(delivery.channel for delivery in renewed):
            reopen(outbox, channel, now=now)
    return renewed


def retry_channel(name: str, *, open_outbox: OpenOutbox, clock: Clock) -> Sequence[Delivery]:
    """Open a channel and make everything that was not sent to it due now, with a day before it; return that."""
    now = clock.now()
    with open_outbox() as outbox:
        outbox.open_channel(name)
        renewed = [tried_anew(delivery, now=now) for delivery in outbox.unsent(name)]
        for delivery in renewed:
            outbox.save_delivery(delivery)
    return renewed


def reopen(outbox: Outbox, channel: str, *, now: datetime) -> None:
    """Open a channel if it is closed. What waited meanwhile has a day before it: it was not tried for lack of one."""
    if channel not in outbox.closed_channels():
        return
    outbox.open_channel(channel)
    for delivery in outbox.unsent(channel):
        if delivery.state is DeliveryState.WAITING:
            outbox.save_delivery(tried_anew(delivery, now=now))


def _renewed(outbox: Outbox, delivery_id: str, *, now: datetime) -> Delivery:
    delivery = outbox.delivery(delivery_id)
    if delivery is None:
        raise UsageError(f"there is no delivery {delivery_id}; see posture notify list")
    if delivery.state is DeliveryState.SENT:
        raise UsageError(f"delivery {delivery_id} was sent already: nothing is to be tried again")
    renewed = tried_anew(delivery, now=now)
    outbox.save_delivery(renewed)
    return renewed
