"""Mails as other programs read them: headers, threads, parts, and nothing that a hostile name could add."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture.domain.delivery import Letter
from posture.domain.notice import Event
from posture.domain.printable import printable
from posture.notify.mime import is_address, mail_of, unfit_address

from .mail_builders import Text, parsed
from .posting_builders import a_letter, a_notice

SENDER = "posture@mail.example.com"
TO = ("admins@example.com", "oncall@example.org")
HOSTILE = [
    "x\r\nBcc: eve@example.net",
    "x\nBcc: eve@example.net",
    "x\rBcc: eve@example.net",
    "x\r\n\r\n<script>",
    "x\x00y\x1b[31m",
    "x\u2028Bcc: eve@example.net\u2029\x85",
    "\u202egnp.exe\u2066",
    "\ud800 half",
    "=?utf-8?q?x=0D=0ABcc:_eve@example.net?=",
    "=?utf-8?b?eA0KQmNjOiBldmVAZXhhbXBsZS5uZXQ=?=",
    "=?=?utf-8?q??utf-8?q?=0ABcc:eve?=",
    "名" * 2_000,
    "x" * 5_000,
    "",
]


def words(subject: str = "Größe", text: str = "plain\n", html: str = "<p>rich</p>\n") -> Text:
    return Text(subject, text, html)


def mail(text: Text | None = None, letter: Letter | None = None) -> EmailMessage:
    """A mail as it comes out at the other end."""
    made = mail_of(letter or a_letter(), text or words(), sender=SENDER, recipients=TO)
    return parsed(made.as_bytes())


def test_its_headers_say_where_it_comes_from_and_that_a_machine_wrote_it() -> None:
    letter = dataclasses.replace(a_letter(), written_at=datetime(2026, 3, 2, 8, 15, tzinfo=UTC))

    headers = dict(mail(letter=letter).items())

    assert headers["From"] == "posture <posture@mail.example.com>"
    assert headers["To"] == "admins@example.com, oncall@example.org"
    assert headers["Subject"] == "Größe"
    assert headers["Date"] == "Mon, 02 Mar 2026 08:15:00 +0000"
    assert headers["Message-ID"] == f"<{letter.id}@mail.example.com>"
    assert headers["List-Id"] == "posture <posture.mail.example.com>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert headers["MIME-Version"] == "1.0"


def test_it_has_a_plain_part_and_then_a_rich_one() -> None:
    message = mail(words(text="Größe 名前\n", html="<p>Größe 名前</p>\n"))

    plain, rich = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert (plain.get_content_type(), plain.get_content_charset()) == ("text/plain", "utf-8")
    assert (rich.get_content_type(), rich.get_content_charset()) == ("text/html", "utf-8")
    assert plain.get_content().splitlines() == ["Größe 名前"]
    assert rich.get_content().splitlines() == ["<p>Größe 名前</p>"]


def test_what_is_told_about_the_same_thing_is_one_thread() -> None:
    opened = a_notice(1)
    resolved = dataclasses.replace(opened, id="other", event=Event.FINDING_RESOLVED)
    first, second = a_letter(opened, number=1), a_letter(resolved, number=2)

    one, two = mail(letter=first), mail(letter=second)

    assert one["Message-ID"] != two["Message-ID"]
    assert one["References"] == two["References"] == f"<{opened.thread}@mail.example.com>"
    assert one["In-Reply-To"] == two["In-Reply-To"] == one["References"]
    assert mail(letter=a_letter(a_notice(2)))["References"] != one["References"]


@pytest.mark.parametrize("letter", [a_letter(a_notice(1), a_notice(2)), a_letter(a_notice(1), is_digest=True)])
def test_a_digest_belongs_to_no_thread(letter: Letter) -> None:
    message = mail(letter=letter)

    assert message["References"] is None
    assert message["In-Reply-To"] is None


def is_harmless(text: str) -> bool:
    return printable(text, longest=10_000) == text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_adds_no_header_and_no_part(name: str) -> None:
    honest = mail(words("x"))

    message = mail(words(f"[high] contoso: {name}", text=f"{name}\n", html=f"<p>{name}</p>\n"))

    assert message.keys() == honest.keys()
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert [one.addr_spec for one in message["To"].addresses] == list(TO)
    assert message["Subject"].startswith("[high] contoso: ")
    assert is_harmless(message["Subject"])
    assert len(message["Subject"]) <= 250


@pytest.mark.parametrize("name", HOSTILE)
def test_every_line_is_ascii_and_short_enough_for_any_server(name: str) -> None:
    made = mail_of(a_letter(), words(name, text=f"{name}\n", html=f"<p>{name}</p>"), sender=SENDER, recipients=TO)

    lines = made.as_bytes().split(b"\r\n")

    assert all(line.isascii() for line in lines)
    assert max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)


@settings(max_examples=150, deadline=None)
@given(subject=st.text(max_size=300), text=st.text(max_size=300))
def test_whatever_the_words_are_the_mail_can_be_read(subject: str, text: str) -> None:
    message = mail(words(subject, text=text, html=text))

    assert message.keys() == mail(words("x")).keys()
    assert len(list(message.iter_parts())) == 2
    assert is_harmless(message["Subject"])


def test_a_hundred_recipients_are_all_there() -> None:
    many = [f"user{number}@department.example.com" for number in range(100)]

    made = mail_of(a_letter(), words(), sender=SENDER, recipients=many)

    message = parsed(made.as_bytes())
    assert [one.addr_spec for one in message["To"].addresses] == many


@pytest.mark.parametrize(
    "address",
    [
        "a@example.com",
        "first.last+tag@sub.example.com",
        "root@localhost",
        "o'neil@example.com",
        f"{'a' * 64}@b.example",
    ],
)
def test_addresses(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@example.com",
        "a@",
        "a b@example.com",
        "a@exa mple.com",
        "a@b@example.com",
        "a..b@example.com",
        ".a@example.com",
        "a@-example.com",
        "a@example..com",
        "Ann <a@example.com>",
        '"a b"@example.com',
        "a@example.com, b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com\n",
        "a@[192.0.2.1]",
        "zoë@example.com",
        "a@größe.example",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 64}.example.com",
        f"a@{'b.' * 130}com",
    ],
)
def test_texts_that_are_no_address(text: str) -> None:
    assert not is_address(text)
    complaint = unfit_address(["a@example.com", text])
    assert complaint is not None
    assert complaint.isprintable()
    with pytest.raises(ValueError, match="no mail address"):
        mail_of(a_letter(), words(), sender=SENDER, recipients=[text])


def test_a_mail_to_nobody_is_not_made() -> None:
    assert unfit_address([]) is not None
    with pytest.raises(ValueError, match="nobody"):
        mail_of(a_letter(), words(), sender=SENDER, recipients=[])
