"""``posture operators``, ``actions stop`` and ``audit``: people, the switch, and the record of both."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from posture.errors import NotAllowedToDecide, UsageError
from tests.cli.conftest import Said, run
from tests.cli.terminal_session import TerminalSession

SETTINGS = """\
data_dir: ./data
tenants:
  - name: contoso
    tenant_id: 11111111-1111-1111-1111-111111111111
    reader: {client_id: 22222222-2222-2222-2222-222222222222, client_secret: "${env:SECRET}"}
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("POSTURE_TOKEN", raising=False)
    path = tmp_path / "posture.yaml"
    path.write_text(SETTINGS, encoding="utf-8")
    return path


@pytest.fixture
def admin(settings: Path) -> str:
    """The token of the first operator."""
    said = run("operators", "add", "adele", "--role", "admin", "--config", settings)
    assert said.code == 0, said.error
    return said.out.strip()


def add(settings: Path, token: str, name: str, role: str = "helpdesk", *options: str) -> Said:
    return run("operators", "add", name, "--role", role, *options, "--config", settings, POSTURE_TOKEN=token)


def events(settings: Path) -> list[dict[str, object]]:
    exported = run("audit", "export", "--config", settings)
    return [json.loads(line) for line in exported.out.splitlines()]


def test_the_token_stands_alone_on_standard_output(settings: Path) -> None:
    said = run("operators", "add", "adele", "--role", "admin", "--config", settings)

    assert said.code == 0
    (token,) = said.out.splitlines()
    assert token.startswith("posture_")
    assert "adele is admin until" in said.err
    assert token not in said.err


@pytest.mark.parametrize("role", ["viewer", "helpdesk"])
def test_the_first_operator_must_be_an_admin(settings: Path, role: str) -> None:
    said = run("operators", "add", "adele", "--role", role, "--config", settings)

    assert isinstance(said.error, NotAllowedToDecide)
    assert "there is no active admin" in str(said.error)


def test_later_operators_take_an_admins_token(settings: Path, admin: str) -> None:
    without = run("operators", "add", "eve", "--role", "admin", "--config", settings)
    helpdesk = add(settings, admin, "berta").out.strip()
    by_helpdesk = add(settings, helpdesk, "eve", "admin")
    by_nobody = add(settings, "posture_made_up", "eve", "admin")

    assert isinstance(without.error, UsageError)
    assert "POSTURE_TOKEN" in str(without.error)
    assert isinstance(by_helpdesk.error, NotAllowedToDecide)
    assert isinstance(by_nobody.error, NotAllowedToDecide)
    listed = run("operators", "list", "--config", settings, "--format", "json").json()
    assert [operator["name"] for operator in listed] == ["adele", "berta"]


def test_an_operator_as_json_has_the_token_and_the_list_has_none(settings: Path, admin: str) -> None:
    added = add(settings, admin, "berta", "helpdesk", "--account", "berta@example.com", "-f", "json").json()

    assert added["account"] == "berta@example.com"
    listed = run("operators", "list", "--config", settings)
    assert "berta@example.com" in listed.out
    assert added["token"] not in listed.out + run("operators", "list", "--config", settings, "-f", "json").out


def test_a_name_is_taken_once_whatever_its_case(settings: Path, admin: str) -> None:
    assert isinstance(add(settings, admin, "ADELE").error, UsageError)


def test_a_revoked_token_no_longer_counts(settings: Path, admin: str) -> None:
    token = add(settings, admin, "berta").out.strip()

    assert run("operators", "revoke", "berta", "--config", settings, POSTURE_TOKEN=admin).code == 0

    said = run("actions", "stop", "--reason", "test", "--config", settings, POSTURE_TOKEN=token)
    assert isinstance(said.error, NotAllowedToDecide)
    assert "has ended" in str(said.error)
    assert "revoked" in run("operators", "list", "--config", settings).out


def test_nobody_is_listed_before_there_is_somebody(settings: Path) -> None:
    assert "posture operators add NAME --role admin" in run("operators", "list", "--config", settings).out


def test_helpdesk_may_stop_actions_and_only_an_admin_allows_them_again(settings: Path, admin: str) -> None:
    helpdesk = add(settings, admin, "berta").out.strip()

    stopped = run("actions", "stop", "--reason", "drill", "--config", settings, POSTURE_TOKEN=helpdesk)
    refused = run("actions", "allow", "--config", settings, POSTURE_TOKEN=helpdesk)
    allowed = run("actions", "allow", "--config", settings, POSTURE_TOKEN=admin)

    assert (stopped.code, stopped.out.split(".")[0]) == (0, "Actions are stopped everywhere")
    assert isinstance(refused.error, NotAllowedToDecide)
    assert allowed.code == 0
    kinds = [event["kind"] for event in events(settings)]
    assert kinds.count("actions_stopped") == kinds.count("actions_allowed") == 1


def test_what_still_stops_actions_is_said(settings: Path, admin: str) -> None:
    for tenant in ((), ("--tenant", "contoso")):
        run("actions", "stop", "--reason", "dr\x1bill", *tenant, "--config", settings, POSTURE_TOKEN=admin)

    said = run("actions", "allow", "--tenant", "contoso", "--config", settings, POSTURE_TOKEN=admin)

    assert "Still stopped by adele: dr\\x1bill" in said.out


