"""What a mail server's answers mean: try later, refused, or nothing will ever pass until somebody mends something."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from posture.domain.delivery import Refused, Tried, TryLater
from posture.domain.printable import printable
from posture.notify.masking import MASK, Mask

GOES_DOWN: Final = 421
_TOO_LARGE: Final = 552
_LONGEST_WORDS: Final = 300
_SHOWN: Final = 5
_TOKEN: Final = re.compile(r"eyJ[\w-]{8,}(\.[\w-]*){0,2}")
_RUN: Final = re.compile(r"[^\s\"'<>()\[\],;]{6,}")
_ENHANCED: Final = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b")


class Stage(Enum):
    """Where in the conversation a server said no; the value says what it would not do."""

    GREETING = "takes no mail from this machine"
    HELLO = "does not accept the greeting"
    STARTTLS = "does not begin with TLS"
    AUTH = "refused the sign-in"
    SENDER = "refused the sender"
    RECIPIENTS = "refused every recipient"
    CONTENT = "refused the message"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A server's answer: three digits and words, on one line, without secrets."""

    code: int
    words: str

    def __str__(self) -> str:
        return f"{self.code} {self.words}".rstrip() if self.code > 0 else self.words

    @property
    def passes(self) -> bool:
        """Say whether the same may be accepted later. What is no answer of mail's may come from a broken server."""
        return not 500 <= self.code < 600

    @property
    def enhanced(self) -> str | None:
        """Return the enhanced status code, such as 5.7.139; None without one. Source: RFC 3463."""
        found = _ENHANCED.search(self.words)
        return found.group() if found else None


