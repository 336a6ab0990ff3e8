"""``posture schedule``: what is due when, and who may do it now or not for a while."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from posture.errors import NotAllowed, NotThere, UsageError
from tests.cli.conftest import Said, run

SETTINGS = """\
data_dir: ./data
schedules:
  - {name: nightly, job: scan, cron: "0 2 * * *", zone: Europe/Berlin, tags: [mfa]}
  - {name: often, job: export, tenants: [fabrikam], every: 6h}
tenants:
  - name: contoso
    tenant_id: 11111111-1111-1111-1111-111111111111
    reader: {client_id: 22222222-2222-2222-2222-222222222222, client_secret: "${env:SECRET}"}
  - name: fabrikam
    tenant_id: 11111111-1111-1111-1111-111111111112
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
    return run("operators", "add", "adele", "--role", "admin", "--config", settings).out.strip()


def schedule(settings: Path, token: str, *words: str) -> Said:
    return run("schedule", *words, "--config", settings, POSTURE_TOKEN=token)


def listed(settings: Path, *options: str) -> dict[tuple[str, str | None], dict[str, object]]:
    said = run("schedule", "list", "--format", "json", *options, "--config", settings)
    return {(each["name"], each["tenant"]): each for each in json.loads(said.out)}


def test_schedules_are_listed_in_each_tenant_they_are_for(settings: Path) -> None:
    said = run("schedule", "list", "--config", settings)

    assert said.code == 0
    assert "0 2 * * * in Europe/Berlin" in said.out
    assert "every 6 hours" in said.out
    assert list(listed(settings)) == [
        ("nightly", "contoso"),
        ("nightly", "fabrikam"),
        ("often", "fabrikam"),
        ("notify", None),
        ("examine", "contoso"),
        ("examine", "fabrikam"),
        ("retention", None),
    ]
    assert ("often", "fabrikam") not in listed(settings, "--tenant", "contoso")


def test_a_schedule_can_be_run_now_in_one_tenant_or_in_all(settings: Path, admin: str) -> None:
    said = schedule(settings, admin, "run", "nightly", "--tenant", "contoso", "--format", "json")

    (job,) = json.loads(said.out)
    assert (job["kind"], job["state"], job["asked_by"]) == ("scan", "waiting", "adele")
    assert job["arguments"] == {"tags": ["mfa"]}
    assert "2 jobs wait for a worker" in schedule(settings, admin, "run", "nightly").out
    assert "1 job waits for a worker" in schedule(settings, admin, "run", "notify").out


def test_a_pause_is_seen_in_the_list_and_in_the_audit_until_it_is_ended(settings: Path, admin: str) -> None:
    said = schedule(settings, admin, "pause", "nightly", "--tenant", "contoso", "--reason", "migration")
    assert "nightly is paused in contoso" in said.out
    assert "posture schedule resume nightly --tenant contoso" in said.out.replace("\n", " ")
    paused = listed(settings)

    assert schedule(settings, admin, "resume", "nightly", "--tenant", "contoso").code == 0

    assert paused["nightly", "contoso"]["next_at"] is None
    assert paused["nightly", "fabrikam"]["pause"] is None
    assert listed(settings)["nightly", "contoso"]["pause"] is None
    exported = run("audit", "export", "--config", settings).out.splitlines()
    kinds = [json.loads(line)["kind"] for line in exported]
    assert [kind for kind in kinds if kind.startswith("schedule")] == ["schedule_paused", "schedule_resumed"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("run", "weekly"), 'there is no schedule "weekly". There are: nightly, often'),
        (("run", "often", "--tenant", "contoso"), "makes no jobs in contoso"),
        (("resume", "nightly"), "is not paused"),
    ],
)
def test_what_is_not_there_is_said(words: tuple[str, ...], sentence: str, settings: Path, admin: str) -> None:
    said = schedule(settings, admin, *words)

    assert isinstance(said.error, NotThere)
    assert sentence in str(said.error)


def test_without_a_token_nothing_is_run_or_paused(settings: Path, admin: str) -> None:
    for words in (("run", "nightly"), ("pause", "nightly", "--reason", "x"), ("resume", "nightly")):
        assert isinstance(run("schedule", *words, "--config", settings).error, UsageError)


def test_who_is_no_administrator_may_look_and_no_more(settings: Path, admin: str) -> None:
    added = run("operators", "add", "hal", "--role", "helpdesk", "--config", settings, POSTURE_TOKEN=admin)

    said = schedule(settings, added.out.strip(), "pause", "nightly", "--reason", "x")

    assert isinstance(said.error, NotAllowed)
    assert listed(settings)["nightly", "contoso"]["pause"] is None


def test_an_empty_reason_is_no_reason(settings: Path, admin: str) -> None:
    said = schedule(settings, admin, "pause", "nightly", "--reason", " ")

    assert isinstance(said.error, UsageError)
    assert "needs a reason" in str(said.error)
