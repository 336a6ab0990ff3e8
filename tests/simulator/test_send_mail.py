"""Mail from a mailbox of the simulated company: what is taken, what is refused, and what can be seen of it."""

from __future__ import annotations

import base64
import email
import json
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import jwt
import pytest

from posture.simulator.faults import Fault, FaultKind
from posture.simulator.registrations import (
    MAILER_CLIENT_ID,
    MAILER_SECRET,
    demo_registration,
    mailer_registration,
    writing_permissions,
)
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import SentMail
from posture.simulator.throttling import Limit
from tests.simulator.builders import InProcess, Reply, a_tenant, a_user, guid, in_process, over_tls

SENDER = "user2@contoso.example.com"
URL = f"/v1.0/users/{SENDER}/sendMail"


@pytest.fixture
def mailer(tmp_path: Path) -> InProcess:
    tenant = a_tenant(registrations=[demo_registration(), mailer_registration()])
    tenant.collections["users"].append(a_user(404, mail=None))
    graph = in_process(tmp_path, tenant)
    graph.sign_in(client_id=MAILER_CLIENT_ID, client_secret=MAILER_SECRET)
    return graph


def a_mime(**headers: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    given = {"From": SENDER, "To": "Zoë <zoe@example.com>", "Subject": "Größe", "Message-ID": "<1@example.com>"}
    for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        mail[name] = value
    mail.set_content("plain")
    mail.add_alternative("<p>rich</p>", subtype="html")
    return mail


def post_mime(graph: InProcess, body: bytes, url: str = URL) -> Reply:
    return graph.send("POST", url, body=body, headers={"Content-Type": "text/plain"})


def post(graph: InProcess, mail: EmailMessage) -> Reply:
    return post_mime(graph, base64.b64encode(mail.as_bytes()))


def sent(graph: InProcess) -> list[SentMail]:
    return graph.server.tenants[0].mails


def a_message(**changes: object) -> dict[str, object]:
    message: dict[str, object] = {
        "subject": "x",
        "body": {"contentType": "HTML", "content": "<p>x</p>"},
        "toRecipients": [{"emailAddress": {"address": "a@example.com"}}],
    }
    return {"message": message | changes, "saveToSentItems": False}


def test_a_mime_message_is_taken_and_kept_as_it_came(mailer: InProcess) -> None:
    mail = a_mime(Cc="b@example.com", X_Own="1")

    reply = post(mailer, mail)

    assert (reply.status, reply.content) == (202, b"")
    (kept,) = sent(mailer)
    assert kept.mime == mail.as_bytes()
    assert (kept.mailbox, kept.client_id, kept.sent_at) == (SENDER, MAILER_CLIENT_ID, mailer.clock.now)
    assert kept.recipients == ("zoe@example.com", "b@example.com")
    assert kept.stays_in_sent_items
    assert (kept.message["subject"], kept.message["internetMessageId"]) == ("Größe", "<1@example.com>")
    assert kept.message["body"] == {"contentType": "html", "content": "<p>rich</p>\r\n"}


def test_base64_may_be_broken_into_lines(mailer: InProcess) -> None:
    assert post_mime(mailer, base64.encodebytes(a_mime().as_bytes())).status == 202


def test_a_message_in_json_is_taken(mailer: InProcess) -> None:
    reply = mailer.post(f"/v1.0/users/{guid(2)}/sendMail", a_message())

    assert (reply.status, reply.content) == (202, b"")
    (kept,) = sent(mailer)
    assert (kept.mime, kept.recipients, kept.stays_in_sent_items) == (None, ("a@example.com",), False)


@pytest.mark.parametrize("body", [b"no base64!", base64.b64encode(b"x")[:-1]])
def test_bad_base64_is_refused_in_the_documented_words(mailer: InProcess, body: bytes) -> None:
    reply = post_mime(mailer, body)

    assert reply.status == 400
    assert reply.body["error"]["code"] == "ErrorMimeContentInvalidBase64String"
    assert reply.body["error"]["message"] == "Invalid base64 string for MIME content."
    assert sent(mailer) == []


@pytest.mark.parametrize("to", ["", "undisclosed-recipients:;"])
def test_a_message_to_nobody_is_refused(mailer: InProcess, to: str) -> None:
    assert post(mailer, a_mime(To=to)).code == "ErrorInvalidRecipients"
    assert mailer.post(URL, a_message(toRecipients=[])).code == "ErrorInvalidRecipients"
    assert sent(mailer) == []


def test_a_message_in_the_name_of_another_mailbox_is_refused(mailer: InProcess) -> None:
    reply = post(mailer, a_mime(From="user3@contoso.example.com"))

    assert (reply.status, reply.code) == (403, "ErrorSendAsDenied")
    assert sent(mailer) == []


def test_a_mailbox_that_is_not_there_is_not_found(mailer: InProcess) -> None:
    unknown = post_mime(mailer, base64.b64encode(a_mime().as_bytes()), "/v1.0/users/nobody@example.com/sendMail")
    without = mailer.post(f"/v1.0/users/{guid(404)}/sendMail", a_message())

    assert (unknown.status, unknown.code) == (404, "ErrorInvalidUser")
    assert (without.status, without.code) == (404, "MailboxNotEnabledForRESTAPI")


def test_the_permission_is_needed_and_neither_reader_nor_remediator_has_it(mailer: InProcess) -> None:
    assert mailer.sign_in().status == 200  # the reader

    reply = post(mailer, a_mime())

    assert (reply.status, reply.code) == (403, "ErrorAccessDenied")
    assert "Mail.Send" not in writing_permissions()
    assert sent(mailer) == []


def test_whoever_may_send_mail_may_do_nothing_else(mailer: InProcess) -> None:
    assert mailer.get("/v1.0/users").status == 403
    assert mailer.patch(f"/v1.0/users/{guid(2)}", {"accountEnabled": False}).status == 403


@pytest.mark.parametrize(
    "body",
    [{}, {"message": None}, {"message": "x"}, a_message(nonsense=1), a_message(body={"contentType": "rtf"})],
)
def test_a_body_that_is_none_is_a_bad_request(mailer: InProcess, body: object) -> None:
    assert mailer.post(URL, body).status == 400
    assert sent(mailer) == []


def test_other_media_types_are_not_taken(mailer: InProcess) -> None:
    assert mailer.send("POST", URL, body=b"x", headers={"Content-Type": "message/rfc822"}).status == 415
    assert mailer.get(URL).status == 400


@pytest.mark.parametrize(
    ("kind", "status", "arrived"),
    [
        (FaultKind.THROTTLED, 429, 0),
        (FaultKind.UNAVAILABLE, 503, 0),
        (FaultKind.FORBIDDEN, 403, 0),
        (FaultKind.CONNECTION_RESET, None, 0),
        (FaultKind.ANSWER_LOST, None, 1),
    ],
)
def test_faults_strike_as_with_other_writes(
    mailer: InProcess, kind: FaultKind, status: int | None, arrived: int
) -> None:
    mailer.server.faults.add(Fault(kind=kind, path="sendMail"))

    post(mailer, a_mime())

    record = mailer.server.requests[-1]
    assert (record.status, record.route, record.sent) == (status, "user-sendmail", None)
    assert len(sent(mailer)) == arrived


def test_too_many_mails_are_throttled(tmp_path: Path) -> None:
    tenant = a_tenant(registrations=[demo_registration(), mailer_registration()])
    graph = in_process(tmp_path, tenant, throttling=True)
    graph.server.throttle.limits["outlook"] = Limit(name="outlook", cost=2, seconds=600)
    graph.sign_in(client_id=MAILER_CLIENT_ID, client_secret=MAILER_SECRET)

    replies = [post(graph, a_mime()) for _ in range(3)]

    assert [reply.status for reply in replies] == [202, 202, 429]
    assert replies[-1].headers["Retry-After"] == "600"


def test_a_token_for_exchange_says_what_may_be_done_there_and_opens_nothing_of_graph(mailer: InProcess) -> None:
    reply = mailer.sign_in(
        client_id=MAILER_CLIENT_ID, client_secret=MAILER_SECRET, scope="https://outlook.office365.com/.default"
    )

    claims = jwt.decode(reply.body["access_token"], options={"verify_signature": False})
    assert (claims["aud"], claims["roles"]) == ("https://outlook.office365.com", ["SMTP.SendAsApp"])
    assert post(mailer, a_mime()).status == 401


@pytest.mark.parametrize("scope", ["https://outlook.office365.com", "https://example.com/.default", "/.default"])
def test_other_scopes_are_refused(mailer: InProcess, scope: str) -> None:
    assert mailer.sign_in(scope=scope).body["error"] == "invalid_scope"


def test_what_was_sent_can_be_read_and_forgotten_over_the_wire(tmp_path: Path) -> None:
    tenant = a_tenant(registrations=[mailer_registration()])
    with SimulatorServer(tenants=[tenant], directory=tmp_path) as server, over_tls(server) as http:
        token, _ = server.signer.issue(tenant.registrations[0], tenant.tenant_id, audience=server.url, claims={})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
        assert http.post(URL, content=base64.b64encode(a_mime().as_bytes()), headers=headers).status_code == 202

        (shown,) = http.get("/_simulator/mails").json()
        assert http.get("/_simulator/mails?tenant=nobody").status_code == 404
        assert http.delete("/_simulator/mails").status_code == 204

        assert email.message_from_bytes(base64.b64decode(shown["mime"]))["Message-ID"] == "<1@example.com>"
        assert json.dumps(shown["recipients"]) == '["zoe@example.com"]'
        assert http.get("/_simulator/mails").json() == []
