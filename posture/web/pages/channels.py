"""Channels: where people are told, what arrived, trying again, and sending a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from posture.bootstrap.views import ChannelLine
from posture.domain.delivery_view import DeliveryView
from posture.domain.judgement import Value
from posture.domain.page import LONGEST_PAGE
from posture.errors import NotThere
from posture.web.current import CurrentAccess
from posture.web.pages.asked import SentForm, all_sent, sent, value_of
from posture.web.pages.exports import FileKind, Table, table_file, time_cell
from posture.web.pages.going import done_at, gone_to
from posture.web.pages.paged import every
from posture.web.render import render

router = APIRouter()

_PAGE: Final = 50
_DONE: Final = {"retry": "It is tried again within a minute."}
_CHANNELS: Final = Table(
    name="channels",
    columns=("channel", "kind", "closed_at", "closed_because", "failing", "waiting", "next_due_at"),
)
_MESSAGES: Final = Table(
    name="messages",
    columns=("id", "channel", "state", "events", "tries", "tried_at", "next_try_at", "ended_at", "note"),
)


@router.get("/channels")
def show_list(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show the channels, and below them one page of messages."""
    return render(
        request,
        "channels/list.html",
        channels=access.channels(),
        page=access.deliveries(cursor=value_of(request, "cursor"), limit=_PAGE),
        may_test=access.may("test_channel"),
        may_retry=access.may("retry_deliveries"),
        done=done_at(request, _DONE),
        problem=None,
    )


@router.get("/channels.{kind}")
def export_channels(access: CurrentAccess, kind: FileKind) -> Response:
    """Send the channels."""
    return table_file(_CHANNELS, map(_channel_row, access.channels()), kind)


@router.get("/messages.{kind}")
def export_messages(access: CurrentAccess, kind: FileKind) -> Response:
    """Send all messages on record."""
    messages = every(lambda cursor: access.deliveries(cursor=cursor, limit=LONGEST_PAGE))
    return table_file(_MESSAGES, map(_message_row, messages), kind)


@router.post("/channels/test")
def test(access: CurrentAccess, form: SentForm) -> Response:
    """Ask a worker to send a sample, and go to the job, which tells how it went."""
    return gone_to(f"/jobs/{access.test_channel(sent(form, 'channel')).id}")


@router.post("/channels/retry")
def retry(access: CurrentAccess, form: SentForm) -> Response:
    """Try messages that did not arrive for another day."""
    ids = all_sent(form, "delivery")
    if not ids:
        raise NotThere("no message was named")
    access.retry_deliveries(ids)
    return gone_to("/channels", done="retry")


def _channel_row(channel: ChannelLine) -> Sequence[Value]:
    closed = channel.closed
    return (
        channel.name,
        channel.kind,
        time_cell(closed.at) if closed else None,
        closed.because if closed else None,
        len(channel.failing),
        channel.waiting,
        time_cell(channel.next_due_at),
    )


def _message_row(view: DeliveryView) -> Sequence[Value]:
    delivery = view.delivery
    return (
        delivery.id,
        delivery.channel,
        delivery.state.value,
        {event.value: count for event, count in view.events.items()},
        delivery.tries,
        time_cell(view.tried_at),
        time_cell(delivery.next_try_at) if delivery.ended_at is None else None,
        time_cell(delivery.ended_at),
        delivery.note,
    )
