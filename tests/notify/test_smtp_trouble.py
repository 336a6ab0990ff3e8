"""Mail by SMTP when something is wrong: what is tried later, what is refused, and what is said of it."""

from __future__ import annotations

import base64
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posture.domain.delivery import Refused, Sent, Tried, TryLater
from posture.notify.smtp_replies import Hiding, oauth_complaint

from .mail_builders import EVERYBODY, a_channel, delivered, parsed
from .mail_server import PASSWORD, USERNAME, Behaviour, MailServer, Trick
from .posting_builders import a_letter, letters

ADMINS, ONCALL, SOC = EVERYBODY


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path) as server:
        yield server


def always(what: str | Trick) -> Behaviour:
    return lambda _: what


def for_the_first(what: str | Trick, times: int = 1) -> Behaviour:
    left = [what] * times
    return lambda _: left.pop() if left else None


def to(address: str, what: str) -> Behaviour:
    return lambda arg: what if address in arg else None


def later(tried: Tried) -> TryLater:
    assert isinstance(tried, TryLater)
    return tried


def refused(tried: Tried) -> Refused:
    assert isinstance(tried, Refused)
    return tried


# What a server says no to


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("GREETING", "421 4.3.2 Service not available"),
        ("EHLO", "421 4.3.2 Going down"),
        ("AUTH", "454 4.7.0 Temporary authentication failure"),
        ("MAIL", "451 4.3.0 Try again later"),
        ("MAIL", "421 4.4.2 Too many messages"),
        ("RCPT", "450 4.2.0 Greylisted"),
        ("RCPT", "421 4.3.2 Going down"),
        ("RCPT", "552 5.2.2 Too many recipients"),
        ("DATA", "421 4.3.2 Going down"),
    ],
)
def test_what_passes_is_tried_later_and_the_rest_is_not_sent(server: MailServer, command: str, status: str) -> None:
    server.on[command] = always(status)

    first, second = delivered(a_channel(server), letters(2))

    assert status[:3] in later(first).because
    assert not later(first).spares_channel
    assert second == first
    assert (server.mails, server.connections) == ([], 1)
    assert server.commands.count(command) <= len(EVERYBODY)


@pytest.mark.parametrize(
    ("command", "status", "advice"),
    [
        ("GREETING", "554 5.7.1 Your address is on a list", "let this machine in"),
        ("EHLO", "550 5.7.1 Who are you", "let this machine in"),
        ("STARTTLS", "502 5.5.1 Not implemented", "security"),
        ("AUTH", "535 5.7.8 Bad credentials", "username and password"),
        ("AUTH", "534 5.7.9 Mechanism too weak", "username and password"),
        ("AUTH", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled", "Set-CASMailbox"),
        ("AUTH", "550 5.7.30 Basic authentication is not supported for Client Submission", "xoauth2"),
        ("MAIL", "530 5.7.57 Client not authenticated to send mail", "wants a sign-in"),
        ("MAIL", "553 5.7.1 Sender address rejected: not owned by user", "send as this address"),
        ("RCPT", "550 5.1.1 User unknown", "Correct to in the settings"),
        ("DATA_END", "554 5.2.252 SendAsDenied; not allowed to send as", "Send As on the mailbox"),
    ],
)
def test_what_somebody_has_to_mend_closes_the_channel(
    server: MailServer, command: str, status: str, advice: str
) -> None:
    server.on[command] = always(status)

    first, second = delivered(a_channel(server), letters(2))

    assert refused(first).closes_channel
    assert status in refused(first).because
    assert advice in refused(first).because
    assert f"localhost:{server.port}" in refused(first).because
    assert second == first
    assert server.mails == []


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("MAIL", "552 5.3.4 Message size exceeds fixed limit"),
        ("DATA", "554 5.5.1 No"),
        ("DATA_END", "552 5.3.4 Message too big"),
        ("DATA_END", "554 5.7.1 Looks like spam"),
        ("DATA_END", "550 5.7.1 Policy"),
    ],
)
def test_a_message_that_is_refused_does_not_stop_the_others(server: MailServer, command: str, status: str) -> None:
    server.on[command] = for_the_first(status)

    first, second, third = delivered(a_channel(server), letters(3))

    assert not refused(first).closes_channel
    assert status in refused(first).because
    assert (second, third) == (Sent(note=None), Sent(note=None))
    assert (len(server.mails), server.connections) == (2, 1)


@pytest.mark.parametrize("command", ["DATA", "DATA_END"])
def test_a_message_that_a_server_stumbles_over_does_not_hold_up_the_others(server: MailServer, command: str) -> None:
    server.on[command] = for_the_first("451 4.3.0 Error in processing")

    first, second = delivered(a_channel(server), letters(2))

    assert later(first).spares_channel
    assert second == Sent(note=None)


