"""Mistakes in check files and settings: exit 2, where it is, what to do, and no traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from posture.simulator.server import SimulatorServer

from .conftest import TRACEBACK, Done, posture, write_settings

GOOD = """\
kind: check
id: local-check
title: A user is disabled
resource: user
severity: low
maturity: stable
tags: [user]
why: Because.
fix: Do it.
references: [https://learn.microsoft.com/entra]
false_positives: []
params: {}
rows: select id as resource_id, user_principal_name as resource_name, account_enabled from users
identity: []
applies_when: true
fail_when: not account_enabled
message:
  fail: "disabled"
  unknown: "unknown whether it is enabled"
evidence: [account_enabled]
actions: []
tests:
  now: 2026-03-01T00:00:00Z
  base:
    users: {id: u1, user_principal_name: ada@example.com, account_enabled: true}
  cases:
    - {name: enabled, expect: pass}
    - {name: disabled, change: {users: {account_enabled: false}}, expect: fail}
    - {name: unknown, change: {users: {account_enabled: null}}, expect: unknown}
"""

BROKEN: dict[str, tuple[str, str, str]] = {
    "broken yaml": ("tags: [user]", "tags: [user", "local-check.yaml"),
    "unknown column": ("not account_enabled", "not account_enabld", "account_enabled"),
    "wrong type": ("tags: [user]", "tags: 7", "a list is expected"),
    "duplicate key": ("severity: low", "severity: low\nseverity: high", "severity"),
    "unknown key": ("why: Because.", "whyy: Because.", "why"),
    "unknown resource": ("resource: user", "resource: usr", "user"),
    "unknown severity": ("severity: low", "severity: lowish", "low"),
    "unknown becomes an answer": ("not account_enabled", "coalesce(not account_enabled, false)", "coalesce"),
    "wall clock": ("fail_when: not account_enabled", "fail_when: now() is null or not account_enabled", "$now"),
    "id is not the file name": ("id: local-check", "id: other-check", "local-check"),
}


def local_check(directory: Path, server: SimulatorServer, text: str) -> Path:
    (directory / "checks").mkdir()
    (directory / "checks" / "local-check.yaml").write_text(text, encoding="utf-8")
    return write_settings(directory, server, more="checks: {directories: [./checks], only: [local-check]}\n")


def assert_usage_error(done: Done, *, place: str, names: str) -> None:
    assert (done.code, done.out) == (2, "")
    assert TRACEBACK not in done.err
    assert re.search(rf"error: .*{re.escape(place)}:\d+:\d+: ", done.err)
    assert names in done.err


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_broken_check_is_refused_with_its_place(server: SimulatorServer, tmp_path: Path, mistake: str) -> None:
    right, wrong, names = BROKEN[mistake]
    assert right in GOOD
    config = local_check(tmp_path, server, GOOD.replace(right, wrong, 1))

    done = posture("scan", "--config", config)

    assert_usage_error(done, place="local-check.yaml", names=names)
    assert not server.requests
    assert not (tmp_path / "data").exists()


def test_a_good_local_check_is_evaluated(server: SimulatorServer, tmp_path: Path) -> None:
    done = posture("scan", "--format", "json", "--config", local_check(tmp_path, server, GOOD))

    assert done.code == 0
    (check,) = done.json()["checks"]
    assert (check["id"], check["outcome"]) == ("local-check", "evaluated")
    assert check["counts"]["fail"] > 0


def test_mistakes_in_several_files_are_told_at_once(server: SimulatorServer, tmp_path: Path) -> None:
    config = local_check(tmp_path, server, GOOD.replace("tags: [user]", "tags: 7"))
    other = GOOD.replace("id: local-check", "id: other-check").replace("severity: low", "severity: lowish")
    (tmp_path / "checks" / "other-check.yaml").write_text(other, encoding="utf-8")

    done = posture("checks", "list", "--config", config)

    assert done.code == 2
    assert "local-check.yaml:7:" in done.err
    assert "other-check.yaml:5:" in done.err


SETTINGS = {
    "unknown key": ("data_dir:", "data_dri:", "data_dir"),
    "unknown key of a tenant": ("cloud: custom", "clowd: custom", "cloud"),
    "wrong type": ("cloud: custom", "cloud: [custom]", "usgov"),
    "no https": ('login: "https:', 'login: "http:', "https"),
    "two credentials": ("client_secret:", "managed_identity: {}\n      client_secret:", "credential"),
    "bad tenant id": ("tenant_id: 1", "tenant_id: x", "tenant_id"),
    "broken yaml": ("tenants:", "tenants: [", "posture.yaml"),
}


@pytest.mark.parametrize("mistake", SETTINGS)
def test_a_mistake_in_the_settings_is_refused_with_its_place(
    server: SimulatorServer, tmp_path: Path, mistake: str
) -> None:
    config = write_settings(tmp_path, server)
    right, wrong, names = SETTINGS[mistake]
    config.write_text(config.read_text().replace(right, wrong, 1))

    done = posture("scan", "--config", config)

    assert_usage_error(done, place="posture.yaml", names=names)


def test_a_duplicate_key_in_the_settings(server: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, server, more="data_dir: ./elsewhere\n")

    assert_usage_error(posture("scan", "--config", config), place="posture.yaml", names="data_dir")


def test_parameters_of_a_check_that_does_not_exist(server: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, server, more="checks: {params: {mfa-gap: {grace_days: 3}}}\n")

    assert_usage_error(posture("scan", "--config", config), place="posture.yaml", names="mfa-gaps")


@pytest.mark.parametrize("value", ["soon", "0", "100000"])
def test_a_parameter_of_a_wrong_type_or_out_of_range(server: SimulatorServer, tmp_path: Path, value: str) -> None:
    more = f"checks: {{params: {{secret-expiring-soon: {{warn_days: {value}}}}}}}\n"

    done = posture("scan", "--config", write_settings(tmp_path, server, more=more))

    assert (done.code, TRACEBACK in done.err) == (2, False)
    assert "warn_days" in done.err


def test_no_settings_at_all(tmp_path: Path) -> None:
    done = posture("scan", cwd=tmp_path)

    assert (done.code, done.out, TRACEBACK in done.err) == (2, "", False)
    assert "posture init" in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--tenant", "fabrikam"], "contoso"),
        (["--check", "mfa-gap"], "mfa-gaps"),
        (["--fail-on", "worst"], "critical"),
        (["--output", "/nowhere/at/all.json"], "/nowhere/at/all.json"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_wrong_usage(config: Path, arguments: list[str], says: str) -> None:
    done = posture("scan", "--config", config, *arguments)

    assert (done.code, TRACEBACK in done.err) == (2, False)
    assert says in done.err
