"""Mail by Microsoft Graph, from one mailbox: the whole MIME message, so that headers and both parts stay as they are.

Source: https://learn.microsoft.com/graph/api/user-sendmail
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from posture.domain.delivery import Allowance, Letter, Refused, Sent, Tried, TryLater
from posture.domain.request import Answered, Lost
from posture.errors import PostureError, TenantUnreachable
from posture.notify.answers import LONGEST_WAIT, in_turn
from posture.notify.broken import WordingBroken
from posture.notify.mime import MailWording, mail_of, unfit_address

PACE: Final = Allowance(messages=30, within=timedelta(minutes=1))
"""What Exchange Online sends for one mailbox.

Source: https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/
exchange-online-limits (sending limits)
"""

_PASSING: Final = frozenset({408, 423, 425, 429})
_TOO_LARGE: Final = frozenset({"errormessagesizeexceeded", "requestentitytoolarge"})
_LATER: Final = frozenset({"errorexceededmessagelimit"})


class Mailer(Protocol):
    """Sends MIME messages from mailboxes."""

    def send_mail(self, mailbox: str, mime: bytes) -> Answered | Lost: ...


@dataclass(frozen=True, kw_only=True)
class GraphMailChannel:
    """One mailbox and the people that its mail is to reach.

    ``settings`` is the digest of how the channel is set up. ``open_mailer`` gives a mailer for the letters of one
    call; it and the mailer may raise PostureError.
    """

    name: str
    settings: str
    mailbox: str
    recipients: tuple[str, ...]
    wording: MailWording
    open_mailer: Callable[[], AbstractContextManager[Mailer]] = field(repr=False)

    @property
    def allowance(self) -> Allowance:
        return PACE

    def mail(self, letter: Letter) -> bytes:
        """Return what is sent, headers and all. Raises WordingBroken if a template is wrong."""
        words = self.wording.mail(letter)
        return mail_of(letter, words, sender=self.mailbox, recipients=self.recipients).as_bytes()

    def deliver(self, letters: Sequence[Letter]) -> Iterator[Tried]:
        """Send letters in their order with one sign-in and yield how each went.

        After trouble with Graph the rest is answered with the same trouble, unsent.
        """
        if not letters:
            return
        complaint = unfit_address([self.mailbox]) or unfit_address(self.recipients)
        if complaint is not None:
            yield from in_turn(letters, lambda _: Refused(because=complaint, closes_channel=True))
            return
        try:
            opened = self.open_mailer()
        except PostureError as error:
            trouble = _without_token(error)
            yield from in_turn(letters, lambda _: trouble)
            return
        with opened as mailer:
            yield from in_turn(letters, lambda letter: self._send(letter, mailer))

    def _send(self, letter: Letter, mailer: Mailer) -> Tried:
        try:
            mail = self.mail(letter)
        except WordingBroken as broken:
            return TryLater(because=str(broken), after=None, spares_channel=True)
        try:
            answer = mailer.send_mail(self.mailbox, mail)
        except PostureError as error:
            return _without_token(error)
        return tried_of(answer, mailbox=self.mailbox)


def tried_of(answer: Answered | Lost, *, mailbox: str) -> Tried:
    """Return what Graph's answer to a mail means. A 202 says that Exchange took it, not that it arrived."""
    if isinstance(answer, Lost):
        because = f"{_sentence(answer.why)} It is tried again; what did arrive comes twice then, as the same message."
        return TryLater(because=because, after=None)
    if 200 <= answer.status < 300:
        return Sent(note=None)
    said, code = _sentence(answer.error or f"Graph answered {answer.status}"), _code(answer)
    if answer.status in _PASSING or answer.status >= 500 or code in _LATER:
        after = None if answer.asked_wait is None else min(timedelta(seconds=answer.asked_wait), LONGEST_WAIT)
        return TryLater(because=said, after=after)
    if answer.status == 413 or code in _TOO_LARGE:
        return Refused(because=f"{said} Route fewer notices to one digest.", closes_channel=False)
    advice = _advice(answer.status, code, mailbox)
    return Refused(because=f"{said} {advice}".rstrip(), closes_channel=bool(advice))


def _advice(status: int, code: str, mailbox: str) -> str:
    """Return what to mend before anything passes; empty if it is one message that is refused."""
    if code == "errorsendasdenied":
        return f"The application may not send as {mailbox}: name the mailbox by its own address."
    if status == 401:
        return "Graph does not accept the token: check client_id, the credential and the tenant in the settings."
    if status == 403:
        return (
            "Grant the application Mail.Send and consent to it. If that is done, or if it is confined by RBAC for "
            f"Applications in Exchange Online, let its scope cover {mailbox}; such changes take up to two hours."
        )
    if status == 404:
        return f"There is no mailbox {mailbox} in Exchange Online: correct mailbox in the settings, or license it."
    if code == "errorinvalidrecipients":
        return "Correct to in the settings."
    return ""


def _code(answer: Answered) -> str:
    """Return Graph's error code in lower case; empty if there is none."""
    error = answer.body.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return code.lower() if isinstance(code, str) else ""


def _sentence(phrase: str) -> str:
    return f"{phrase[:1].upper()}{phrase[1:].rstrip('. ')}."


def _without_token(error: PostureError) -> Tried:
    if isinstance(error, TenantUnreachable):
        return TryLater(because=str(error), after=None)
    return Refused(because=str(error), closes_channel=True)
