"""Channels and what was told through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from posture.bootstrap.views import ChannelLine
from posture.report.job_json import job_json
from posture.report.json_types import COUNT, TEXT, TIME, Schema, list_of, object_of, or_null
from posture.report.scan_json import json_time
from posture.report.telling_json import closed_json, delivery_json, view_json
from posture.report.telling_schema import closed_schema, delivery_schema, view_schema
from posture.web.api.answering import answer, answer_list, answer_page, answers, page_of, shape, whole_list_of
from posture.web.api.asking import MOST_NAMED, WITHOUT_BODY, Body, Name, NoParameters, Paged, PathName, body_of
from posture.web.api.current import CurrentAccess

router = APIRouter(tags=["channels"])


class RetryBody(Body):
    """Which deliveries are tried for another day."""

    deliveries: list[Name] = Field(min_length=1, max_length=MOST_NAMED, description="Ids.")


@router.get("/channels", **answers("Channels"))
def channels(access: CurrentAccess, _: NoParameters) -> Response:
    """List the channels of the settings, and what is on record about them."""
    return answer_list(access.channels(), _channel_json)


@router.post("/channels/{channel}/test", dependencies=[WITHOUT_BODY], **answers("Job", status=202, names_things=True))
def send_sample(access: CurrentAccess, channel: PathName, _: NoParameters) -> Response:
    """Have a sample sent to a channel."""
    return answer(job_json(access.test_channel(channel)), status=202)


@router.get("/deliveries", **answers("Deliveries"))
def deliveries(access: CurrentAccess, query: Annotated[Paged, Query()]) -> Response:
    """List what was told, the newest first."""
    return answer_page(access.deliveries(cursor=query.cursor, limit=query.limit), view_json)


@router.post("/deliveries/retry", **answers("RetriedDeliveries", body=RetryBody, names_things=True))
def retry(
    access: CurrentAccess, _: NoParameters, body: Annotated[RetryBody, Depends(body_of(RetryBody))]
) -> Response:
    """Have deliveries that were refused or given up tried for another day."""
    return answer_list(access.retry_deliveries(body.deliveries), delivery_json)


def _channel_json(line: ChannelLine) -> dict[str, object]:
    return {
        "name": line.name,
        "kind": line.kind,
        "closed": closed_json(line.closed) if line.closed else None,
        "failing": [delivery_json(delivery) for delivery in line.failing],
        "waiting": line.waiting,
        "next_due_at": json_time(line.next_due_at) if line.next_due_at else None,
    }


BODIES: Final[Sequence[type[Body]]] = (RetryBody,)
SHAPES: Final[Mapping[str, Schema]] = {
    "Delivery": delivery_schema(),
    "RetriedDeliveries": whole_list_of("Delivery"),
    "DeliveryLine": view_schema(),
    "Deliveries": page_of("DeliveryLine"),
    "Channel": object_of(
        name=TEXT,
        kind=TEXT,
        closed={"description": "why it takes nothing now; null if it is open", **or_null(closed_schema())},
        failing={"description": "deliveries in trouble", **list_of(shape("Delivery"))},
        waiting={"description": "notices that are in no message yet", **COUNT},
        next_due_at={"description": "when the first of those is due", **or_null(TIME)},
    ),
    "Channels": whole_list_of("Channel"),
}
