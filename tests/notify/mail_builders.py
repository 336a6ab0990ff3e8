"""Channels to the mail server of the tests, and what they say."""

from __future__ import annotations

import email
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from typing import Any

from posture.domain.delivery import Letter, Tried
from posture.graph.trust import tls_context
from posture.notify.broken import WordingBroken
from posture.notify.smtp import SmtpChannel
from posture.notify.smtp_server import SmtpServer

from .mail_server import PASSWORD, USERNAME, MailServer

EVERYBODY = ("admins@example.com", "oncall@example.com", "soc@example.org")


@dataclass(frozen=True)
class Text:
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Words:
    """Says about every letter the same; nothing about those in ``broken``."""

    subject: str = "[high] contoso: Größe"
    text: str = "Größe\n"
    html: str = "<p>Größe</p>\n"
    broken: frozenset[str] = frozenset()

    def mail(self, letter: Letter) -> Text:
        if letter.id in self.broken:
            raise WordingBroken("templates/email/finding.txt.j2:3: 'x' is undefined")
        return Text(self.subject, self.text, self.html)


def a_server(server: MailServer, **changes: Any) -> SmtpServer:
    """Reach the server as it wants to be reached, with the right password; keywords replace fields."""
    fields: dict[str, Any] = {
        "host": "localhost",
        "port": server.port,
        "security": server.security,
        "username": USERNAME,
        "password": PASSWORD,
        "token": None,
        "sender": "posture@example.com",
        "recipients": EVERYBODY,
        "trust": lambda: tls_context([server.ca_bundle]),
        "timeout_seconds": 10,
    }
    return SmtpServer(**(fields | changes))


def a_channel(server: MailServer, *, words: Words | None = None, **changes: Any) -> SmtpChannel:
    return SmtpChannel(name="admins", settings="0", server=a_server(server, **changes), wording=words or Words())


def delivered(channel: SmtpChannel, letters: Sequence[Letter]) -> list[Tried]:
    return list(channel.deliver(letters))


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, _class=EmailMessage, policy=default)
    assert isinstance(message, EmailMessage)
    return message
