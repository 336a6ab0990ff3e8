"""``posture init`` and ``posture permissions`` as somebody at a terminal meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from posture.cli.main import app
from posture.config import load_settings
from posture.domain.tenant import Cloud
from posture.errors import SettingsError, UsageError

TENANT_ID = "11111111-1111-1111-1111-111111111111"
NO_QUESTIONS = ("--name", "contoso", "--tenant-id", TENANT_ID, "--no-input")


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POSTURE_CONFIG", raising=False)
    return tmp_path


def posture(*arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=answers)


def test_init_without_questions_writes_settings_and_says_what_to_do(directory: Path) -> None:
    done = posture("init", *NO_QUESTIONS, "--credential", "secret")
    assert done.exit_code == 0, done.output
    tenant = load_settings(directory / "posture.yaml", environment={}).tenant("contoso")
    assert (tenant.tenant_id, tenant.cloud) == (TENANT_ID, Cloud.PUBLIC)
    said = " ".join(done.output.split())
    assert "Application permissions: " in said
    assert 'export POSTURE_CONTOSO_SECRET="…"' in said
    assert "Next: posture doctor" in said


def test_init_asks_for_what_is_not_given(directory: Path) -> None:
    done = posture("init", answers=f"fabrikam\n{TENANT_ID}\nchina\nmanaged-identity\n\n\n")
    assert done.exit_code == 0, done.output
    tenant = load_settings(directory / "posture.yaml", environment={}).tenant("fabrikam")
    assert tenant.cloud is Cloud.CHINA
    said = " ".join(done.output.split())
    assert "Grant its service principal" in said
    assert "App registrations" not in said


def test_init_leaves_an_existing_file_alone_unless_forced(directory: Path) -> None:
    (directory / "posture.yaml").write_text("mine\n")
    done = posture("init", *NO_QUESTIONS)
    assert isinstance(done.exception, UsageError)
    assert "--force" in str(done.exception)
    assert (directory / "posture.yaml").read_text() == "mine\n"
    assert posture("init", *NO_QUESTIONS, "--force").exit_code == 0
    assert "contoso" in (directory / "posture.yaml").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--name", "contoso", "--no-input"), "--tenant-id is missing"),
        ((*NO_QUESTIONS, "--credential", "secrets"), 'Did you mean "secret"?'),
        ((*NO_QUESTIONS, "--cloud", "custom"), "--graph is missing"),
        ((*NO_QUESTIONS, "--graph", "https://localhost"), "belong to --cloud custom"),
        ((*NO_QUESTIONS, "--client-id", "reader"), "it is not a GUID"),
        (("--name", "con toso", "--tenant-id", TENANT_ID, "--no-input"), "tenants[0].name: it has other characters"),
        ((*NO_QUESTIONS, "--output", "no/such/place.yaml"), "cannot write"),
    ],
)
def test_init_refuses_an_answer_that_cannot_work_and_writes_nothing(
    directory: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = posture("init", *arguments)
    assert isinstance(done.exception, UsageError | SettingsError)
    assert said in str(done.exception)
    assert list(directory.iterdir()) == []


def test_a_custom_cloud_can_be_given_by_options(directory: Path) -> None:
    roots = ("--graph", "https://localhost:8443", "--login", "https://localhost:8443")
    done = posture("init", *NO_QUESTIONS, "--cloud", "custom", *roots)
    assert done.exit_code == 0, done.output
    endpoints = load_settings(directory / "posture.yaml", environment={}).tenants[0].endpoints
    assert endpoints is not None
    assert endpoints.graph == "https://localhost:8443"


@pytest.fixture
def with_settings(directory: Path) -> Path:
    assert posture("init", *NO_QUESTIONS).exit_code == 0
    return directory


def test_permissions_gives_a_reason_for_each(with_settings: Path) -> None:
    done = posture("permissions", "--format", "json")
    assert done.exit_code == 0, done.output
    needed = {need["permission"]: need for need in json.loads(done.output)}
    assert "users" in needed["User.Read.All"]["tables"]
    assert "mfa-gaps" in needed["User.Read.All"]["checks"]
    assert needed["Organization.Read.All"]["every_scan"] is True
    assert not [name for name in needed if "Write" in name]


def test_a_check_that_is_switched_off_needs_no_permission(with_settings: Path) -> None:
    settings = with_settings / "posture.yaml"
    settings.write_text(settings.read_text() + "checks: {only: [secret-expiring-soon]}\n")
    done = posture("permissions", "--format", "json")
    assert {need["permission"] for need in json.loads(done.output)} == {
        "Application.Read.All",
        "Organization.Read.All",
    }


@pytest.mark.parametrize(
    ("format", "part"),
    [
        ("table", "application permission"),
        ("steps", "1. Open https://entra.microsoft.com"),
        ("script", "#!/bin/sh"),
        ("manifest", '"requiredResourceAccess"'),
    ],
)
def test_permissions_come_in_every_form(with_settings: Path, format: str, part: str) -> None:
    done = posture("permissions", "--format", format)
    assert done.exit_code == 0, done.output
    assert part in done.output


def test_permissions_can_be_written_to_a_file(with_settings: Path) -> None:
    assert posture("permissions", "--format", "script", "--output", "register.sh").exit_code == 0
    assert TENANT_ID in (with_settings / "register.sh").read_text()


def test_permissions_without_settings_names_init(directory: Path) -> None:
    done = posture("permissions")
    assert isinstance(done.exception, SettingsError)
    assert "posture init" in str(done.exception)


def test_permissions_of_actions_are_another_set_for_another_application(with_settings: Path) -> None:
    done = posture("permissions", "--actions", "--format", "json")

    needed = {need["permission"]: need["actions"] for need in json.loads(done.output)}
    assert "revoke-sessions" in needed["User.RevokeSessions.All"]
    assert "Organization.Read.All" not in needed


@pytest.mark.parametrize(
    ("format", "part"),
    [
        ("table", "A directory role besides, for"),
        ("steps", 'Name it "posture remediator"'),
        ("script", "may carry out posture's actions"),
        ("manifest", "77f3a031-c388-4f99-b373-dc68676a979e"),
    ],
)
def test_permissions_of_actions_come_in_every_form(with_settings: Path, format: str, part: str) -> None:
    done = posture("permissions", "--actions", "--format", format)

    assert done.exit_code == 0, done.output
    assert part in " ".join(done.output.split())


def test_init_with_actions_registers_two_applications_that_are_never_mixed(directory: Path) -> None:
    done = posture("init", *NO_QUESTIONS, "--credential", "secret", "--actions")

    assert done.exit_code == 0, done.output
    tenant = load_settings(directory / "posture.yaml", environment={}).tenant("contoso")
    assert tenant.remediator is not None
    reader, remediator = " ".join(done.output.split()).split("So that it may carry out approved plans")
    assert "User.RevokeSessions.All" not in reader
    assert "User.RevokeSessions.All" in remediator
    assert "AuditLog.Read.All" not in remediator
    assert "posture permissions --actions --format script > remediator.sh" in remediator
    assert 'export POSTURE_CONTOSO_REMEDIATOR_SECRET="…"' in remediator
    assert "posture operators add NAME --role admin" in remediator


def test_init_asks_whether_actions_are_wanted(directory: Path) -> None:
    done = posture("init", answers=f"fabrikam\n{TENANT_ID}\npublic\nsecret\n\ny\n")

    assert done.exit_code == 0, done.output
    assert load_settings(directory / "posture.yaml", environment={}).tenants[0].remediator is not None


def test_without_actions_no_second_application_is_spoken_of(directory: Path) -> None:
    assert "remediator" not in posture("init", *NO_QUESTIONS).output


def test_a_remediator_that_is_the_reader_is_refused_before_anything_is_written(directory: Path) -> None:
    ids = ("--client-id", TENANT_ID, "--remediator-client-id", TENANT_ID)

    done = posture("init", *NO_QUESTIONS, *ids)

    assert isinstance(done.exception, SettingsError)
    assert "the same identity" in str(done.exception)
    assert list(directory.iterdir()) == []


def test_settings_that_name_an_action_that_does_not_exist_are_refused(with_settings: Path) -> None:
    settings = with_settings / "posture.yaml"
    settings.write_text(settings.read_text() + "remediation: {actions: {reset-mf: {people: 2}}}\n")

    done = posture("permissions")

    assert isinstance(done.exception, SettingsError)
    assert 'Did you mean "reset-mfa"?' in str(done.exception)