def test_the_audit_names_who_did_what_and_no_token(settings: Path, admin: str) -> None:
    token = add(settings, admin, "berta").out.strip()

    exported = run("audit", "export", "--config", settings).out

    assert {"operator_added", "logged_in", "settings_changed"} <= {str(event["kind"]) for event in events(settings)}
    assert admin not in exported
    assert token not in exported


def test_the_audit_can_be_narrowed_down(settings: Path, admin: str) -> None:
    add(settings, admin, "berta")

    listed = run("audit", "list", "--actor", "adele", "--limit", "1", "--config", settings, "-f", "json").json()
    late = run("audit", "list", "--since", "2099-01-01", "--config", settings, "-f", "json").json()
    table = run("audit", "list", "--config", settings).out

    assert [event["kind"] for event in listed] == ["operator_added"]
    assert late == []
    assert "operator added" in table


def test_an_untouched_audit_holds(settings: Path, admin: str) -> None:
    said = run("audit", "verify", "--config", settings)
    document = run("audit", "verify", "--config", settings, "-f", "json").json()

    assert (said.code, document["holds"], document["events"]) == (0, True, 1)
    assert document["head"] in said.out


def tamper(settings: Path, statement: str) -> None:
    with sqlite3.connect(settings.parent / "data" / "posture.db") as database:
        for (trigger,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f'drop trigger "{trigger}"')
        database.execute(statement)
    database.close()


def test_a_rewritten_audit_is_told_with_its_place(settings: Path, admin: str) -> None:
    tamper(settings, "update audit_events set actor = 'nobody' where number = 1")

    said = run("audit", "verify", "--config", settings)
    document = run("audit", "verify", "--config", settings, "-f", "json")

    assert said.code == 1
    assert "event 1 was changed" in said.err
    assert (document.code, document.json()["holds"]) == (1, False)


def test_a_head_kept_elsewhere_finds_out_that_the_newest_events_are_gone(settings: Path, admin: str) -> None:
    kept = run("audit", "verify", "--config", settings, "-f", "json").json()["head"]
    add(settings, admin, "berta")

    assert run("audit", "verify", "--head", kept, "--config", settings).code == 0
    gone = run("audit", "verify", "--head", "f" * 64, "--config", settings)

    assert gone.code == 1
    assert "is no longer there" in gone.err


def test_on_a_terminal_the_token_is_asked_for_and_not_shown(settings: Path, admin: str, tmp_path: Path) -> None:
    arguments = ("operators", "add", "berta", "--role", "helpdesk", "--config", settings)
    with TerminalSession(*arguments, piped=tmp_path / "token") as session:
        # What is typed before the last blank is thrown away, together with the echo.
        session.answer("(it is not shown): ", admin)
        code = session.end()

    assert code == 0, session.said
    assert admin not in session.said
    assert (tmp_path / "token").read_text(encoding="utf-8").startswith("posture_")


def test_an_operator_can_be_limited_to_tenants_and_the_token_to_scopes(settings: Path, admin: str) -> None:
    limits = ("--tenant", "contoso", "--scope", "read", "--scope", "decide")
    added = add(settings, admin, "berta", "helpdesk", *limits, "-f", "json").json()

    assert (added["tenants"], added["scopes"]) == (["contoso"], ["read", "decide"])
    listed = run("operators", "list", "--config", settings)
    assert "contoso" in listed.out
    assert "decide, read" in listed.out
    stop = ("actions", "stop", "--reason", "drill", "--tenant", "contoso")
    stopped = run(*stop, "--config", settings, POSTURE_TOKEN=added["token"])
    assert isinstance(stopped.error, NotAllowedToDecide)
    assert "not for propose" in str(stopped.error)


@pytest.mark.parametrize(
    ("limits", "said"),
    [(("--tenant", "nowhere"), 'no tenant "nowhere"'), (("--scope", "administer"), "does not have the scope")],
)
def test_a_limit_that_says_nothing_is_refused(settings: Path, admin: str, limits: tuple[str, ...], said: str) -> None:
    refused = add(settings, admin, "berta", "helpdesk", *limits)

    assert isinstance(refused.error, UsageError)
    assert said in str(refused.error)


@pytest.mark.parametrize("limits", [("--tenant", "contoso"), ("--scope", "administer")])
def test_the_first_operator_has_no_limits(settings: Path, limits: tuple[str, ...]) -> None:
    said = run("operators", "add", "adele", "--role", "admin", *limits, "--config", settings)

    assert isinstance(said.error, NotAllowedToDecide)
    assert "can have no limits" in str(said.error)


def test_who_is_limited_to_a_tenant_stops_actions_there_and_not_everywhere(settings: Path, admin: str) -> None:
    token = add(settings, admin, "berta", "helpdesk", "--tenant", "contoso").out.strip()

    everywhere = run("actions", "stop", "--reason", "drill", "--config", settings, POSTURE_TOKEN=token)
    there = run(
        "actions", "stop", "--reason", "drill", "--tenant", "contoso", "--config", settings, POSTURE_TOKEN=token
    )

    assert isinstance(everywhere.error, NotAllowedToDecide)
    assert there.code == 0


def test_nobody_is_readmitted_who_was_not_revoked(settings: Path, admin: str) -> None:
    said = run("operators", "readmit", "adele", "--config", settings, POSTURE_TOKEN=admin)

    assert isinstance(said.error, UsageError)
    assert "was revoked" in str(said.error)
