"""``posture notify`` with a real database and real servers: what is sent, what waits, and what is said of trouble."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from posture.domain.notice import Event
from posture.errors import SettingsError, UsageError
from posture.report.telling_schema import deliveries_schema, sending_schema
from posture.simulator.server import SimulatorServer
from tests.notify.receiver import answer

from .telling_desk import KINDS, SECRETS, SIGNING_SECRET, Desk, open_desk


@pytest.fixture
def desk(company: SimulatorServer, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, company) as opened:
        yield opened


# test


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_channel_takes_a_sample_that_is_kept_nowhere(desk: Desk, kind: str) -> None:
    said = desk.run("notify", "test", "--channel", kind)

    assert said.error is None
    assert (said.code, said.out.startswith(f"{kind} took the sample")) == (0, True), said.err
    assert len(desk.mails) + len(desk.posted) == 1
    assert "sample" in (desk.subjects or [json.dumps(desk.posted[0])])[0]
    assert desk.listed() == {"schema": "posture.deliveries/1", "deliveries": [], "waiting": [], "closed": []}


def test_two_samples_are_two_messages(desk: Desk) -> None:
    desk.run("notify", "test", "--channel", "password")
    desk.run("notify", "test", "--channel", "password")

    first, second = desk.mails
    assert first["Message-ID"] != second["Message-ID"]


def test_what_a_flow_that_is_gone_answered_is_said_and_closes_nothing(desk: Desk) -> None:
    desk.receiver.answers = [answer(404)]

    said = desk.run("notify", "test", "--channel", "flow")

    assert said.code == 1
    assert "flow refused the sample" in said.err
    assert "deleted" in said.err
    assert desk.listed()["closed"] == []


def test_a_receiver_that_is_busy_did_not_take_the_sample_now(desk: Desk) -> None:
    desk.receiver.answers = [answer(503)]

    said = desk.run("notify", "test", "--channel", "hook")

    assert (said.code, "did not take the sample now" in said.err) == (3, True)


def test_a_sample_cannot_be_sent_without_the_secret(desk: Desk) -> None:
    said = desk.run("notify", "test", "--channel", "password", MAIL_PASSWORD="")

    assert isinstance(said.error, SettingsError)
    assert "the environment variable MAIL_PASSWORD is empty" in str(said.error)


@pytest.mark.parametrize("command", [["test"], ["preview", "--digest"], ["send"], ["retry"]])
def test_an_unknown_channel_is_told_with_the_nearest_name(desk: Desk, command: list[str]) -> None:
    said = desk.run("notify", *command, "--channel", "hoop")

    assert isinstance(said.error, UsageError)
    assert 'there is no channel "hoop". Did you mean "hook"?' in str(said.error)


# preview


@pytest.mark.parametrize(
    ("kind", "suffixes"),
    [
        ("password", [".txt", ".html"]),
        ("mailbox", [".txt", ".html"]),
        ("flow", [".card.json"]),
        ("hook", [".json"]),
    ],
)
def test_a_preview_is_written_without_any_secret_and_sent_to_nobody(
    desk: Desk, tmp_path: Path, kind: str, suffixes: list[str]
) -> None:
    output = tmp_path / "previews"
    none = dict.fromkeys(SECRETS, "")

    said = desk.run("notify", "preview", "--channel", kind, "--event", "plan_waiting", "--output", output, **none)

    assert said.error is None
    expected = [output / f"plan_waiting-{kind}{suffix}" for suffix in suffixes]
    assert said.out.split() == [str(path) for path in expected]
    assert "made up" in said.err
    assert all(path.read_text(encoding="utf-8") for path in expected)
    assert (desk.mails, desk.posted) == ([], [])


def test_a_preview_of_a_mail_begins_with_its_subject(desk: Desk, tmp_path: Path) -> None:
    desk.run("notify", "preview", "--channel", "password", "--event", "finding_opened", "--output", tmp_path)

    text = (tmp_path / "finding_opened-password.txt").read_text(encoding="utf-8")
    assert text.startswith("Subject: [")
    assert "contoso" in text.splitlines()[0]


def test_a_preview_of_a_card_is_the_card_alone(desk: Desk, tmp_path: Path) -> None:
    desk.run("notify", "preview", "--channel", "flow", "--digest", "--output", tmp_path)

    card = json.loads((tmp_path / "digest-flow.card.json").read_text(encoding="utf-8"))
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")


def test_a_preview_shows_what_has_happened_once_something_has(desk: Desk, tmp_path: Path) -> None:
    desk.happen(Event.FINDING_OPENED, Event.RUN_ABORTED)

    one = desk.run("notify", "preview", "--channel", "hook", "--event", "run_aborted", "--output", tmp_path)
    all_of_it = desk.run("notify", "preview", "--channel", "hook", "--digest", "--output", tmp_path)

    assert "from what has happened" in one.err
    assert "from what has happened" in all_of_it.err
    digest = json.loads((tmp_path / "digest-hook.json").read_text(encoding="utf-8"))
    assert {notice["event"] for notice in digest["notices"]} == {"finding_opened", "run_aborted"}


def test_a_page_is_opened_in_the_browser_that_people_have(desk: Desk, tmp_path: Path) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{opened}"\n', encoding="utf-8")
    browser.chmod(0o700)
    # In a process of its own: Python looks for browsers only once.
    command = ["notify", "preview", "--channel", "password", "--digest", "--open", "--output", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "posture", *command, "--config", str(desk.settings)],
        env=os.environ | {"BROWSER": f"{browser} %s"},
        capture_output=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert opened.read_text(encoding="utf-8").strip() == (tmp_path / "digest-password.html").as_uri()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--channel", "hook"], "either --event EVENT or --digest"),
        (["--channel", "hook", "--event", "plan_done", "--digest"], "either --event EVENT or --digest"),
        (["--channel", "flow", "--digest", "--open"], "flow gets no mail: only mail has a page to open"),
        (["--channel", "hook", "--digest", "--output", "/dev/null/x"], "cannot write to /dev/null/x"),
    ],
)
def test_a_preview_that_cannot_be_made_is_refused(desk: Desk, arguments: list[str], sentence: str) -> None:
    said = desk.run("notify", "preview", *arguments)

    assert isinstance(said.error, UsageError)
    assert sentence in str(said.error)


def test_an_own_template_that_is_wrong_is_told_with_its_file_and_line(desk: Desk, tmp_path: Path) -> None:
    template = tmp_path / "own" / "email" / "finding.html.j2"
    template.parent.mkdir(parents=True)
    template.write_text("<p>\n{{ nobody.knows }}", encoding="utf-8")
    desk.route("password", more="  templates: ./own\n")

    said = desk.run("notify", "preview", "--channel", "password", "--event", "finding_opened", "--output", tmp_path)

    assert isinstance(said.error, UsageError)
    assert "finding.html.j2:2" in str(said.error)


# send and list


def test_what_happened_is_sent_to_every_kind_of_channel_once(desk: Desk) -> None:
    desk.route(*KINDS)
    desk.happen(Event.PLAN_WAITING)

    sent = desk.run("notify", "send", "--format", "json")
    again = desk.run("notify", "send")

    jsonschema.validate(sent.json(), sending_schema())
    assert (sent.code, sent.error) == (0, None)
    assert {each["channel"] for each in sent.json()["tried"]} == set(KINDS)
    assert (len(desk.mails), len(desk.posted)) == (3, 2)
    assert (again.code, again.out.strip()) == (0, "Nothing was due.")


def test_a_webhook_is_signed_with_its_secret(desk: Desk) -> None:
    desk.route("hook")
    desk.happen(Event.PLAN_WAITING)
    desk.run("notify", "send")

    (received,) = desk.receiver.received
    signed = received.headers["posture-timestamp"].encode() + b"." + received.body
    expected = hmac.new(SIGNING_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert received.headers["posture-signature"] == f"v1={expected}"


def test_only_the_channel_that_is_named_is_sent_to(desk: Desk) -> None:
    desk.route("password", "hook")
    desk.happen(Event.PLAN_WAITING)

    said = desk.run("notify", "send", "--channel", "hook")

    assert said.code == 0
    assert (len(desk.mails), len(desk.posted)) == (0, 1)


def test_a_channel_without_its_secret_waits_and_stops_no_other(desk: Desk) -> None:
    desk.route("password", "hook")
    desk.happen(Event.PLAN_WAITING)

    said = desk.run("notify", "send", MAIL_PASSWORD="")
    then = desk.run("notify", "send")

    assert said.code == 3
    assert "password cannot be used" in said.err
    assert "MAIL_PASSWORD" in said.err
    assert (then.code, len(desk.mails), len(desk.posted)) == (0, 1, 1)


def test_a_list_holds_what_was_sent_what_waits_and_what_is_closed(desk: Desk) -> None:
    when = '{digest: {cron: "0 0 29 2 *", zone: UTC}}'
    routes = f"  routes: [{{match: {{events: [run_aborted]}}, channels: [hook], when: {when}}}]\n"
    desk.route("flow", "hook", more=routes)
    desk.receiver.answers = [answer(404)]
    desk.happen(Event.PLAN_WAITING, Event.RUN_ABORTED)
    desk.run("notify", "send")

    document = desk.listed()
    said = desk.run("notify", "list")

    jsonschema.validate(document, deliveries_schema())
    states = {(each["channel"], each["state"]): each["events"] for each in document["deliveries"]}
    assert states[("flow", "waiting")] == {"plan_waiting": 1}
    assert ("hook", "sent") in states
    assert [(each["channel"], each["notices"]) for each in document["waiting"]] == [("hook", 1)]
    assert [each["channel"] for each in document["closed"]] == ["flow"]
    assert "hook: 1 notice waits, due" in said.out
    assert "flow is closed since" in said.out
    assert "posture notify retry --channel flow" in said.out


def test_a_list_can_be_narrowed(desk: Desk) -> None:
    desk.route("password", "hook")
    desk.happen(Event.PLAN_WAITING, Event.PLAN_DONE)
    desk.run("notify", "send")

    def count(*options: str) -> int:
        return len(desk.run("notify", "list", "--format", "json", *options).json()["deliveries"])

    assert count() == 4
    assert count("--channel", "hook") == 2
    assert count("--channel", "hook", "--channel", "password") == 4
    assert count("--state", "refused") == 0
    assert count("--limit", "3") == 3
    assert desk.run("notify", "list", "--state", "refused").out.startswith("No messages.")


def test_settings_without_channels_send_nothing_and_leave_it_to_others(desk: Desk) -> None:
    whole = desk.settings.read_text(encoding="utf-8")
    desk.happen(Event.PLAN_WAITING)
    desk.settings.write_text(whole.partition("notify:")[0], encoding="utf-8")

    said = desk.run("notify", "send")
    desk.route("hook")
    then = desk.run("notify", "send")

    assert isinstance(said.error, UsageError)
    assert "the settings have no channels" in str(said.error)
    assert (then.code, len(desk.posted)) == (0, 1)


# Scans


def test_a_scan_tells_at_its_end_unless_it_is_asked_not_to(desk: Desk) -> None:
    desk.route("hook")

    quiet = desk.run("scan", "--check", "secret-expiring-soon", "--no-notify")
    before = len(desk.posted)
    said = desk.run("scan", "--check", "secret-expiring-soon")

    assert (quiet.code, before, said.code) == (0, 0, 0)
    (posted,) = desk.posted
    assert [notice["event"] for notice in posted["notices"]] == ["first_results"]


def test_a_scan_with_settings_without_channels_leaves_telling_to_others(desk: Desk) -> None:
    whole = desk.settings.read_text(encoding="utf-8")
    desk.settings.write_text(whole.partition("notify:")[0], encoding="utf-8")
    scanned = desk.run("scan", "--check", "secret-expiring-soon")
    desk.route("hook")

    desk.run("notify", "send")

    assert (scanned.code, scanned.error) == (0, None)
    assert [notice["event"] for posted in desk.posted for notice in posted["notices"]] == ["first_results"]


def test_a_database_that_takes_no_messages_spoils_no_scan(desk: Desk) -> None:
    desk.route("hook")
    desk.happen(Event.PLAN_WAITING)
    with closing(sqlite3.connect(desk.settings.parent / "data" / "posture.db")) as database:
        database.execute(
            "create trigger full before insert on deliveries begin select raise(abort, 'no more of them'); end"
        )

    said = desk.run("scan", "--check", "secret-expiring-soon")

    assert (said.code, said.error) == (0, None)
    (warning,) = [line for line in said.err.splitlines() if "not everybody was told" in line]
    assert warning.startswith("warning: ")
    assert desk.posted == []


# Trouble


def test_a_closed_channel_is_told_to_another_and_opened_by_hand(desk: Desk) -> None:
    desk.route("flow", "password")
    desk.receiver.answers = [answer(404)]
    desk.happen(Event.PLAN_WAITING)

    closing = desk.run("notify", "send")
    still_closed = desk.run("notify", "send")
    retried = desk.run("notify", "retry", "--channel", "flow")
    sent = desk.run("notify", "send")

    assert (closing.code, still_closed.code, sent.code) == (3, 3, 0)
    assert "flow takes nothing any more" in closing.err
    assert len(desk.mails) == 2
    assert any("flow" in subject for subject in desk.subjects)
    assert "1 message is due now" in retried.out
    assert len(desk.posted) == 2
    assert desk.listed()["closed"] == []


def test_a_closed_channel_opens_when_its_secret_changes(desk: Desk) -> None:
    desk.route("flow")
    desk.receiver.answers = [answer(401)]
    desk.happen(Event.PLAN_WAITING)
    desk.run("notify", "send")

    same = desk.run("notify", "send")
    changed = desk.run("notify", "send", FLOW_SIGNATURE="another-signature-0123456789")

    assert (same.code, changed.code) == (3, 0)
    assert len(desk.posted) == 2


def test_a_message_that_was_refused_is_tried_again_by_its_id(desk: Desk) -> None:
    desk.route("hook")
    desk.receiver.answers = [answer(413)]
    desk.happen(Event.PLAN_WAITING)
    refused = desk.run("notify", "send")
    (delivery,) = desk.listed()["deliveries"]

    retried = desk.run("notify", "retry", delivery["id"][:8])
    sent = desk.run("notify", "send")

    assert (refused.code, delivery["state"]) == (3, "refused")
    assert retried.code == 0
    assert sent.code == 0
    first, second = desk.receiver.received
    assert first.headers["posture-id"] == second.headers["posture-id"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "name either messages, by their ids"),
        (["abc", "--channel", "hook"], "name either messages, by their ids"),
        (["abc"], 'no delivery has an id that begins with "abc"'),
    ],
)
def test_a_retry_of_nothing_is_refused(desk: Desk, arguments: list[str], sentence: str) -> None:
    said = desk.run("notify", "retry", *arguments)

    assert isinstance(said.error, UsageError)
    assert sentence in str(said.error)


def test_what_was_sent_is_not_sent_again_by_a_retry(desk: Desk) -> None:
    desk.route("hook")
    desk.happen(Event.PLAN_WAITING)
    desk.run("notify", "send")

    said = desk.run("notify", "retry", desk.listed()["deliveries"][0]["id"])

    assert isinstance(said.error, UsageError)
    assert "was sent already" in str(said.error)


def test_the_doctor_tells_closed_channels_missing_secrets_and_failing_messages(desk: Desk) -> None:
    desk.route("flow", "hook", "password")
    desk.receiver.answers = [answer(404), answer(503)]
    desk.happen(Event.PLAN_WAITING)
    desk.run("notify", "send", "--channel", "flow")
    desk.run("notify", "send", "--channel", "hook")
    before = len(desk.posted)

    said = desk.run("doctor", MAIL_PASSWORD="")
    document = desk.run("doctor", "--format", "json", MAIL_PASSWORD="").json()

    assert said.code == 3
    assert "✗ flow (teams)" in said.out
    assert "closed since" in said.out
    assert "✗ password (smtp)" in said.out
    assert "MAIL_PASSWORD" in said.out
    assert "✗ hook (webhook)" in said.out
    assert "waiting after 1 try" in said.out
    assert "✓ mailbox (graph_mail)" in said.out
    states = {each["channel"]: each for each in document[-1]["channels"]}
    assert states["flow"]["closed"]["because"]
    assert "MAIL_PASSWORD" in states["password"]["unusable"]
    assert {each["state"] for each in states["hook"]["failing"]} == {"waiting"}
    assert (len(desk.posted), desk.mails) == (before, [])


def test_nothing_that_commands_say_or_keep_holds_a_secret(desk: Desk) -> None:
    desk.route(*KINDS)
    desk.happen(Event.PLAN_WAITING)
    desk.receiver.answers = [answer(404), answer(401)]

    said = [
        desk.run(
            "notify", "send", MAIL_PASSWORD="wrong-password-0123456789", MAILER_SECRET="wrong-secret-0123456789"
        ),
        desk.run("notify", "send"),
        desk.run("notify", "list"),
        desk.run("notify", "list", "--format", "json"),
        desk.run("doctor", "--format", "json"),
    ]

    secrets = {*SECRETS.values(), *desk.box.tokens, "wrong-password-0123456789", "wrong-secret-0123456789"}
    shown = "".join(each.out + each.err for each in said)
    kept = b"".join(path.read_bytes() for path in (desk.settings.parent / "data").rglob("*") if path.is_file())
    messages = b"".join(mail.as_bytes() for mail in desk.mails) + json.dumps(desk.posted).encode()
    assert len(desk.mails) > 0
    assert [secret for secret in secrets if secret in shown] == []
    assert [secret for secret in secrets if secret.encode() in kept + messages] == []
