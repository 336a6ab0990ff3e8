"""The catalog: all checks there are, and the choice of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from posture.definitions.catalog import Catalog, load_catalog, load_checks
from posture.definitions.content import content_directory
from posture.definitions.dictionary import Dictionary
from posture.definitions.loaded import LoadedCheck
from posture.errors import DefinitionErrors, SettingsError, UsageError

Write = Callable[..., Path]


@pytest.fixture
def write(good_check: str) -> Write:
    """Write the good check under another id into a directory."""

    def write_check(directory: Path, check_id: str, *, tag: str = "application") -> Path:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{check_id}.yaml"
        text = good_check.replace("id: owner-missing", f"id: {check_id}")
        path.write_text(text.replace("tags: [application]", f"tags: [{tag}]"), encoding="utf-8")
        return path

    return write_check


@pytest.fixture
def catalog(tmp_path: Path, dictionary: Dictionary, write: Write) -> Catalog:
    write(tmp_path / "shipped" / "a", "first")
    write(tmp_path / "shipped" / "b" / "c", "second", tag="user")
    write(tmp_path / "own", "third", tag="mfa")
    return load_catalog([tmp_path / "own"], dictionary, shipped=tmp_path / "shipped")


def ids(checks: object) -> list[str]:
    return [loaded.check.id for loaded in checks]  # type: ignore[attr-defined]


def test_checks_are_found_at_any_depth_and_know_whose_they_are(catalog: Catalog) -> None:
    assert [(loaded.check.id, loaded.check.is_local) for loaded in catalog.checks] == [
        ("first", False),
        ("second", False),
        ("third", True),
    ]
    assert catalog.ids == {"first", "second", "third"}


def test_only_what_was_written_anew_is_loaded_again(tmp_path: Path, dictionary: Dictionary, write: Write) -> None:
    def loaded() -> dict[str, LoadedCheck]:
        catalog = load_catalog([], dictionary, shipped=tmp_path / "shipped")
        return {str(one.check.id): one for one in catalog.checks}

    write(tmp_path / "shipped", "first")
    write(tmp_path / "shipped", "second", tag="user")
    before = loaded()
    write(tmp_path / "shipped", "second", tag="mfa")
    after = loaded()

    assert after["first"] is before["first"]
    assert after["second"].check.tags == ("mfa",)
    assert before["second"].check.tags == ("user",)


def test_a_check_that_has_not_changed_is_refused_once_its_action_is_about_something_else(
    tmp_path: Path, dictionary: Dictionary, write: Write
) -> None:
    path = write(tmp_path / "own", "mine")
    path.write_text(path.read_text(encoding="utf-8").replace("actions: []", "actions: [act]"), encoding="utf-8")
    action = tmp_path / "actions" / "act.yaml"
    action.parent.mkdir()
    action.write_text("resource: application\n", encoding="utf-8")
    load_checks([path], dictionary, action_directories=[action.parent])
    action.write_text("resource: user\n", encoding="utf-8")

    with pytest.raises(DefinitionErrors, match="act is about user, not application"):
        load_checks([path], dictionary, action_directories=[action.parent])


def test_without_wishes_everything_is_chosen(catalog: Catalog) -> None:
    assert ids(catalog.select()) == ["first", "second", "third"]


def test_only_skip_and_tags_narrow_the_choice(catalog: Catalog) -> None:
    assert ids(catalog.select(only=["third", "first"])) == ["first", "third"]
    assert ids(catalog.select(skip=["first"])) == ["second", "third"]
    assert ids(catalog.select(tags=["user", "mfa"])) == ["second", "third"]
    assert ids(catalog.select(only=["first", "second"], skip=["first"], tags=["user"])) == ["second"]
    assert ids(catalog.select(only=["first"], tags=["user"])) == []


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"only": ["frist"]}, 'there is no check "frist". Did you mean "first"?'),
        ({"skip": ["secnd"]}, 'there is no check "secnd". Did you mean "second"?'),
        ({"tags": ["usr"]}, 'there is no tag "usr". Did you mean "user"?'),
        ({"only": ["zzz"]}, "posture checks list"),
    ],
)
def test_what_does_not_exist_cannot_be_chosen(catalog: Catalog, wish: dict[str, list[str]], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        catalog.select(**wish)

    assert said in str(caught.value)


def test_one_check_is_found_by_its_id(catalog: Catalog) -> None:
    assert catalog.check("second").check.tags == ("user",)


def test_an_id_used_twice_is_refused_with_both_places(tmp_path: Path, dictionary: Dictionary, write: Write) -> None:
    first = write(tmp_path / "shipped", "same")
    second = write(tmp_path / "own", "same")

    with pytest.raises(DefinitionErrors) as caught:
        load_catalog([tmp_path / "own"], dictionary, shipped=tmp_path / "shipped")

    assert str(first) in str(caught.value)
    assert str(caught.value).startswith(f"{second}:2:5: ")


def test_good_files_do_not_hide_broken_ones(tmp_path: Path, dictionary: Dictionary, write: Write) -> None:
    write(tmp_path, "good")
    (tmp_path / "bad.yml").write_text("a: [", encoding="utf-8")

    with pytest.raises(DefinitionErrors, match=r"bad\.yml"):
        load_checks([tmp_path], dictionary)


def test_a_directory_that_does_not_exist_is_a_mistake_of_the_settings(tmp_path: Path, dictionary: Dictionary) -> None:
    with pytest.raises(SettingsError, match="there is no directory"):
        load_catalog([tmp_path / "none"], dictionary, shipped=tmp_path)


def test_a_path_that_does_not_exist_is_a_mistake_of_the_command(tmp_path: Path, dictionary: Dictionary) -> None:
    with pytest.raises(UsageError, match="there is no file or directory"):
        load_checks([tmp_path / "none.yaml"], dictionary)


def test_files_of_other_kinds_are_left_alone(tmp_path: Path, dictionary: Dictionary, write: Write) -> None:
    write(tmp_path, "good")
    (tmp_path / "README.md").write_text("# not a check", encoding="utf-8")

    assert len(load_checks([tmp_path], dictionary).checks) == 1


def test_the_shipped_checks_have_a_directory() -> None:
    assert content_directory("checks").is_dir()


def test_an_empty_catalog_is_a_catalog(tmp_path: Path, dictionary: Dictionary) -> None:
    (tmp_path / "empty").mkdir()

    assert load_checks([tmp_path / "empty"], dictionary).select() == ()
