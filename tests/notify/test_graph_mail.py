"""Mail by Microsoft Graph: what arrives, what is told of what does not, and how often it is sent."""

from __future__ import annotations

import dataclasses
import json
import logging
from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from posture.domain.delivery import Refused, Sent, Tried, TryLater
from posture.domain.request import Answered, Lost
from posture.domain.tenant import Cloud
from posture.errors import SettingsError
from posture.graph.credentials import ClientSecret, Connection
from posture.graph.mailer import TenantMailer
from posture.graph.pursuit import RetryBudget
from posture.graph.throttle import PUBLISHED, faster
from posture.notify.answers import LONGEST_WAIT
from posture.notify.graph_mail import PACE, GraphMailChannel, tried_of
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.registrations import MAILER_CLIENT_ID, MAILER_SECRET, mailer_registration
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import SentMail
from posture.usecases.ports.telling import Channel
from tests.graph.conftest import SECRET
from tests.graph.scripted_graph import Reply, ScriptedGraph, error, scripted_graph
from tests.simulator.builders import TENANT_ID, a_tenant, a_user

from .mail_builders import Words, parsed
from .posting_builders import a_letter, letters

MAILBOX = "user2@contoso.example.com"
ODD_MAILBOX = "o'neil+it%#&@contoso.example.com"
TO = ("admins@example.com", "oncall@example.com")
QUICK = RetryBudget(
    tries=3, waiting_seconds=5, first_pause_seconds=0.01, longest_pause_seconds=0.05, answer_seconds=20
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    tenant = a_tenant(registrations=[mailer_registration()])
    tenant.collections["users"] += [
        a_user(404, mail=None),
        a_user(405, mail=ODD_MAILBOX, userPrincipalName=ODD_MAILBOX),
    ]
    with SimulatorServer(tenants=[tenant], directory=tmp_path_factory.mktemp("graph"), throttling=False) as server:
        yield server


@pytest.fixture
def graph(served: SimulatorServer) -> Iterator[SimulatorServer]:
    served.faults.clear()
    served.requests.clear()
    served.tenants[0].mails.clear()
    kept = list(served.tenants[0].registrations)
    yield served
    served.faults.clear()
    served.tenants[0].registrations[:] = kept


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[ScriptedGraph]:
    with scripted_graph(tmp_path) as graph:
        graph.script = [Reply(status=202)]
        yield graph


def connection_to(graph: SimulatorServer, *, secret: str = MAILER_SECRET) -> Connection:
    return Connection(
        tenant_id=TENANT_ID,
        cloud=Cloud.CUSTOM,
        graph_root=graph.url,
        login_root=graph.url,
        client_id=MAILER_CLIENT_ID,
        credential=ClientSecret(value=secret),
        ca_bundle=graph.ca_bundle,
        proxy=None,
    )


def a_channel(connection: Connection, *, budget: RetryBudget = QUICK, **changes: Any) -> GraphMailChannel:
    pace = faster(PUBLISHED, factor=1_000)
    fields: dict[str, Any] = {
        "name": "mailbox",
        "settings": "0",
        "mailbox": MAILBOX,
        "recipients": TO,
        "wording": Words(),
        "open_mailer": lambda: TenantMailer(connection, pace=pace, budget=budget),
    }
    return GraphMailChannel(**(fields | changes))


def mails(graph: SimulatorServer) -> list[SentMail]:
    return graph.tenants[0].mails


def refused(tried: Tried) -> Refused:
    assert isinstance(tried, Refused)
    return tried


def later(tried: Tried) -> TryLater:
    assert isinstance(tried, TryLater)
    return tried


def test_it_fits_its_port(graph: SimulatorServer) -> None:
    channel: Channel = a_channel(connection_to(graph))

    assert (channel.name, channel.settings, channel.allowance) == ("mailbox", "0", PACE)
    assert list(channel.deliver([])) == []
    assert graph.requests == []


def test_the_whole_mail_arrives_as_it_was_written(graph: SimulatorServer) -> None:
    channel = a_channel(connection_to(graph))

    tried = list(channel.deliver([a_letter()]))

    assert tried == [Sent(note=None)]
    (mail,) = mails(graph)
    assert (mail.mailbox, mail.recipients) == (MAILBOX, TO)
    assert mail.mime == channel.mail(a_letter())
    message = parsed(mail.mime)
    assert message["Message-ID"] == f"<{a_letter().id}@contoso.example.com>"
    assert message["References"] == f"<{a_letter().notices[0].thread}@contoso.example.com>"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_many_mails_take_one_sign_in(graph: SimulatorServer) -> None:
    thirty = letters(30)

    tried = list(a_channel(connection_to(graph)).deliver(thirty))

    assert tried == [Sent(note=None)] * 30
    assert [mail.message["internetMessageId"] for mail in mails(graph)] == [
        f"<{letter.id}@contoso.example.com>" for letter in thirty
    ]
    assert sum(record.route == "token" for record in graph.requests) == 1


def test_it_is_posted_as_base64_of_the_mail(scripted: ScriptedGraph) -> None:
    channel = a_channel(scripted.connection())

    list(channel.deliver([a_letter()]))

    (request,) = scripted.received
    assert (request.method, request.path) == ("POST", f"/v1.0/users/{MAILBOX}/sendMail")
    assert request.headers["content-type"] == "text/plain"
    assert b64decode(request.body, validate=True) == channel.mail(a_letter())


def test_an_odd_mailbox_is_one_segment_of_the_path(graph: SimulatorServer) -> None:
    tried = list(a_channel(connection_to(graph), mailbox=ODD_MAILBOX).deliver([a_letter()]))

    assert tried == [Sent(note=None)]
    assert mails(graph)[0].mailbox == ODD_MAILBOX
    assert graph.requests[-1].path == "/v1.0/users/o%27neil%2Bit%25%23%26@contoso.example.com/sendMail"


def test_a_broken_template_stops_its_own_letter_only(graph: SimulatorServer) -> None:
    three = letters(3)
    channel = a_channel(connection_to(graph), wording=Words(broken=frozenset({three[1].id})))

    first, second, third = channel.deliver(three)

    assert (first, third) == (Sent(note=None), Sent(note=None))
    assert later(second).spares_channel


# What somebody has to mend


def test_without_the_permission_the_channel_is_closed_and_told_how_to_get_it(graph: SimulatorServer) -> None:
    graph.tenants[0].registrations[0] = mailer_registration(withhold=frozenset({"Mail.Send"}))

    first, second = a_channel(connection_to(graph)).deliver(letters(2))

    assert refused(first).closes_channel
    assert "ErrorAccessDenied" in refused(first).because
    assert "Mail.Send" in refused(first).because
    assert "RBAC for Applications" in refused(first).because
    assert second == first
    assert sum(record.route == "user-sendmail" for record in graph.requests) == 1


@pytest.mark.parametrize("mailbox", ["nobody@contoso.example.com", "user404@contoso.example.com"])
def test_a_mailbox_that_is_not_there_closes_the_channel(graph: SimulatorServer, mailbox: str) -> None:
    (tried,) = a_channel(connection_to(graph), mailbox=mailbox).deliver([a_letter()])

    assert refused(tried).closes_channel
    assert mailbox in refused(tried).because
    assert mails(graph) == []


@pytest.mark.parametrize(
    ("reply", "advice"),
    [
        (error(400, "ErrorInvalidRecipients", "At least one recipient is not valid."), "Correct to"),
        (error(403, "ErrorSendAsDenied", "No right to send as."), "may not send as"),
        (error(403, "ErrorAccessDenied", "Access is denied."), "Mail.Send"),
        (error(404, "MailboxNotEnabledForRESTAPI", "Not here."), "no mailbox"),
        (error(404, "ResourceNotFound", "Not here."), "no mailbox"),
        (error(401, "InvalidAuthenticationToken", "No."), "does not accept the token"),
    ],
)
def test_what_graph_will_never_take_closes_the_channel(scripted: ScriptedGraph, reply: Reply, advice: str) -> None:
    scripted.script = [reply]

    first, second = a_channel(scripted.connection()).deliver(letters(2))

    assert refused(first).closes_channel
    assert advice in refused(first).because
    assert f"Graph answered {reply.status}" in refused(first).because
    assert second == first


def test_a_wrong_secret_closes_the_channel(graph: SimulatorServer) -> None:
    first, second = a_channel(connection_to(graph, secret="a-wrong-one")).deliver(letters(2))

    assert refused(first).closes_channel
    assert "a-wrong-one" not in refused(first).because
    assert second == first
    assert mails(graph) == []


def test_settings_that_cannot_be_looked_up_close_the_channel(graph: SimulatorServer) -> None:
    def open_mailer() -> TenantMailer:
        raise SettingsError("The variable MAIL_SECRET is not set")

    tried = list(a_channel(connection_to(graph), open_mailer=open_mailer).deliver(letters(2)))

    assert tried == [Refused(because="The variable MAIL_SECRET is not set", closes_channel=True)] * 2


@pytest.mark.parametrize("changes", [{"mailbox": "../groups"}, {"recipients": ("a@b.example\nBcc: c@d.example",)}])
def test_what_is_no_address_is_never_sent(graph: SimulatorServer, changes: dict[str, Any]) -> None:
    (tried,) = a_channel(connection_to(graph), **changes).deliver([a_letter()])

    assert refused(tried).closes_channel
    assert graph.requests == []


# What concerns one message


@pytest.mark.parametrize(
    "reply",
    [
        error(413, "RequestEntityTooLarge"),
        error(400, "ErrorMessageSizeExceeded"),
        error(400, "ErrorMimeContentInvalidBase64String"),
        Reply(status=400, body=b"not json"),
    ],
)
def test_a_message_that_is_refused_does_not_stop_the_others(scripted: ScriptedGraph, reply: Reply) -> None:
    scripted.script = [reply, Reply(status=202)]

    first, second = a_channel(scripted.connection()).deliver(letters(2))

    assert not refused(first).closes_channel
    assert second == Sent(note=None)


# What passes


def test_a_short_wait_is_waited_for(graph: SimulatorServer) -> None:
    graph.faults.add(Fault(kind=FaultKind.THROTTLED, path="sendMail", retry_after=1))

    tried = list(a_channel(connection_to(graph)).deliver([a_letter()]))

    assert tried == [Sent(note=None)]
    assert len(mails(graph)) == 1


@pytest.mark.parametrize(("asked", "waited"), [(120, timedelta(seconds=120)), (999_999, LONGEST_WAIT)])
def test_a_long_wait_is_left_to_the_caller(graph: SimulatorServer, asked: int, waited: timedelta) -> None:
    graph.faults.add(Fault(kind=FaultKind.THROTTLED, path="sendMail", retry_after=asked, times=None))

    first, second = a_channel(connection_to(graph)).deliver(letters(2))

    assert later(first).after == waited
    assert not later(first).spares_channel
    assert second == first
    assert sum(record.route == "user-sendmail" for record in graph.requests) == 1


@pytest.mark.parametrize("kind", [FaultKind.UNAVAILABLE, FaultKind.SERVER_ERROR, FaultKind.CONNECTION_RESET])
def test_an_outage_is_tried_later(graph: SimulatorServer, kind: FaultKind) -> None:
    graph.faults.add(Fault(kind=kind, path="sendMail", times=None))

    first, second = a_channel(connection_to(graph)).deliver(letters(2))

    later(first)
    assert second == first
    assert mails(graph) == []


def test_after_a_short_outage_it_is_sent(graph: SimulatorServer) -> None:
    graph.faults.add(Fault(kind=FaultKind.UNAVAILABLE, path="sendMail", times=2))

    assert list(a_channel(connection_to(graph)).deliver([a_letter()])) == [Sent(note=None)]
    assert len(mails(graph)) == 1


def test_a_mail_whose_answer_is_lost_is_sent_again_as_the_same_one(graph: SimulatorServer) -> None:
    graph.faults.add(Fault(kind=FaultKind.ANSWER_LOST, path="sendMail"))

    tried = list(a_channel(connection_to(graph)).deliver([a_letter()]))

    assert tried == [Sent(note=None)]
    one, two = mails(graph)
    assert one.mime == two.mime


def test_when_every_answer_is_lost_it_is_tried_later_and_said_to_come_twice(graph: SimulatorServer) -> None:
    graph.faults.add(Fault(kind=FaultKind.ANSWER_LOST, path="sendMail", times=None))

    first, second = a_channel(connection_to(graph)).deliver(letters(2))

    assert "comes twice then, as the same message" in later(first).because
    assert second == first
    assert len({mail.mime for mail in mails(graph)}) == 1


@pytest.mark.parametrize("kind", [FaultKind.CLAIMS_CHALLENGE, FaultKind.REVOKED_TOKEN])
def test_a_token_that_was_refused_is_renewed(graph: SimulatorServer, kind: FaultKind) -> None:
    graph.faults.add(Fault(kind=kind, path="sendMail"))

    assert list(a_channel(connection_to(graph)).deliver([a_letter()])) == [Sent(note=None)]
    assert len(mails(graph)) == 1


def test_nobody_answers(scripted: ScriptedGraph) -> None:
    connection = dataclasses.replace(scripted.connection(), graph_root="https://localhost:1")

    first, second = a_channel(connection).deliver(letters(2))

    assert "localhost:1" in later(first).because
    assert second == first


def test_no_token_can_be_had_at_the_moment(graph: SimulatorServer) -> None:
    connection = dataclasses.replace(connection_to(graph), login_root="https://localhost:1")

    (tried,) = a_channel(connection).deliver([a_letter()])

    assert "localhost:1" in later(tried).because


def an_answer(status: int, code: str = "", *, asked_wait: float | None = None) -> Answered:
    body = {"error": {"code": code}} if code else {}
    return Answered(
        status=status, body=body, error=f"Graph answered {status}", request_id=None, asked_wait=asked_wait
    )


@pytest.mark.parametrize("status", [408, 423, 429, 500, 502, 504, 509])
def test_troubles_of_the_service_pass(status: int) -> None:
    assert tried_of(an_answer(status), mailbox=MAILBOX) == TryLater(because=f"Graph answered {status}.", after=None)


def test_a_limit_of_the_mailbox_passes_and_says_when() -> None:
    answer = an_answer(400, "ErrorExceededMessageLimit", asked_wait=30)

    assert later(tried_of(answer, mailbox=MAILBOX)).after == timedelta(seconds=30)


def test_nobody_knows_what_became_of_it() -> None:
    tried = later(tried_of(Lost(why="the connection broke"), mailbox=MAILBOX))

    assert tried.because.startswith("The connection broke. It is tried again")


# Secrets


def test_no_secret_and_no_token_is_told(scripted: ScriptedGraph, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    channel = a_channel(scripted.connection())
    list(channel.deliver([a_letter()]))
    token = scripted.tokens[0]
    body = json.dumps({"error": {"code": "ErrorAccessDenied", "message": f"no Bearer {token}"}}).encode()
    scripted.script = [Reply(status=403, body=body)]

    (tried,) = channel.deliver([a_letter()])

    told = repr(tried) + repr(channel) + "".join(record.getMessage() for record in caplog.records)
    assert token not in told
    assert SECRET not in told
