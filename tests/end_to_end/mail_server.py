"""A mail server on this machine that keeps what it is given."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.store.postgresql import free_port

USERNAME = "posture@contoso.example"
PASSWORD = "password-of-the-mailbox-0123456789"


@dataclass(kw_only=True)
class MailServer:
    """Takes every mail from whoever knows the password. ``on_data`` is called when a mail has come whole, before it
    is answered; ``answer`` is what is said to it."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    answer: str = "250 OK"
    on_data: Callable[[], None] = lambda: None

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail; the name is aiosmtpd's."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.raw.append(content)
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.on_data()
        return self.answer

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    @property
    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]

    def settings(self, *, name: str = "admins", password: str | None = None) -> str:
        """The lines of a channel below ``channels:`` that leads here."""
        login = f'\n        username: {USERNAME}\n        password: "{password}"' if password else ""
        return f"""\
    - name: {name}
      smtp:
        host: 127.0.0.1
        port: {self.port}
        security: none{login}
        from: posture@contoso.example
        to: [admins@contoso.example]
"""


def _authenticated(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object) -> AuthResult:
    is_right = (
        isinstance(data, LoginPassword) and (data.login, data.password) == (USERNAME.encode(), PASSWORD.encode())
    )  # fmt: skip
    return AuthResult(success=is_right, handled=False)


@contextmanager
def running_mail_server(*, wants_login: bool = False) -> Iterator[MailServer]:
    """Run a mail server in a thread."""
    server = MailServer(port=free_port())
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=server.port,
        authenticator=_authenticated,
        auth_require_tls=False,
        auth_required=wants_login,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
