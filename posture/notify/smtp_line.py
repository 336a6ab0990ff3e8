"""One connection to a mail server: made once, used for many mails, never made again after trouble."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

import aiosmtplib
from aiosmtplib.auth import auth_xoauth2_encode

from posture.domain.delivery import Refused, Sent, Tried, TryLater
from posture.domain.printable import printable
from posture.errors import PostureError
from posture.notify.smtp_replies import (
    Hiding,
    Reply,
    Stage,
    may_pass,
    nobody_taken,
    note_on,
    oauth_complaint,
    refusal,
)
from posture.notify.smtp_server import SmtpServer, lost_sentence, own_name, secrets_of

T = TypeVar("T")

_ANSWERS_OF_A_MAIL: Final = 6
"""So many times the patience for one answer may all answers about one mail take."""
_GOODBYE_SECONDS: Final = 5.0
_CLOSING_TURNS: Final = 5
_CONTINUE: Final = 334
_SIGNED_IN: Final = 235


class _No(Exception):
    """The server refused something, or cannot do what it is needed for."""

    def __init__(self, tried: Tried) -> None:
        super().__init__()
        self.tried = tried


class _Client(aiosmtplib.SMTP):
    def close(self) -> None:
        """Close the connection at once: a TLS transport would wait for its peer longer than the event loop lives."""
        transport = self.transport
        super().close()
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()


@dataclass(frozen=True, kw_only=True)
class _Round:
    """What became of the recipients of one transaction: refused for good, or for now."""

    accepted: int
    refused: Mapping[str, Reply]
    deferred: Mapping[str, Reply]


class SmtpLine:
    """A context manager; the first mail opens the connection. ``token`` is used for XOAUTH2 if there is one."""

    def __init__(self, server: SmtpServer, *, token: str | None) -> None:
        self._server = server
        self._token = token
        self._hiding = Hiding(secrets_of(server, token))
        self._client: _Client | None = None
        self._is_sound = False
        self._in_transaction = False

    def __enter__(self) -> SmtpLine:
        self._runner = asyncio.Runner()
        return self

    def __exit__(self, *_: object) -> None:
        with self._runner:
            self._runner.run(self._close())

    def send(self, mail: bytes) -> Tried:
        """Send a mail to all recipients and return what came of it; nothing is raised for what servers do."""
        return self._runner.run(self._send(mail))

    async def _send(self, mail: bytes) -> Tried:
        if self._client is not None and not self._is_sound:
            return TryLater(because=f"The connection to {self._server} was lost. It is tried again.", after=None)
        try:
            async with asyncio.timeout(_ANSWERS_OF_A_MAIL * self._server.timeout_seconds):
                client = self._client or await self._connected()
                return await self._to_everybody(client, mail)
        except _No as no:
            return no.tried
        except (OSError, UnicodeError, aiosmtplib.SMTPException) as error:
            self._is_sound = False
            return TryLater(because=lost_sentence(error, self._server), after=None)

    # From nothing to a server that takes mail

    async def _connected(self) -> _Client:
        server = self._server
        client = self._client = _Client(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=False,
            local_hostname=own_name(),
            timeout=server.timeout_seconds,
            tls_context=None if server.security == "none" else self._trust(),
        )
        await self._at(Stage.GREETING, client.connect())
        await self._at(Stage.HELLO, client.ehlo())
        if server.security == "starttls":
            await self._start_tls(client)
        if server.username is not None:
            await self._sign_in(client, server.username)
        self._is_sound = True
        return client

    def _trust(self) -> ssl.SSLContext:
        try:
            return self._server.trust()
        except PostureError as error:
            raise _No(TryLater(because=str(error), after=None)) from None

    async def _start_tls(self, client: _Client) -> None:
        if not client.supports_extension("starttls"):
            raise self._never(
                "does not offer STARTTLS, and nothing is sent without it. Set security to tls and its port if the "
                "server speaks TLS from the start; otherwise have STARTTLS switched on there."
            )
        await self._at(Stage.STARTTLS, client.starttls())
        await self._at(Stage.HELLO, client.ehlo())

    async def _sign_in(self, client: _Client, username: str) -> None:
        offered = client.server_auth_methods
        if self._token is not None:
            if "xoauth2" not in offered:
                raise self._never(f"does not offer XOAUTH2 ({_offering(offered)}): use a password in the settings.")
            await self._with_token(client, auth_xoauth2_encode(username, self._token))
        elif "plain" in offered:
            await self._at(Stage.AUTH, client.auth_plain(username, self._server.password or ""))
        elif "login" in offered:
            await self._at(Stage.AUTH, client.auth_login(username, self._server.password or ""))
        else:
            raise self._never(
                f"takes no passwords ({_offering(offered)}): use xoauth2 in the settings, or remove username if "
                "nobody has to sign in."
            )

    async def _with_token(self, client: _Client, encoded: bytes) -> None:
        """Sign in with a token. A server that refuses it says why in a challenge, and "no" after an empty line."""
        code, words = await self._at(Stage.AUTH, client.execute_command(b"AUTH", b"XOAUTH2", encoded))
        why = ""
        if code == _CONTINUE:
            why = oauth_complaint(words)
            code, words = await self._at(Stage.AUTH, client.execute_command(b""))
        if code != _SIGNED_IN:
            raise self._no(Stage.AUTH, code, f"{words} ({why})" if why else words)

    # One mail

    async def _to_everybody(self, client: _Client, mail: bytes) -> Tried:
        """Send a mail, in a further transaction to those whom the server would not take in the same one."""
        everybody = self._server.recipients
        first = await self._transact(client, mail, everybody)
        if not first.accepted:
            return nobody_taken(first.deferred, first.refused, server=str(self._server))
        refused, deferred = first.refused, first.deferred
        while deferred:
            try:
                more = await self._transact(client, mail, tuple(deferred))
            except (_No, OSError, aiosmtplib.SMTPException):
                # The mail has gone to some: whatever is wrong now, it is not sent to them again for the others.
                self._is_sound = False
                break
            refused, deferred = {**refused, **more.refused}, more.deferred
            if not more.accepted:
                break
        return Sent(note=note_on({**refused, **deferred}, of=len(everybody)))

    async def _transact(self, client: _Client, mail: bytes, recipients: Sequence[str]) -> _Round:
        if self._in_transaction:
            await self._at(Stage.SENDER, client.rset())
        self._in_transaction = True
        options = [f"SIZE={len(mail)}"] if client.supports_extension("size") else []
        await self._at(Stage.SENDER, client.mail(self._server.sender, options=options))
        replies = {recipient: await self._offered(client, recipient) for recipient in recipients}
        refused = {to: reply for to, reply in replies.items() if reply is not None}
        accepted = len(recipients) - len(refused)
        if accepted:
            await self._at(Stage.CONTENT, client.data(mail))
            self._in_transaction = False
        return _Round(
            accepted=accepted,
            refused={to: reply for to, reply in refused.items() if not may_pass(reply)},
            deferred={to: reply for to, reply in refused.items() if may_pass(reply)},
        )

    async def _offered(self, client: _Client, recipient: str) -> Reply | None:
        """Return the refusal of a recipient; None if the server takes it."""
        try:
            await client.rcpt(recipient)
        except aiosmtplib.SMTPResponseException as error:
            if isinstance(error, aiosmtplib.SMTPRecipientRefused) and client.is_connected:
                return self._hiding.reply(error.code, error.message)
            raise self._no(Stage.RECIPIENTS, error.code, error.message) from None
        return None

    # Words

    async def _at(self, stage: Stage, step: Awaitable[T]) -> T:
        try:
            return await step
        except aiosmtplib.SMTPResponseException as error:
            raise self._no(stage, error.code, error.message) from None

    def _no(self, stage: Stage, code: int, words: str) -> _No:
        return _No(refusal(self._hiding.reply(code, words), stage, server=str(self._server)))

    def _never(self, why: str) -> _No:
        return _No(Refused(because=f"{self._server} {why}", closes_channel=True))

    async def _close(self) -> None:
        client = self._client
        if client is None:
            return
        if self._is_sound and client.is_connected:
            # All mails have had their answer.
            with suppress(OSError, aiosmtplib.SMTPException):
                await client.quit(timeout=min(_GOODBYE_SECONDS, self._server.timeout_seconds))
        client.close()
        for _ in range(_CLOSING_TURNS):
            await asyncio.sleep(0)


def _offering(methods: Sequence[str]) -> str:
    named = ", ".join(printable(method.upper(), longest=20) for method in methods[:10])
    return f"it offers {named}" if named else "it offers no way to sign in"
