"""Answers that are held back until they are whole."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send


class Collected:
    """An answer that is held back until it is whole."""

    def __init__(self) -> None:
        self.status = 0
        self.body = b""
        self._start: Message = {}

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    @property
    def headers(self) -> MutableHeaders:
        return MutableHeaders(raw=self._start["headers"])

    def become(self, status: int, body: bytes) -> None:
        """Answer with another status and body."""
        self.status = self._start["status"] = status
        self.body = body

    async def send(self, send: Send) -> None:
        await send(self._start)
        await send({"type": "http.response.body", "body": self.body})
