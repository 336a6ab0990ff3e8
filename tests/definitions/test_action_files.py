"""The actions of the catalog: found by id, loaded when asked for, offered by checks that judge what they change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from posture.definitions.action_files import ActionFiles
from posture.definitions.catalog import load_actions, load_catalog
from posture.errors import DefinitionErrors, SettingsError, UsageError
from tests.definitions.action_text import DICTIONARY, written


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A directory with one good action."""
    directory = tmp_path / "own"
    directory.mkdir()
    written(directory)
    return directory


def test_the_catalog_has_the_shipped_actions_and_those_of_further_directories(own: Path) -> None:
    catalog = load_catalog([], DICTIONARY, action_directories=[own])

    ids = [loaded.action.id for loaded in catalog.actions]
    assert ids == sorted(catalog.action_ids)
    assert {"leave-group", "reset-mfa"} <= catalog.action_ids
    assert catalog.action("leave-group").action.is_local
    assert not catalog.action("reset-mfa").action.is_local


def test_an_action_is_loaded_once(own: Path) -> None:
    catalog = load_catalog([], DICTIONARY, action_directories=[own])

    assert catalog.action("leave-group") is catalog.action("leave-group")


def test_an_unknown_action_is_told_with_the_nearest_one(own: Path) -> None:
    catalog = load_catalog([], DICTIONARY, action_directories=[own])

    with pytest.raises(UsageError, match=r'no action "leave-grup". Did you mean "leave-group"\?'):
        catalog.action("leave-grup")


def test_a_directory_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"actions\.directories: there is no directory"):
        load_catalog([], DICTIONARY, action_directories=[tmp_path / "none"])


def test_one_id_in_two_files_is_told_before_anything_is_loaded(tmp_path: Path, own: Path) -> None:
    shutil.copytree(own, tmp_path / "others")

    with pytest.raises(DefinitionErrors, match='the id "leave-group" is used by'):
        load_catalog([], DICTIONARY, action_directories=[own, tmp_path / "others"])


def test_every_wrong_action_is_told_when_actions_are_asked_for_and_not_before(own: Path) -> None:
    for name in ("first", "second"):
        (own / f"{name}.yaml").write_text("kind: action\n", encoding="utf-8")

    catalog = load_catalog([], DICTIONARY, action_directories=[own])

    with pytest.raises(DefinitionErrors) as caught:
        _ = catalog.actions
    assert [error.at.path.stem for error in caught.value.errors] == ["first", "second"]


def test_single_files_are_loaded_as_somebodys_own(own: Path) -> None:
    assert [loaded.action.id for loaded in load_actions([own / "leave-group.yaml"], DICTIONARY)] == ["leave-group"]


def test_a_file_that_says_no_resource_changes_nothing_that_a_check_judges(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("resource: [1]\n", encoding="utf-8")
    files = ActionFiles([(path, True)], DICTIONARY)

    assert files.resource_of("empty") is None
    assert files.resource_of("empty") is None
