"""Passwords, tokens, signatures and addresses of channels: told with faults and mistakes, by every kind of channel,
they are in no message, log line, output, file or row."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from posture.simulator.registrations import mailer_registration
from posture.simulator.tenant import Tenant
from tests.cli.telling_desk import KINDS, SECRETS, notify_lines, overheard
from tests.notify.mail_server import USERNAME, MailServer
from tests.notify.receiver import Receiver, answer, echo

from .acting_company import REMEDIATOR, Headquarters, OpenOffice
from .acting_company import SECRETS as SECRETS_OF_THE_TENANT
from .conftest import Done, posture
from .telling_office import Post, joined_bundle

WRONG = {
    "MAIL_PASSWORD": "wrong-password-of-nobody-0123456789",
    "MAILER_SECRET": "wrong-secret-of-nobody-0123456789",
    "FLOW_SIGNATURE": "wrong-signature-of-nobody-0123456789",
    "SIGNING_SECRET": "wrong-signing-secret-of-nobody-0123456789",
}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path / "mail") as server:
        yield server


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path / "receiver") as server:
        yield server


@pytest.fixture
def post(
    open_office: OpenOffice, headquarters: Headquarters, box: MailServer, receiver: Receiver, tmp_path: Path
) -> Iterator[Post]:
    company = headquarters.server
    bundle = joined_bundle(tmp_path / "ca.pem", company.ca_bundle, box.ca_bundle, receiver.ca_bundle)
    everywhere = f"  default: {{channels: [{', '.join(KINDS)}]}}\n"
    more = REMEDIATOR + notify_lines(box, receiver, company) + everywhere
    with overheard(company, box):
        yield Post(office=open_office(more=more, ca_bundle=bundle, change=_with_mailer), box=box)


def _with_mailer(tenant: Tenant) -> None:
    tenant.registrations.append(mailer_registration())


def loud(post: Post, said: list[bytes], *arguments: str, **environment: str) -> Done:
    """Run a command with every logger at its loudest, and keep all that it says."""
    config = post.office.directory / "posture.yaml"
    secrets = {**SECRETS_OF_THE_TENANT, **SECRETS, "POSTURE_TOKEN": post.office.tokens["ada"]}
    done = posture(*arguments, "--config", config, cwd=post.office.directory, is_loud=True, **(secrets | environment))
    said += [done.out.encode(), done.err.encode()]
    return done


def written_in_every_way(secrets: set[str]) -> Iterator[bytes]:
    for secret in secrets:
        for text in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], b64encode(secret.encode()).decode()):
            yield text.encode()


def test_no_secret_of_a_channel_is_left_anywhere(post: Post, receiver: Receiver) -> None:
    said: list[bytes] = []
    user = post.office.member(0)["id"]

    # Servers that repeat what they were given; then wrong secrets; then all goes well.
    post.box.on["AUTH"] = lambda given: f"535 5.7.8 not accepted: {given}"
    receiver.answers = [echo(404), echo(400)]
    loud(post, said, "notify", "send")
    post.box.on.clear()
    loud(post, said, "notify", "list")
    loud(post, said, "doctor", "--format", "json")
    receiver.answers = [answer(401), answer(401)]
    loud(post, said, "notify", "send", **WRONG)
    loud(post, said, "doctor")
    proposed = loud(post, said, *("actions", "propose", "revoke-sessions", "--target", user, "--reason", "drill"))
    for kind in KINDS:
        loud(post, said, "notify", "test", "--channel", kind)
        loud(post, said, *("notify", "preview", "--channel", kind, "--digest", "--output", "shown"))
    sent = loud(post, said, "notify", "send")
    loud(post, said, "notify", "list", "--format", "json")
    loud(post, said, "audit", "list", "--format", "json")

    assert proposed.code == 0, proposed.err
    assert sent.code == 0, sent.out
    assert len(post.mails) >= 4
    assert len(receiver.received) >= 6
    secrets = {*SECRETS.values(), *WRONG.values(), *post.box.tokens, f"\0{USERNAME}\0{SECRETS['MAIL_PASSWORD']}"}
    assert post.box.tokens
    assert post.box.signed_in
    messages = [received.content for received in post.box.mails]
    messages += [mail.mime or b"" for mail in post.office.tenant.mails]
    messages += [received.body for received in receiver.received]
    files = [path for path in post.office.directory.rglob("*") if path.is_file() and path.suffix != ".yaml"]
    places = {str(path): path.read_bytes() for path in files}
    places |= {"output": b"\n".join(said), "messages": b"\n".join(messages)}
    assert any(name.endswith("posture.db") for name in places)
    assert any("shown" in name for name in places)
    assert b"DEBUG" in places["output"]
    written = set(written_in_every_way(secrets))
    found = {(name, text[:12]) for name, content in places.items() for text in written if text in content}
    assert found == set()
