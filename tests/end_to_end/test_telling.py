"""Telling people, from a scan or a plan to a message at a server that takes mail: once, by whatever process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notify.mail_server import MailServer

from .acting_company import SECRETS, OpenOffice
from .conftest import command_environment
from .telling_office import FIRST_RESULTS, SECRET_ENDS, Post, mail_channel, notify_part

NOTICES = 5


@pytest.fixture
def box(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path / "mail", "none") as server:
        yield server


@pytest.fixture
def post(open_office: OpenOffice, box: MailServer) -> Post:
    return Post(office=open_office(more=notify_part([mail_channel(box)])), box=box)


def sending(post: Post) -> subprocess.Popen[bytes]:
    """Start ``posture notify send`` and do not wait for it."""
    config = str(post.office.directory / "posture.yaml")
    return subprocess.Popen(
        [sys.executable, "-m", "posture", "notify", "send", "--config", config],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=command_environment(**SECRETS),
    )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, (out + err).decode()


def test_a_scan_tells_first_results_in_one_mail_and_then_only_what_changes(post: Post) -> None:
    post.start_anew()

    assert post.run("scan").code == 0
    first = post.subjects

    assert post.run("scan").code == 0
    second = post.subjects[len(first) :]

    key_id = post.add_secret()
    post.scan()
    third = post.subjects[len(first) :]

    assert [FIRST_RESULTS in subject for subject in first] == [True]
    assert second == []
    (subject,) = third
    assert SECRET_ENDS in subject
    assert key_id in post.mails[-1].as_string().replace("=\n", "")


def test_what_is_gone_is_told_in_the_same_conversation(post: Post) -> None:
    post.settle()
    key_id = post.add_secret()
    post.scan()
    credentials = post.office.application_called("Secret ends_later")["passwordCredentials"]
    credentials[:] = [one for one in credentials if one["keyId"] != key_id]

    post.scan()

    opened, resolved = post.mails
    assert opened["Message-ID"] != resolved["Message-ID"]
    assert opened["References"] == resolved["References"]


def test_a_plan_is_told_of_when_it_waits_is_approved_and_has_ended(post: Post) -> None:
    post.settle()
    user = post.office.member(0)["id"]

    proposed = post.run(
        *("actions", "propose", "revoke-sessions", "--target", user, "--reason", "Stolen laptop", "-f", "json"),
        by="ada",
    )
    plan = proposed.json()
    approved = post.run("plans", "approve", plan["id"], "--digest", plan["digest"], "--note", "yes", by="grace")
    executed = post.run("plans", "execute", plan["id"], by="grace")

    assert (approved.code, executed.code) == (0, 0), approved.err + executed.err
    waiting, agreed, done = post.mails
    assert "Stolen laptop" in waiting.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert plan["id"][:8] in waiting.as_string()
    assert len({str(mail["References"]) for mail in (waiting, agreed, done)}) == 1
    assert len({str(mail["Message-ID"]) for mail in (waiting, agreed, done)}) == 3


def test_nobody_is_told_if_that_is_asked_until_somebody_sends(post: Post) -> None:
    post.scan("--no-notify")
    before = list(post.subjects)

    sent = post.run("notify", "send", "--format", "json")

    assert before == []
    assert sent.code == 0
    assert [each["outcome"] for each in sent.json()["tried"]] == ["sent"]
    assert len(post.subjects) == 1


def test_trouble_with_mail_is_one_warning_and_changes_no_exit_code(post: Post) -> None:
    post.box.on["MAIL"] = lambda _: "451 4.7.0 come back later"

    done = post.scan()

    warnings = [line for line in done.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1
    assert "not everybody was told" in warnings[0]
    assert post.run("notify", "send").code == 3


def test_what_a_server_put_off_arrives_when_it_is_due_again(post: Post) -> None:
    post.box.on["MAIL"] = lambda _: "451 4.7.0 come back later"
    post.scan()
    post.box.on.clear()
    too_early = post.run("notify", "send")
    early = list(post.subjects)

    post.forward(10)
    sent = post.run("notify", "send")

    assert (too_early.code, early) == (3, [])
    assert (sent.code, len(post.subjects)) == (0, 1)


def test_two_processes_that_send_at_once_send_everything_once(post: Post) -> None:
    post.settle()
    for _ in range(NOTICES):
        post.add_secret()
    post.scan("--no-notify")
    post.box.seconds_before["DATA"] = 0.2

    codes = [ended(process) for process in [sending(post), sending(post)]]

    assert len(post.ids) == NOTICES, codes
    assert len(set(post.ids)) == NOTICES
    assert post.run("notify", "send").code == 0
    assert len(post.ids) == NOTICES


def test_who_is_killed_after_the_server_took_it_sends_it_again_as_the_same_message(post: Post) -> None:
    killed: list[int] = []

    def kill(_content: str) -> None:
        while not killed:
            time.sleep(0.01)
        os.kill(killed[0], signal.SIGKILL)

    post.box.on["DATA_END"] = kill
    process = sending(post)
    killed.append(process.pid)
    code, _ = ended(process)
    post.box.on.clear()

    at_once = post.run("notify", "send")
    after_a_minute = list(post.ids)
    post.forward(16)
    later = post.run("notify", "send")

    assert code == -signal.SIGKILL
    assert at_once.code == 3
    assert len(after_a_minute) == 1
    assert later.code == 0
    assert len(post.ids) == 2
    assert len(set(post.ids)) == 1


def test_more_than_ten_at_once_are_one_digest(post: Post) -> None:
    post.settle()
    for _ in range(11):
        post.add_secret()

    post.scan()

    (mail,) = post.mails
    assert "11" in str(mail["Subject"])


def test_a_digest_waits_for_its_time(open_office: OpenOffice, box: MailServer) -> None:
    yearly = '{channels: [admins], when: {digest: {cron: "0 0 29 2 *", zone: UTC}}}'
    post = Post(office=open_office(more=notify_part([mail_channel(box)], default=yearly)), box=box)

    assert post.run("notify", "send").code == 0
    listed = post.run("notify", "list", "--format", "json").json()

    assert post.subjects == []
    (waiting,) = listed["waiting"]
    assert (waiting["channel"], waiting["notices"]) == ("admins", 1)
    assert waiting["next_due_at"][4:10] == "-02-29"
