"""The boundary of a request: its id, the headers of its answer, and the end of every surprise."""

from __future__ import annotations

import logging
import secrets
import time
from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from posture.web.safety.bodies import Refuse
from posture.web.safety.headers import Headers

if TYPE_CHECKING:
    from posture.web.watching import Watch

_LOG: Final = logging.getLogger(__name__)


class RequestBoundary:
    """Outermost around everything. ``refuse`` answers with a status."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        headers: Headers,
        watch: Watch,
        refuse: Refuse,
    ) -> None:
        self._app = app
        self._headers = headers
        self._watch = watch
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, self._headers, request_id)
        begun = time.perf_counter()
        try:
            with self._watch.traces.span("request", method=scope["method"], request_id=request_id):
                await self._answered(scope, receive, answer, request_id)
        finally:
            self._watch.answered(scope, status=answer.status, seconds=time.perf_counter() - begun)

    async def _answered(self, scope: Scope, receive: Receive, answer: _Answer, request_id: str) -> None:
        try:
            await self._app(scope, receive, answer.send)
        # One of the two broad excepts of posture: a request that fails must not take the page down with it.
        except Exception:
            _LOG.exception("a request failed", extra={"action": "page_broken", "request_id": request_id})
            self._watch.metrics.failed_unexpectedly()
            if answer.is_begun:
                # The connection is cut, so that nobody takes the part that was sent for the whole.
                raise
            await self._refuse(scope, receive, answer.send, 500)


class _Answer:
    def __init__(self, send: Send, headers: Headers, request_id: str) -> None:
        self._send = send
        self._headers = headers
        self._request_id = request_id
        self.status = 0

    @property
    def is_begun(self) -> bool:
        return self.status != 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._complete(MutableHeaders(raw=message.setdefault("headers", [])))
        await self._send(message)

    def _complete(self, headers: MutableHeaders) -> None:
        for name, value in self._headers:
            headers[name.decode()] = value.decode()
        headers["x-request-id"] = self._request_id
        headers.setdefault("cache-control", "no-store")
