"""A letter as a mail: headers, a plain part and an HTML part, in ASCII from end to end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final, Protocol

from posture.domain.delivery import Letter
from posture.domain.printable import printable

LONGEST_SUBJECT: Final = 250

# Any server takes this, one without 8BITMIME too; the library then writes what is not ASCII as quoted-printable or
# base64, whichever is shorter, in lines of at most 76 characters.
_POLICY: Final = SMTP.clone(cte_type="7bit")
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"(?=.{{1,254}}$)(?=[^@]{{1,64}}@){_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*")
# Line ends of other systems than mail's, and what no part of a text may hold.
_NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class MailText(Protocol):
    """A letter in words."""

    @property
    def subject(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def html(self) -> str: ...


class MailWording(Protocol):
    """Puts letters into words, as mails; raises WordingBroken if a template is wrong."""

    def mail(self, letter: Letter) -> MailText: ...


def is_address(text: str) -> bool:
    """Say whether a text is a bare mail address in ASCII, without a name, quotes or comments."""
    return _ADDRESS.fullmatch(text) is not None


def unfit_address(addresses: Sequence[str]) -> str | None:
    """Return a sentence about the first text that is no mail address; None if all are."""
    unfit = next((address for address in addresses if not is_address(address)), None)
    if unfit is None:
        return None if addresses else "There is nobody to send to: add an address to the channel in the settings."
    return (
        f"{printable(unfit, longest=80)} is no mail address. Correct it in the channel's settings: write it bare, in "
        "ASCII, without a name: admins@example.com"
    )


def mail_of(letter: Letter, words: MailText, *, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """Return the mail of a letter. Sender and recipients are bare addresses.

    Its ``Message-ID`` is the letter's, so that who gets it twice can tell. What is told about the same thing hangs
    below the same root, which nobody ever gets: mail programs show it as one conversation all the same.

    Raises:
        ValueError: one of them is no address.
    """
    complaint = unfit_address([sender, *recipients])
    if complaint is not None or not recipients:
        raise ValueError(complaint or "nobody to send to")
    domain = sender.rpartition("@")[2]
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(display_name="posture", addr_spec=sender)
    mail["To"] = [Address(addr_spec=recipient) for recipient in recipients]
    mail["Subject"] = _one_line(words.subject)
    mail["Date"] = letter.written_at
    mail["Message-ID"] = f"<{letter.id}@{domain}>"
    mail["List-Id"] = f"posture <posture.{domain}>"
    # No holiday notes come back. Sources: RFC 3834; [MS-OXCMAIL] 2.2.3.2.14
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if len(letter.notices) == 1 and not letter.is_digest:
        root = f"<{letter.notices[0].thread}@{domain}>"
        mail["In-Reply-To"] = root
        mail["References"] = root
    mail.set_content(_sendable(words.text))
    mail.add_alternative(_sendable(words.html), subtype="html")
    # The library would throw dice; a mail that is sent twice is the same to the last byte.
    mail.set_boundary(f"={letter.id}=")
    return mail


def _one_line(subject: str) -> str:
    """Return a subject on one line that says what it says: a name that is written like an encoded word would be
    decoded, by the library and by whoever reads it, and could then hold what was taken out here."""
    return printable(subject, longest=LONGEST_SUBJECT).replace("=?", "= ?")


def _sendable(text: str) -> str:
    """Return a text without control characters and halves of surrogate pairs, which cannot be encoded."""
    return _NOT_TEXT.sub("\ufffd", text).encode("utf-8", "replace").decode("utf-8")
