"""Bodies of requests: read whole before anything else, bounded in size and in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST: Final = 1024 * 1024
PATIENCE_SECONDS: Final = 20.0

Refuse = Callable[[Scope, Receive, Send, int], Awaitable[None]]


class BoundedBodies:
    """Refuses bodies over ``LARGEST`` bytes (413) and those that trickle in (408). ``refuse`` answers with a status.

    Reading first costs a megabyte a request at most, and lets page and API refuse alike.
    """

    def __init__(self, app: ASGIApp, *, refuse: Refuse, patience: float = PATIENCE_SECONDS) -> None:
        self._app = app
        self._refuse = refuse
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._patience):
                body = await _read(scope, receive)
        except TimeoutError:
            await self._refuse(scope, receive, send, 408)
            return
        except _Gone:
            return
        if body is None:
            await self._refuse(scope, receive, send, 413)
            return
        await self._app(scope, _replayed(body, receive), send)


class _Gone(Exception):
    """The client left before its body was whole."""


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


async def _read(scope: Scope, receive: Receive) -> bytes | None:
    """Return the body; None if it is too large."""
    told = Headers(scope=scope).get("content-length", "")
    if told.isdecimal() and int(told) > LARGEST:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Gone
        body += message.get("body", b"")
        if len(body) > LARGEST:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return whole.pop() if whole else await receive()

    return again