def test_a_server_that_answers_nonsense_is_tried_later(server: MailServer) -> None:
    server.on["MAIL"] = always("this is no status")

    (tried,) = delivered(a_channel(server), [a_letter()])

    assert "Malformed" in later(tried).because


# Several recipients


def test_the_others_get_the_mail_when_some_are_refused(server: MailServer) -> None:
    replies = {ADMINS: "550 5.1.1 No such user", SOC: "550 5.7.1 Relaying denied"}
    server.on["RCPT"] = lambda arg: next((reply for who, reply in replies.items() if who in arg), None)

    (tried,) = delivered(a_channel(server), [a_letter()])

    assert tried == Sent(
        note=f'2 of 3 recipients were refused: {ADMINS} ("550 5.1.1 No such user"); '
        f'{SOC} ("550 5.7.1 Relaying denied"). It is not sent to them again.'
    )
    (mail,) = server.mails
    assert mail.recipients == (ONCALL,)


def test_when_all_are_refused_each_is_named(server: MailServer) -> None:
    server.on["RCPT"] = always("550 5.1.1 No such user")

    (tried,) = delivered(a_channel(server), [a_letter()])

    assert refused(tried).closes_channel
    assert all(recipient in refused(tried).because for recipient in EVERYBODY)


def test_whom_a_server_takes_in_another_transaction_gets_the_same_mail(server: MailServer) -> None:
    """RFC 5321, 4.5.3.1.10: 452 says that there are enough recipients in this one."""
    taken: list[str] = []

    def at_most_two(arg: str) -> str | None:
        taken.append(arg)
        return "452 4.5.3 Too many recipients" if len(taken) in (3, 4, 5) else None

    server.on["RCPT"] = at_most_two
    five = tuple(f"user{number}@example.com" for number in range(5))

    (tried,) = delivered(a_channel(server, recipients=five), [a_letter()])

    assert tried == Sent(note=None)
    assert [mail.recipients for mail in server.mails] == [five[:2], five[2:]]
    assert server.mails[0].content == server.mails[1].content


def test_one_who_is_refused_for_now_does_not_keep_the_mail_from_the_others(server: MailServer) -> None:
    server.on["RCPT"] = to(ADMINS, "452 4.2.2 Mailbox full")

    first, second = delivered(a_channel(server), letters(2))

    note = f'1 of 3 recipients was refused: {ADMINS} ("452 4.2.2 Mailbox full"). It is not sent to them again.'
    assert first == Sent(note=note)
    assert second == first
    assert [mail.recipients for mail in server.mails] == [(ONCALL, SOC)] * 2


@pytest.mark.parametrize("what", ["421 4.3.2 Going down", "451 4.3.0 No", Trick.DROP])
def test_trouble_while_sending_to_the_left_over_does_not_send_to_the_first_again(
    server: MailServer, what: str | Trick
) -> None:
    server.on["RCPT"] = to(ADMINS, "452 4.5.3 Too many recipients")
    transactions: list[str] = []

    def mail(arg: str) -> str | Trick | None:
        transactions.append(arg)
        return what if len(transactions) == 2 else None

    server.on["MAIL"] = mail

    first, second = delivered(a_channel(server), letters(2))

    assert isinstance(first, Sent)
    assert "1 of 3" in str(first.note)
    assert len(server.mails) == 1
    later(second)


# Connections that end


@pytest.mark.parametrize("command", ["GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"])
def test_a_connection_that_ends_is_tried_later_and_not_at_once(server: MailServer, command: str) -> None:
    server.on[command] = always(Trick.DROP)

    first, second = delivered(a_channel(server), letters(2))

    assert f"localhost:{server.port}" in later(first).because
    assert second == first
    assert (server.connections, server.mails) == (1, [])


def test_a_connection_that_ends_in_the_middle_of_the_message_is_tried_later(server: MailServer) -> None:
    server.on["DATA"] = always(Trick.DROP_AFTER_354)

    first, second = delivered(a_channel(server), letters(2))

    assert later(second) == later(first)
    assert server.mails == []


@pytest.mark.parametrize("trick", [Trick.DROP, Trick.HANG])
def test_a_mail_that_nobody_confirmed_goes_out_again_as_the_same_one(server: MailServer, trick: Trick) -> None:
    server.on["DATA_END"] = for_the_first(trick)
    channel = a_channel(server, timeout_seconds=1)

    (first,) = delivered(channel, [a_letter()])
    (again,) = delivered(channel, [a_letter()])

    later(first)
    assert again == Sent(note=None)
    one, two = server.mails
    assert one.content == two.content
    assert parsed(one.content)["Message-ID"] == f"<{a_letter().id}@example.com>"


