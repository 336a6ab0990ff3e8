"""The ASGI application: token host, Graph host and the simulator's own controls on one port."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from posture.simulator.control import Control
from posture.simulator.exchange import Exchange
from posture.simulator.fault_effects import Delivery
from posture.simulator.messages import GraphAnswer, GraphRequest

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_LARGEST_BODY = 4 * 1024 * 1024
_TOO_LARGE = GraphAnswer(status=413, body=b'{"error":{"code":"RequestEntityTooLarge","message":"Body too large."}}')


@dataclass(kw_only=True)
class SimulatorApp:
    """Moves requests and answers between ASGI and the simulator; ``drop`` ends the client's
    connection, at once or after what was written."""

    exchange: Exchange
    control: Control
    now: Callable[[], datetime]
    drop: Callable[[Any, bool], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        request = _request(scope, body or b"")
        delivery = self._delivery(request) if body is not None else Delivery(answer=_TOO_LARGE)
        if delivery.delay:
            await asyncio.sleep(delivery.delay)
        if delivery.is_dropped:
            self.drop(scope["client"], False)
            return
        await self._send(delivery, request, send)
        if delivery.is_cut:
            self.drop(scope["client"], True)

    def _delivery(self, request: GraphRequest) -> Delivery:
        own = self.control.answer(request)
        return Delivery(answer=own) if own is not None else self.exchange.deliver(request)

    async def _send(self, delivery: Delivery, request: GraphRequest, send: Send) -> None:
        answer = delivery.answer
        headers = self._headers(answer.headers, request, len(answer.body), delivery.clock_offset)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        body = answer.body[: len(answer.body) // 2] if delivery.is_cut else answer.body
        await send({"type": "http.response.body", "body": body, "more_body": delivery.is_cut})

    def _headers(
        self, own: Mapping[str, str], request: GraphRequest, length: int, offset: float
    ) -> list[tuple[bytes, bytes]]:
        at = self.now() + timedelta(seconds=offset)
        headers = {"Date": format_datetime(at, usegmt=True), "Content-Length": str(length), **own}
        client_request_id = request.headers.get("client-request-id")
        if client_request_id and client_request_id.isprintable():
            headers["client-request-id"] = client_request_id
        return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


async def _body(receive: Receive) -> bytes | None:
    """Return the whole body, or None if it is too large."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > _LARGEST_BODY:
            return None
    return body


def _request(scope: Scope, body: bytes) -> GraphRequest:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return GraphRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        root=f"{scope['scheme']}://{headers.get('host', 'localhost')}",
    )
