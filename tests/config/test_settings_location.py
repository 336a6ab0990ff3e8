"""Where settings are looked for, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture.config import find_config
from posture.errors import SettingsError


def touch(*paths: Path) -> None:
    for path in paths:
        path.write_text("tenants: []\n")


def test_the_option_wins_over_variable_and_directory(tmp_path: Path) -> None:
    touch(tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "posture.yaml")
    environment = {"POSTURE_CONFIG": str(tmp_path / "b.yaml")}
    assert find_config(tmp_path / "a.yaml", environment=environment, directory=tmp_path) == tmp_path / "a.yaml"
    assert find_config(None, environment=environment, directory=tmp_path) == tmp_path / "b.yaml"
    assert find_config(None, environment={}, directory=tmp_path) == tmp_path / "posture.yaml"


def test_config_yaml_is_the_last_choice(tmp_path: Path) -> None:
    touch(tmp_path / "config.yaml")
    assert find_config(None, environment={"POSTURE_CONFIG": ""}, directory=tmp_path) == tmp_path / "config.yaml"


def test_without_any_file_the_answer_names_init(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="posture init"):
        find_config(None, environment={}, directory=tmp_path)


def test_a_named_file_that_is_not_there_is_not_replaced_by_another(tmp_path: Path) -> None:
    touch(tmp_path / "posture.yaml")
    with pytest.raises(SettingsError, match=r"--config names .*a\.yaml"):
        find_config(tmp_path / "a.yaml", environment={}, directory=tmp_path)
    with pytest.raises(SettingsError, match=r"POSTURE_CONFIG names .*b\.yaml"):
        find_config(None, environment={"POSTURE_CONFIG": str(tmp_path / "b.yaml")}, directory=tmp_path)