def test_a_connection_that_ends_between_two_mails_is_noticed(server: MailServer) -> None:
    server.on["MAIL"] = lambda _: Trick.DROP if server.mails else None

    first, second, third = delivered(a_channel(server), letters(3))

    assert first == Sent(note=None)
    assert later(third) == later(second)
    assert server.connections == 1


@pytest.mark.parametrize("command", ["GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"])
def test_a_server_that_does_not_answer_is_given_up(server: MailServer, command: str) -> None:
    server.on[command] = always(Trick.HANG)

    first, second = delivered(a_channel(server, timeout_seconds=0.5), letters(2))

    assert "did not answer within 0.5 seconds" in later(first).because
    assert second == first
    assert server.mails == []


def test_a_server_that_is_slow_with_everything_is_given_up(server: MailServer) -> None:
    many = tuple(f"user{number}@example.com" for number in range(40))
    server.seconds_before["RCPT"] = 0.2

    (tried,) = delivered(a_channel(server, recipients=many, timeout_seconds=0.5), [a_letter()])

    assert "did not answer" in later(tried).because
    assert server.mails == []


def test_nobody_listens(tmp_path: Path) -> None:
    server = MailServer(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server.port = free.getsockname()[1]

    first, second = delivered(a_channel(server), letters(2))

    assert "No connection to localhost" in later(first).because
    assert "firewall" in later(first).because
    assert second == first


@pytest.mark.parametrize("host", ["posture.invalid", "a" * 64 + ".example.com"])
def test_nobody_knows_the_host(server: MailServer, host: str) -> None:
    (tried,) = delivered(a_channel(server, host=host), [a_letter()])

    assert "Nobody knows the host" in later(tried).because


# Secrets


def echo(*pieces: str) -> Callable[[str], str]:
    return lambda arg: f"535 5.7.8 refused {arg} " + " ".join(pieces)


TOKEN = "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJodHRwczovL291dGxvb2sifQ.c2lnbmF0dXJlLW9mLW5vYm9keQ"
PLAIN = base64.b64encode(f"\0{USERNAME}\0{PASSWORD}".encode()).decode()


@pytest.mark.parametrize("secret", [PASSWORD, PASSWORD[:12], PLAIN, PLAIN[10:40]])
def test_a_password_that_the_server_repeats_is_not_shown(
    server: MailServer, caplog: pytest.LogCaptureFixture, secret: str
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on["AUTH"] = echo(secret)

    (tried,) = delivered(a_channel(server), [a_letter()])

    ours = "".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    for shown in (repr(tried), ours):
        assert not any(hidden in shown for hidden in (secret, PASSWORD, PLAIN))


@pytest.mark.parametrize("piece", [TOKEN, TOKEN[:30], base64.b64encode(TOKEN.encode()).decode()])
def test_a_token_that_the_server_repeats_is_not_shown(
    server: MailServer, caplog: pytest.LogCaptureFixture, piece: str
) -> None:
    caplog.set_level(logging.DEBUG)
    server.tokens.add(TOKEN)
    server.on["RCPT"] = always(f"550 5.7.1 no {piece}")

    (tried,) = delivered(a_channel(server, password=None, token=lambda: TOKEN), [a_letter()])

    ours = "".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    assert TOKEN[:20] not in repr(tried) + ours
    assert piece not in repr(tried) + ours


def test_nonsense_that_repeats_a_secret_is_not_shown(server: MailServer) -> None:
    server.on["AUTH"] = lambda arg: f"you sent {arg}"

    (tried,) = delivered(a_channel(server), [a_letter()])

    assert PLAIN not in repr(tried)


def test_what_a_server_says_is_shown_harmless_and_short(server: MailServer) -> None:
    server.on["MAIL"] = always("550 \x1b[31mred\u202e" + "x" * 2_000)

    (tried,) = delivered(a_channel(server), [a_letter()])

    assert refused(tried).because.isprintable()
    assert len(refused(tried).because) < 600


def test_words_that_are_in_no_secret_stay() -> None:
    hiding = Hiding([PASSWORD, PLAIN])

    assert str(hiding.reply(535, "Authentication unsuccessful\nfor posture@example.com [AM0PR02.example.com].")) == (
        "535 Authentication unsuccessful for posture@example.com [AM0PR02.example.com]"
    )
    assert repr(hiding) == "Hiding()"


def test_a_password_with_spaces_is_not_shown() -> None:
    assert str(Hiding(["my  secret  words"]).reply(535, "no: my  secret  words\nbye")) == "535 no: *** bye"


@pytest.mark.parametrize("challenge", ["", "no base64", base64.b64encode(b"[1]").decode(), "e30="])
def test_a_challenge_that_explains_nothing_is_left_out(challenge: str) -> None:
    assert oauth_complaint(challenge) == ""
