"""A desk with a channel of every kind, each leading to a server on this machine, and a real database."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from posture.bootstrap import load_application
from posture.domain.notice import Event, digest_of
from posture.notify.samples import sample_notice
from posture.simulator.fault_effects import Delivery
from posture.simulator.messages import GraphRequest
from posture.simulator.registrations import MAILER_CLIENT_ID, MAILER_SECRET
from posture.simulator.server import SimulatorServer
from tests.notify.mail_server import PASSWORD, USERNAME, MailServer
from tests.notify.receiver import Receiver

from .conftest import Said, run, write_settings

SIGNATURE = "s1gnature-of-the-flow-0123456789"
SIGNING_SECRET = "secret-that-signs-0123456789"
SECRETS = {
    "MAIL_PASSWORD": PASSWORD,
    "MAILER_SECRET": MAILER_SECRET,
    "FLOW_SIGNATURE": SIGNATURE,
    "SIGNING_SECRET": SIGNING_SECRET,
}
KINDS = ("password", "token", "mailbox", "flow", "hook")

_CHANNELS = """\
notify:
  page: https://posture.example.com
  channels:
    - name: password
      smtp:
        host: localhost
        port: {mail_port}
        username: {username}
        password: ${{env:MAIL_PASSWORD}}
        from: posture@example.com
        to: [admins@example.com]
    - name: token
      smtp:
        host: localhost
        port: {mail_port}
        username: posture@example.com
        xoauth2: {{tenant: contoso, client_id: {mailer}, client_secret: "${{env:MAILER_SECRET}}"}}
        from: posture@example.com
        to: [admins@example.com]
    - name: mailbox
      graph_mail:
        tenant: contoso
        mailbox: {mailbox}
        to: [admins@example.com]
        credential: {{client_id: {mailer}, client_secret: "${{env:MAILER_SECRET}}"}}
    - name: flow
      teams: {{url: "{receiver}/workflows/1/invoke?sig=${{env:FLOW_SIGNATURE}}"}}
    - name: hook
      webhook: {{url: "{receiver}/hook", secret: "${{env:SIGNING_SECRET}}"}}
"""


@dataclass(kw_only=True)
class Desk:
    """``settings`` is the file of the configuration."""

    settings: Path
    box: MailServer
    receiver: Receiver
    company: SimulatorServer
    channels: str

    def run(self, *arguments: str | Path, **environment: str) -> Said:
        """Run a command with every secret at hand; an empty variable is as none."""
        return run(*arguments, "--config", self.settings, **(SECRETS | environment))

    def route(self, *channels: str, more: str = "") -> None:
        """Send everything to these channels at once, and nothing anywhere else."""
        text = self.settings.read_text(encoding="utf-8").partition("notify:\n")[0]
        default = f"  default: {{channels: [{', '.join(channels)}]}}\n" if channels else ""
        self.settings.write_text(f"{text}{self.channels}{more}{default}", encoding="utf-8")

    def happen(self, *events: Event) -> None:
        """Let something happen, each time something new."""
        now = datetime.now(UTC)
        notices = [
            replace(sample_notice(event), id=digest_of(event.value, now.isoformat(), number), at=now)
            for number, event in enumerate(events)
        ]
        store = load_application(self.settings).store
        with store.open_outbox() as outbox:
            outbox.add_notices(notices)
        store.close()

    def listed(self) -> Any:
        return self.run("notify", "list", "--format", "json").json()

    @property
    def mails(self) -> list[EmailMessage]:
        """Every mail that came, by SMTP or through Graph."""
        sent = [mail.mime for mail in self.company.tenants[0].mails if mail.mime is not None]
        raw = [received.content for received in self.box.mails] + sent
        parsed = [email.message_from_bytes(content, policy=email.policy.default) for content in raw]
        return [mail for mail in parsed if isinstance(mail, EmailMessage)]

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]).strip() for mail in self.mails]

    @property
    def posted(self) -> list[Any]:
        """Every JSON that was posted to the receiver."""
        return [json.loads(received.body) for received in self.receiver.received]


def notify_lines(box: MailServer, receiver: Receiver, company: SimulatorServer) -> str:
    """Return the settings' part about telling, up to its channels: one of every kind of ``KINDS``."""
    mailbox = next(user["mail"] for user in company.tenants[0].collections["users"] if user.get("mail"))
    return _CHANNELS.format(
        mail_port=box.port, username=USERNAME, mailer=MAILER_CLIENT_ID, mailbox=mailbox, receiver=receiver.address
    )


@contextmanager
def open_desk(directory: Path, company: SimulatorServer) -> Iterator[Desk]:
    """Open a desk with an empty database; it routes nothing anywhere yet."""
    company.tenants[0].mails.clear()
    with MailServer(directory / "mail") as box, Receiver(directory / "receiver") as receiver, overheard(company, box):
        bundle = directory / "ca.pem"
        bundles = (company.ca_bundle, box.ca_bundle, receiver.ca_bundle)
        bundle.write_bytes(b"\n".join(path.read_bytes() for path in bundles))
        settings = write_settings(directory, company, ca_bundle=json.dumps(str(bundle)))
        channels = notify_lines(box, receiver, company)
        desk = Desk(settings=settings, box=box, receiver=receiver, company=company, channels=channels)
        desk.route()
        yield desk


@contextmanager
def overheard(company: SimulatorServer, box: MailServer) -> Iterator[None]:
    """Let the mail server accept the tokens that the tenant gives for Exchange."""
    deliver = company.exchange.deliver

    def noted(request: GraphRequest) -> Delivery:
        delivery = deliver(request)
        scope = parse_qs(request.body.decode("utf-8", "replace")).get("scope", [""])[0]
        if "outlook" in scope and delivery.answer.status == 200:
            box.tokens.add(json.loads(delivery.answer.body)["access_token"])
        return delivery

    company.exchange.deliver = noted  # type: ignore[method-assign]
    try:
        yield
    finally:
        company.exchange.deliver = deliver  # type: ignore[method-assign]
