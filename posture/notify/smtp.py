"""Mail by SMTP: one connection for all that is to be sent at a time, encrypted and with a checked certificate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from posture.domain.delivery import Allowance, Letter, Refused, Tried, TryLater
from posture.errors import PostureError, TenantUnreachable
from posture.notify.answers import in_turn
from posture.notify.broken import WordingBroken
from posture.notify.mime import MailWording, mail_of, unfit_address
from posture.notify.smtp_line import SmtpLine
from posture.notify.smtp_server import SmtpServer


@dataclass(frozen=True, kw_only=True)
class SmtpChannel:
    """One mail server and the people that it is to reach. ``settings`` is the digest of how the channel is set up."""

    name: str
    settings: str
    server: SmtpServer
    wording: MailWording

    @property
    def allowance(self) -> Allowance | None:
        return None

    def mail(self, letter: Letter) -> bytes:
        """Return what is sent, headers and all. Raises WordingBroken if a template is wrong."""
        words = self.wording.mail(letter)
        return mail_of(letter, words, sender=self.server.sender, recipients=self.server.recipients).as_bytes()

    def deliver(self, letters: Sequence[Letter]) -> Iterator[Tried]:
        """Send letters in their order over one connection and yield how each went.

        After trouble with the server the rest is answered with the same trouble, unsent.
        """
        if not letters:
            return
        token = self._unusable() or self._token()
        if isinstance(token, TryLater | Refused):
            trouble: Tried = token
            yield from in_turn(letters, lambda _: trouble)
            return
        with SmtpLine(self.server, token=token) as line:
            yield from in_turn(letters, lambda letter: self._send(letter, line))

    def _send(self, letter: Letter, line: SmtpLine) -> Tried:
        try:
            mail = self.mail(letter)
        except WordingBroken as broken:
            return TryLater(because=str(broken), after=None, spares_channel=True)
        return line.send(mail)

    def _unusable(self) -> Refused | None:
        """Return what is wrong with the settings; None if a mail can be sent with them."""
        server = self.server
        complaint = unfit_address([server.sender]) or unfit_address(server.recipients)
        if complaint is None and server.username is not None and not server.is_private:
            complaint = (
                f"{server} would get the password in the clear: it was not sent. Set security to starttls or tls in "
                "the settings."
            )
        return None if complaint is None else Refused(because=complaint, closes_channel=True)

    def _token(self) -> str | TryLater | Refused | None:
        """Return the token to sign in with, None if it is done without one, or why there is none."""
        server = self.server
        if server.token is None or server.username is None:
            return None
        try:
            return server.token()
        except TenantUnreachable as error:
            return TryLater(because=str(error), after=None)
        except PostureError as error:
            return Refused(because=str(error), closes_channel=True)
