"""The settings that a running process goes by."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture.bootstrap import Application, load_application
from posture.worker.settings_in_force import SettingsInForce

SETTINGS = """\
data_dir: ./data
tenants:
  - name: contoso
    tenant_id: 11111111-2222-4333-8444-555555555555
    reader: {client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${env:NOBODY_LOOKS_IT_UP}"}
"""
FABRIKAM = """\
  - name: fabrikam
    tenant_id: 99999999-2222-4333-8444-555555555555
    reader: {client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${env:NOBODY_LOOKS_IT_UP}"}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "posture.yaml"
    path.write_text(SETTINGS, encoding="utf-8")
    return path


def names(in_force: SettingsInForce) -> list[str]:
    return [tenant.name for tenant in in_force.application.settings.tenants]


def test_a_file_that_is_written_while_the_process_starts_is_read_anew_at_the_first_look(config: Path) -> None:
    def load() -> Application:
        application = load_application(config)
        config.write_text(SETTINGS + FABRIKAM, encoding="utf-8")
        return application

    in_force = SettingsInForce(load)

    assert in_force.read_anew()
    assert names(in_force) == ["contoso", "fabrikam"]


def test_a_file_that_nobody_writes_is_not_read_again(config: Path) -> None:
    in_force = SettingsInForce(lambda: load_application(config))

    assert not in_force.read_anew()


def test_a_file_that_is_gone_for_a_moment_leaves_what_was_in_force(config: Path) -> None:
    in_force = SettingsInForce(lambda: load_application(config))
    config.unlink()

    assert not in_force.read_anew()
    config.write_text(SETTINGS + FABRIKAM, encoding="utf-8")

    assert in_force.read_anew()
    assert names(in_force) == ["contoso", "fabrikam"]
