"""A real mail server on loopback that does as it should, but for what a test tells it to do instead."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult

from posture.simulator.certificates import write_certificates

USERNAME = "posture@example.com"
PASSWORD = "pa55-word~of+the/mailbox"


class Trick(Enum):
    DROP = "the connection ends"
    HANG = "no answer comes"
    DROP_AFTER_354 = "the connection ends in the middle of the message"


Behaviour = Callable[[str], "str | Trick | None"]
"""What to do about a command, given its arguments: a status, a trick, or None for what a server should do."""


@dataclass(frozen=True)
class Received:
    """A mail as it came. ``connection`` counts from 1."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    connection: int


class MailServer:
    """Listens while the context lasts. ``on`` maps commands, GREETING and DATA_END to behaviours.

    ``signed_in`` holds what was signed in with: (user, password), or what XOAUTH2 sent.
    """

    def __init__(
        self,
        directory: Path,
        security: Literal["starttls", "tls", "none"] = "starttls",
        *,
        without: frozenset[str] = frozenset(),
        address: str = "127.0.0.1",
    ) -> None:
        paths = write_certificates(directory)
        self.ca_bundle = paths.ca_bundle
        self.security = security
        self.without = without
        self.address = address
        self.on: dict[str, Behaviour] = {}
        self.seconds_before: dict[str, float] = {}
        self.mails: list[Received] = []
        self.commands: list[str] = []
        self.signed_in: list[object] = []
        self.tokens: set[str] = set()
        self.connections = 0
        self.port = 0
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(paths.certificate, paths.key)
        self._open: list[Conversation] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> MailServer:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _serve(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        tls = self._tls if self.security == "tls" else None
        server = await self._loop.create_server(self._conversation, self.address, 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for conversation in self._open:
            conversation.hang_up()
        for _ in range(10):
            await asyncio.sleep(0)

    def _conversation(self) -> Conversation:
        self.connections += 1
        conversation = Conversation(self, self.connections, self._tls if self.security == "starttls" else None)
        self._open.append(conversation)
        return conversation


class Conversation(SMTP):
    """One connection."""

    line_length_limit = 16_384

    def __init__(self, box: MailServer, number: int, tls: ssl.SSLContext | None) -> None:
        self.box = box
        self.number = number
        super().__init__(
            _Handler(box, number),
            hostname="mail.example.com",
            tls_context=tls,
            auth_require_tls=tls is not None,
            auth_exclude_mechanism=box.without,
            authenticator=self._authenticate_with_password,
            loop=asyncio.get_running_loop(),
        )
        # A token is longer than a command of old; RFC 4954 allows 12,288 octets.
        self.command_size_limits["AUTH"] = 12_288
        self._smtp_methods = {name: self._or_else(name, method) for name, method in self._smtp_methods.items()}

    def _authenticate_with_password(self, _s: Any, _session: Any, _e: Any, _mechanism: str, data: Any) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        self.box.signed_in.append(given)
        return AuthResult(success=given == (USERNAME, PASSWORD), handled=False)

    async def _handle_client(self) -> None:
        if not await self._is_interfered("GREETING", ""):
            await super()._handle_client()

    def _or_else(self, command: str, method: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
        async def answer(arg: Any) -> None:
            if not await self._is_interfered(command, arg or ""):
                await method(arg)

        return answer

    async def _is_interfered(self, command: str, arg: str) -> bool:
        self.box.commands.append(command)
        await asyncio.sleep(self.box.seconds_before.get(command, 0))
        what = self.box.on.get(command, lambda _: None)(arg)
        if what is None:
            return False
        if isinstance(what, str):
            await self.push(what)
            return True
        if what is Trick.DROP_AFTER_354:
            await self.push("354 Go on")
            await self._reader.readline()
        if what is Trick.HANG:
            await asyncio.sleep(3_600)
        self.hang_up()
        return True

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class _Handler:
    def __init__(self, box: MailServer, number: int) -> None:
        self._box = box
        self._number = number

    async def handle_DATA(self, server: Conversation, session: Any, envelope: Any) -> str:  # noqa: N802  (the library looks for it)
        what = self._box.on.get("DATA_END", lambda _: None)(envelope.content.decode())
        if isinstance(what, str) and not what.startswith("2"):
            return what
        received = Received(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content, self._number)
        self._box.mails.append(received)
        if what is Trick.HANG:
            await asyncio.sleep(3_600)
        if what is Trick.DROP:
            server.hang_up()
        return what if isinstance(what, str) else "250 2.0.0 queued"

    async def auth_XOAUTH2(self, server: Conversation, args: list[str]) -> AuthResult:  # noqa: N802  (as above)
        sent = b64decode(args[1], validate=True)
        self._box.signed_in.append(sent)
        _user, _, rest = sent.partition(b"\x01")
        if rest.removeprefix(b"auth=Bearer ").removesuffix(b"\x01\x01").decode() in self._box.tokens:
            return AuthResult(success=True, handled=False, auth_data=sent)
        await server.challenge_auth(json.dumps({"status": "401", "schemes": "Bearer", "scope": "https://outlook"}))
        return AuthResult(success=False, handled=False, message="535 5.7.3 Authentication unsuccessful")
