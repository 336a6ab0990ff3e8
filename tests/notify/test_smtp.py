"""Mail by SMTP: what arrives, over which connection, and who signs in with what."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from posture.domain.delivery import Refused, Sent, TryLater
from posture.domain.tenant import Cloud
from posture.errors import SettingsError, TenantUnreachable, TokenRefused
from posture.graph.azure_credentials import build_credential
from posture.graph.credentials import ClientSecret, Connection
from posture.graph.trust import tls_context
from posture.notify.links import Links
from posture.notify.smtp import SmtpChannel
from posture.notify.wording import Wording
from posture.simulator.registrations import MAILER_CLIENT_ID, MAILER_SECRET, mailer_registration
from posture.simulator.server import SimulatorServer
from posture.usecases.ports.telling import Channel
from tests.simulator.builders import TENANT_ID, a_tenant

from .mail_builders import EVERYBODY, Words, a_channel, a_server, delivered, parsed
from .mail_server import PASSWORD, USERNAME, MailServer, Trick
from .posting_builders import a_letter, a_notice, letters

Security = Literal["starttls", "tls", "none"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path) as server:
        yield server


def test_it_fits_its_port(server: MailServer) -> None:
    channel: Channel = a_channel(server)

    assert (channel.name, channel.settings, channel.allowance) == ("admins", "0", None)
    assert list(channel.deliver([])) == []
    assert server.connections == 0


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_mail_arrives_however_the_connection_is_protected(tmp_path: Path, security: Security) -> None:
    with MailServer(tmp_path, security) as server:
        tried = delivered(a_channel(server), [a_letter()])

    assert tried == [Sent(note=None)]
    (mail,) = server.mails
    assert (mail.sender, mail.recipients) == ("posture@example.com", EVERYBODY)
    assert parsed(mail.content)["Message-ID"] == f"<{a_letter().id}@example.com>"
    assert server.signed_in == [(USERNAME, PASSWORD)]
    assert server.commands[-1] == "QUIT"
    assert ("STARTTLS" in server.commands) == (security == "starttls")


def test_what_is_sent_is_the_mail_to_the_last_byte(server: MailServer) -> None:
    words = Words(text=".\n..\nFrom me\n\n" + "x" * 3_000 + "\nGröße 名前\n", html="<p>.</p>\n.\n")
    channel = a_channel(server, words=words)

    delivered(channel, [a_letter()])

    (mail,) = server.mails
    assert mail.content.replace(b"\r\n", b"\n") == channel.mail(a_letter()).replace(b"\r\n", b"\n")
    text = parsed(mail.content).get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == words.text
    assert mail.content.isascii()
    assert max(map(len, mail.content.split(b"\r\n"))) <= 998


def test_fifty_mails_share_one_connection_and_one_sign_in(server: MailServer) -> None:
    fifty = letters(50)

    tried = delivered(a_channel(server), fifty)

    assert tried == [Sent(note=None)] * 50
    assert server.connections == 1
    assert len(server.signed_in) == 1
    ids = [parsed(mail.content)["Message-ID"] for mail in server.mails]
    assert ids == [f"<{letter.id}@example.com>" for letter in fifty]


def test_the_caller_may_stop_early(server: MailServer) -> None:
    trying = a_channel(server).deliver(letters(3))

    first = next(trying)
    trying.close()  # type: ignore[attr-defined]

    assert first == Sent(note=None)
    assert len(server.mails) == 1
    assert server.commands[-1] == "QUIT"


def test_the_real_words_arrive(server: MailServer) -> None:
    wording = Wording(Links(page="https://posture.example.com", reference_hosts=frozenset()), None)
    channel = SmtpChannel(name="admins", settings="0", server=a_server(server), wording=wording)

    tried = delivered(channel, [a_letter(), a_letter(a_notice(1), a_notice(2), number=1, is_digest=True)])

    assert tried == [Sent(note=None)] * 2
    for mail in server.mails:
        message = parsed(mail.content)
        assert "contoso" in message["Subject"]
        kinds = [part.get_content_type() for part in message.iter_parts()]
        assert kinds == ["text/plain", "text/html"]


def test_a_broken_template_stops_its_own_letter_only(server: MailServer) -> None:
    three = letters(3)
    channel = a_channel(server, words=Words(broken=frozenset({three[1].id})))

    first, second, third = delivered(channel, three)

    assert (first, third) == (Sent(note=None), Sent(note=None))
    assert isinstance(second, TryLater)
    assert second.spares_channel
    assert "finding.txt.j2:3" in second.because


def test_a_letter_that_cannot_be_worded_needs_no_server(server: MailServer) -> None:
    letter = a_letter()

    delivered(a_channel(server, words=Words(broken=frozenset({letter.id}))), [letter])

    assert server.connections == 0


# Signing in


@pytest.mark.parametrize(("without", "used"), [(frozenset({"LOGIN"}), "PLAIN"), (frozenset({"PLAIN"}), "LOGIN")])
def test_either_way_of_sending_a_password_will_do(tmp_path: Path, without: frozenset[str], used: str) -> None:
    seen: list[str] = []
    with MailServer(tmp_path, without=without) as server:
        server.on["AUTH"] = lambda arg: seen.append(arg.split()[0])  # type: ignore[func-returns-value]
        tried = delivered(a_channel(server), [a_letter()])

    assert tried == [Sent(note=None)]
    assert (seen, server.signed_in) == ([used], [(USERNAME, PASSWORD)])


def test_a_wrong_password_is_tried_once_and_closes_the_channel(server: MailServer) -> None:
    first, second = delivered(a_channel(server, password="wrong-one"), letters(2))

    assert isinstance(first, Refused)
    assert first.closes_channel
    assert "refused the sign-in" in first.because
    assert "username and password" in first.because
    assert second == first
    assert (server.signed_in, server.mails) == ([(USERNAME, "wrong-one")], [])


def test_nobody_signs_in_without_a_name(tmp_path: Path) -> None:
    with MailServer(tmp_path, "none") as server:
        tried = delivered(a_channel(server, username=None, password=None), [a_letter()])

    assert tried == [Sent(note=None)]
    assert "AUTH" not in server.commands


def test_a_server_that_takes_no_passwords_is_told_of(tmp_path: Path) -> None:
    with MailServer(tmp_path, without=frozenset({"PLAIN", "LOGIN"})) as server:
        (tried,) = delivered(a_channel(server), [a_letter()])

    assert isinstance(tried, Refused)
    assert tried.closes_channel
    assert "takes no passwords (it offers XOAUTH2)" in tried.because


@pytest.mark.parametrize("host", ["192.0.2.1", "mail.example.com"])
def test_a_password_never_goes_to_another_machine_in_the_clear(tmp_path: Path, host: str) -> None:
    with MailServer(tmp_path, "none") as server:
        (tried,) = delivered(a_channel(server, host=host), [a_letter()])

    assert isinstance(tried, Refused)
    assert tried.closes_channel
    assert "in the clear" in tried.because


def test_a_token_of_entra_is_sent_as_xoauth2(tmp_path: Path) -> None:
    tenant = a_tenant(registrations=[mailer_registration()])
    with SimulatorServer(tenants=[tenant], directory=tmp_path / "graph") as entra, MailServer(tmp_path) as server:
        connection = Connection(
            tenant_id=TENANT_ID,
            cloud=Cloud.CUSTOM,
            graph_root=entra.url,
            login_root=entra.url,
            client_id=MAILER_CLIENT_ID,
            credential=ClientSecret(value=MAILER_SECRET),
            ca_bundle=entra.ca_bundle,
            proxy=None,
        )
        credential = build_credential(connection, bundle=entra.ca_bundle)
        token = credential.get_token("https://outlook.office365.com/.default").token
        credential.close()  # type: ignore[attr-defined]
        server.tokens.add(token)

        tried = delivered(a_channel(server, password=None, token=lambda: token), letters(2))

    assert tried == [Sent(note=None)] * 2
    assert server.signed_in == [b"user=posture@example.com\x01auth=Bearer " + token.encode() + b"\x01\x01"]


def test_a_refused_token_is_explained_in_the_words_of_the_server(server: MailServer) -> None:
    (tried,) = delivered(a_channel(server, password=None, token=lambda: "a-token"), [a_letter()])

    assert isinstance(tried, Refused)
    assert tried.closes_channel
    assert (
        "535 5.7.3 Authentication unsuccessful (status 401, schemes Bearer, scope https://outlook)" in tried.because
    )


def test_a_server_without_xoauth2_is_told_of(tmp_path: Path) -> None:
    with MailServer(tmp_path, without=frozenset({"XOAUTH2"})) as server:
        (tried,) = delivered(a_channel(server, password=None, token=lambda: "a-token"), [a_letter()])

    assert isinstance(tried, Refused)
    assert tried.closes_channel
    assert "does not offer XOAUTH2" in tried.because
    assert server.signed_in == []


@pytest.mark.parametrize(
    ("error", "closes"),
    [
        (TokenRefused("The client secret has ended.", code="7000222"), True),
        (SettingsError("The variable MAIL_SECRET is not set"), True),
        (TenantUnreachable("login.example.com does not answer."), False),
    ],
)
def test_without_a_token_nothing_is_sent(server: MailServer, error: Exception, closes: bool) -> None:
    def token() -> str:
        raise error

    first, second = delivered(a_channel(server, password=None, token=token), letters(2))

    assert first == second
    assert first == (
        Refused(because=str(error), closes_channel=True) if closes else TryLater(because=str(error), after=None)
    )
    assert server.connections == 0


# Encryption


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_somebody_unknown_is_not_trusted(tmp_path: Path, security: Security) -> None:
    with MailServer(tmp_path, security) as server:
        first, second = delivered(a_channel(server, trust=lambda: tls_context([])), letters(2))

    assert isinstance(first, TryLater)
    assert "is not trusted" in first.because
    assert "http.ca_bundle" in first.because
    assert second == first
    assert (server.connections, server.signed_in, server.mails) == (1, [], [])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_for_another_name_is_not_accepted(tmp_path: Path, security: Security) -> None:
    with MailServer(tmp_path, security, address="127.0.0.2") as server:
        (tried,) = delivered(a_channel(server, host="127.0.0.2"), [a_letter()])

    assert isinstance(tried, TryLater)
    assert "not for this name" in tried.because
    assert server.signed_in == []


def test_without_starttls_nothing_is_sent_in_the_clear(tmp_path: Path) -> None:
    with MailServer(tmp_path, "none") as server:
        first, second = delivered(a_channel(server, security="starttls"), letters(2))

    assert isinstance(first, Refused)
    assert first.closes_channel
    assert "does not offer STARTTLS" in first.because
    assert second == first
    assert (server.signed_in, server.mails) == ([], [])


def test_a_server_that_cannot_begin_with_tls_now_is_tried_later(server: MailServer) -> None:
    server.on["STARTTLS"] = lambda _: "454 4.7.0 TLS not available"

    (tried,) = delivered(a_channel(server), [a_letter()])

    assert isinstance(tried, TryLater)
    assert server.signed_in == []


def test_a_bundle_that_cannot_be_read_is_told_of(server: MailServer, tmp_path: Path) -> None:
    (tried,) = delivered(a_channel(server, trust=lambda: tls_context([tmp_path / "none.pem"])), [a_letter()])

    assert isinstance(tried, TryLater)
    assert "none.pem" in tried.because


def test_tls_on_a_port_that_speaks_first_is_told_of(server: MailServer) -> None:
    (tried,) = delivered(a_channel(server, security="tls"), [a_letter()])

    assert isinstance(tried, TryLater)
    assert "they belong together" in tried.because


def test_a_goodbye_without_an_answer_changes_nothing(server: MailServer) -> None:
    server.on["QUIT"] = lambda _: Trick.HANG

    tried = delivered(a_channel(server, timeout_seconds=1), [a_letter()])

    assert tried == [Sent(note=None)]


@pytest.mark.parametrize(
    "changes",
    [{"recipients": ("a@example.com\r\nBcc: b@example.com",)}, {"sender": "nobody"}, {"recipients": ()}],
)
def test_what_is_no_address_closes_the_channel_before_anything_is_sent(
    server: MailServer, changes: dict[str, object]
) -> None:
    (tried,) = delivered(a_channel(server, **changes), [a_letter()])

    assert isinstance(tried, Refused)
    assert tried.closes_channel
    assert "\n" not in tried.because
    assert server.connections == 0


def test_a_server_does_not_show_its_secrets(server: MailServer) -> None:
    shown = repr(a_channel(server)) + repr(a_server(server)) + str(a_server(server))

    assert PASSWORD not in shown
    assert dataclasses.replace(a_server(server), port=1).port == 1