class Hiding:
    """Takes secrets out of what a server says: it may repeat what it was sent, whole or in pieces.

    ``secrets`` are texts as they are sent, encoded ones too.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets: Final = tuple(secret for secret in secrets if secret)
        self._mask: Final = Mask("", *self._secrets)

    def __repr__(self) -> str:
        return "Hiding()"

    def reply(self, code: int, words: str) -> Reply:
        """Return an answer that can be shown."""
        hidden = " ".join(self._mask.hide(words).split())
        hidden = _RUN.sub(self._unless_piece, _TOKEN.sub(MASK, hidden))
        return Reply(code=code, words=printable(hidden, longest=_LONGEST_WORDS).rstrip(". "))

    def _unless_piece(self, run: re.Match[str]) -> str:
        return MASK if any(run.group() in secret for secret in self._secrets) else run.group()


def refusal(reply: Reply, stage: Stage, *, server: str) -> Tried:
    """Return what a "no" at some stage means for the message that was being sent."""
    if reply.code == GOES_DOWN:
        return TryLater(because=f'{server} wants no more for now: "{reply}". It is tried again.', after=None)
    said = f'{server} {stage.value}: "{reply}".'
    if reply.passes:
        # A message may be what a server stumbles over, again and again: the others must not wait behind it.
        return TryLater(because=f"{said} It is tried again.", after=None, spares_channel=stage is Stage.CONTENT)
    if stage is Stage.CONTENT and reply.enhanced not in _OF_SENDER:
        return Refused(because=f"{said} {_advice_on_content(reply)}", closes_channel=False)
    if stage is Stage.SENDER and reply.code == _TOO_LARGE:
        return Refused(because=f"{said} {_advice_on_content(reply)}", closes_channel=False)
    return Refused(because=f"{said} {_advice(reply, stage)}", closes_channel=True)


def may_pass(reply: Reply) -> bool:
    """Say whether a recipient that was refused may be accepted later or in another transaction.

    A server that takes no more recipients at once should say 452; old ones say 552. Source: RFC 5321, 4.5.3.1.10
    """
    return reply.passes or reply.code == _TOO_LARGE


def nobody_taken(deferred: Mapping[str, Reply], refused: Mapping[str, Reply], *, server: str) -> Tried:
    """Return what it means that no recipient was accepted, neither for now nor for good."""
    said = f"{server} {Stage.RECIPIENTS.value}: {_each({**deferred, **refused})}."
    if deferred:
        return TryLater(because=f"{said} It is tried again.", after=None)
    return Refused(because=f"{said} {_advice(next(iter(refused.values())), Stage.RECIPIENTS)}", closes_channel=True)


def note_on(unreached: Mapping[str, Reply], *, of: int) -> str | None:
    """Return what is to be known about a mail that did not reach everybody; None if it did."""
    if not unreached:
        return None
    were = "was" if len(unreached) == 1 else "were"
    return f"{len(unreached)} of {of} recipients {were} refused: {_each(unreached)}. It is not sent to them again."


def oauth_complaint(challenge: str) -> str:
    """Return the words in the answer to a bad XOAUTH2 token: base64 of JSON; empty if it is anything else.

    Source: https://developers.google.com/workspace/gmail/imap/xoauth2-protocol (error response)
    """
    try:
        told = json.loads(base64.b64decode(challenge, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return ""
    if not isinstance(told, dict):
        return ""
    return ", ".join(
        f"{name} {told[name]}" for name in ("status", "schemes", "scope") if isinstance(told.get(name), str)
    )


def _each(replies: Mapping[str, Reply]) -> str:
    shown = [f'{recipient} ("{reply}")' for recipient, reply in list(replies.items())[:_SHOWN]]
    more = len(replies) - len(shown)
    return "; ".join([*shown, *([f"and {more} more"] if more else [])])


def _advice(reply: Reply, stage: Stage) -> str:
    return _KNOWN.get(reply.enhanced or "", _BY_STAGE[stage])


def _advice_on_content(reply: Reply) -> str:
    if reply.code == _TOO_LARGE:
        return "The message is too large for this server: raise its limit, or route fewer notices to one digest."
    return "Ask whoever runs the server why; then posture notify retry sends it again."


_OF_SENDER: Final = frozenset({"5.1.7", "5.1.8", "5.2.252", "5.7.57", "5.7.60"})
"""Refusals that servers give as late as after the message, but that are about the sender or the sign-in."""

_SEND_AS: Final = (
    "The account that signs in may not send as this address: give it Send As on the mailbox, or correct from in the "
    "settings."
)
# Source: https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission
_KNOWN: Final[Mapping[str, str]] = {
    "5.7.30": "Exchange Online takes no passwords for this any more: use xoauth2 in the settings, or a graph_mail "
    "channel.",
    "5.7.139": "Exchange Online has SMTP AUTH switched off for the tenant or the mailbox, or a policy forbids this "
    "sign-in: switch it on for the mailbox (Set-CASMailbox -SmtpClientAuthenticationDisabled $false), or use a "
    "graph_mail channel.",
    "5.7.57": "The server wants a sign-in: set username and password, or xoauth2, in the settings.",
    "5.7.60": _SEND_AS,
    "5.2.252": _SEND_AS,
    "5.1.8": "The sending account is blocked, often after too much mail: unblock it in Microsoft Defender "
    "(restricted entities).",
}
"""What to do about a status code of Exchange Online."""

_BY_STAGE: Final[Mapping[Stage, str]] = {
    Stage.GREETING: "Correct host and port in the settings, or have whoever runs the server let this machine in.",
    Stage.HELLO: "Correct host and port in the settings, or have whoever runs the server let this machine in.",
    Stage.STARTTLS: "Set security to tls and its port if the server speaks TLS from the start.",
    Stage.AUTH: "Correct username and password (or xoauth2) in the settings; the account may also be locked, or not "
    "allowed to send by SMTP.",
    Stage.SENDER: "Correct from in the settings, or let the account that signs in send as this address.",
    Stage.RECIPIENTS: "Correct to in the settings, or let this account send to these addresses.",
    Stage.CONTENT: "Correct from in the settings, or let the account that signs in send as this address.",
}
