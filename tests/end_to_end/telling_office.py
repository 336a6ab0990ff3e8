"""Offices whose settings lead to a mail server and a receiver of webhooks on this machine."""

from __future__ import annotations

import email
import email.policy
import json
import shutil
import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from tests.notify.mail_server import MailServer

from .acting_company import REMEDIATOR, Office
from .conftest import Done

FIRST_RESULTS = "First results"
SECRET_ENDS = "Client secret of an application ends soon"


@dataclass(kw_only=True)
class Post:
    """One office and the server that takes its mail."""

    office: Office
    box: MailServer

    def run(self, *arguments: str, by: str | None = None, **environment: str) -> Done:
        return self.office.posture(*arguments, by=by, **environment)

    def add_secret(self, application: str = "Secret ends_later") -> str:
        """Give an application one more secret, which ends in ten days; return its id."""
        key_id, now = str(uuid.uuid4()), datetime.now(UTC)
        self.office.application_called(application)["passwordCredentials"].append(
            {
                "keyId": key_id,
                "displayName": "roll-out",
                "startDateTime": f"{now - timedelta(days=20):%Y-%m-%dT%H:%M:%SZ}",
                "endDateTime": f"{now + timedelta(days=10):%Y-%m-%dT%H:%M:%SZ}",
                "customKeyIdentifier": None,
                "hint": "a1~",
                "secretText": None,
            }
        )
        return key_id

    def settle(self) -> None:
        """Send what the scan of the headquarters found, and forget it."""
        assert self.run("notify", "send").code == 0
        self.box.mails.clear()

    def scan(self, *options: str) -> Done:
        """Scan again, for secrets only: that is fast."""
        done = self.run("scan", "--check", "secret-expiring-soon", *options)
        assert done.code == 0, done.err
        return done

    def start_anew(self) -> None:
        """Forget that the company was ever scanned."""
        shutil.rmtree(self.office.directory / "data")

    def forward(self, minutes: int) -> None:
        """Let time pass for what waits: the claims and the next tries of all deliveries come earlier."""
        with closing(sqlite3.connect(self.office.directory / "data" / "posture.db")) as database:
            for column in ("claimed_until", "next_try_at"):
                rows = database.execute(f"select number, {column} from deliveries where {column} is not null")  # noqa: S608
                for number, text in rows.fetchall():
                    earlier = datetime.fromisoformat(text) - timedelta(minutes=minutes)
                    database.execute(
                        f"update deliveries set {column} = ? where number = ?",  # noqa: S608 - names of ours
                        (earlier.isoformat(sep=" ", timespec="microseconds"), number),
                    )
            database.commit()

    @property
    def mails(self) -> list[EmailMessage]:
        return [_parsed(received.content) for received in self.box.mails]

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]).strip() for mail in self.mails]

    @property
    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]


def mail_channel(box: MailServer, *, name: str = "admins", more: str = "") -> str:
    """Return a channel as one entry of ``channels``, without a login; ``more`` are more of its keys."""
    return (
        f"    - {{name: {name}, smtp: {{host: localhost, port: {box.port}, security: {box.security}, {more}"
        "from: posture@example.com, to: [admins@example.com]}}\n"
    )


def notify_part(channels: Sequence[str], *, routes: str = "", default: str = "{channels: [admins]}") -> str:
    """Return what follows the tenants in the settings of an office."""
    listed = "".join(channels)
    return f"{REMEDIATOR}notify:\n  channels:\n{listed}  routes: [{routes}]\n  default: {default}\n"


def joined_bundle(path: Path, *bundles: Path) -> str:
    """Write one CA bundle of several and return it as the settings hold it."""
    path.write_bytes(b"\n".join(bundle.read_bytes() for bundle in bundles))
    return json.dumps(str(path))


def _parsed(content: bytes) -> EmailMessage:
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail
