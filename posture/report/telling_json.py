"""What was told and what waits, as JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from posture.domain.delivery import ClosedChannel, Delivery, Refused, Sent, Tried, TryLater
from posture.domain.delivery_view import DeliveryView, WaitingErrands
from posture.report.scan_json import json_time

LIST_SCHEMA: Final = "posture.deliveries/1"
SENDING_SCHEMA: Final = "posture.sending/1"


def list_document(
    views: Sequence[DeliveryView], waiting: Sequence[WaitingErrands], closed: Sequence[ClosedChannel]
) -> dict[str, object]:
    """Return what ``posture notify list`` writes."""
    return {
        "schema": LIST_SCHEMA,
        "deliveries": [view_json(view) for view in views],
        "waiting": [
            {"channel": each.channel, "notices": each.notices, "next_due_at": json_time(each.next_due_at)}
            for each in waiting
        ],
        "closed": [closed_json(each) for each in closed],
    }


def sending_document(
    told: Sequence[tuple[Delivery, Tried]],
    *,
    closed: Sequence[ClosedChannel],
    postponed: Mapping[str, datetime],
    unusable: Mapping[str, str],
) -> dict[str, object]:
    """Return what ``posture notify send`` writes."""
    return {
        "schema": SENDING_SCHEMA,
        "tried": [_tried_json(delivery, tried) for delivery, tried in told],
        "closed": [closed_json(each) for each in closed],
        "postponed": [{"channel": name, "until": json_time(until)} for name, until in sorted(postponed.items())],
        "unusable": [{"channel": name, "because": because} for name, because in sorted(unusable.items())],
    }


def delivery_json(delivery: Delivery) -> dict[str, object]:
    """Return a delivery; ``notices`` counts them."""
    return {
        "id": delivery.id,
        "channel": delivery.channel,
        "is_digest": delivery.is_digest,
        "notices": len(delivery.notices),
        "state": delivery.state.value,
        "since": json_time(delivery.since),
        "tries": delivery.tries,
        "next_try_at": json_time(delivery.next_try_at) if delivery.ended_at is None else None,
        "ended_at": json_time(delivery.ended_at) if delivery.ended_at else None,
        "note": delivery.note,
    }


def closed_json(closed: ClosedChannel) -> dict[str, object]:
    return {"channel": closed.name, "because": closed.because, "at": json_time(closed.at)}


def outcome_of(tried: Tried) -> str:
    """Return how a try went, in one word."""
    match tried:
        case Sent():
            return "sent"
        case TryLater():
            return "later"
        case Refused():
            return "refused"


def note_of(tried: Tried) -> str | None:
    """Return what there is to say about a try."""
    return tried.note if isinstance(tried, Sent) else tried.because


def view_json(view: DeliveryView) -> dict[str, object]:
    """Return a delivery with what it tells: ``events`` counts notices by what happened."""
    return delivery_json(view.delivery) | {
        "events": {event.value: count for event, count in view.events.items()},
        "tried_at": json_time(view.tried_at) if view.tried_at else None,
    }


def _tried_json(delivery: Delivery, tried: Tried) -> dict[str, object]:
    return delivery_json(delivery) | {"outcome": outcome_of(tried), "said": note_of(tried)}
