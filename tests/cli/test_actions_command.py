"""``posture actions list``, ``show``, ``test``, ``lint`` and ``schema``."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from posture.definitions.yaml_source import read_yaml
from posture.errors import DefinitionErrors, UsageError
from tests.cli.conftest import run

ACTIONS = Path(__file__).parent / "actions"


@pytest.fixture(autouse=True)
def without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POSTURE_CONFIG", raising=False)


def test_the_shipped_actions_are_listed_without_a_configuration() -> None:
    listed = {action["id"]: action for action in run("actions", "list", "--format", "json").json()}
    table = run("actions", "list", "--resource", "application").out

    assert (listed["revoke-sessions"]["resource"], listed["reset-mfa"]["undo"]) == ("user", None)
    assert "remove-app-credential" in table
    assert "revoke-sessions" not in table


def test_an_action_shows_who_approves_what_refuses_and_what_is_sent() -> None:
    said = run("actions", "show", "reset-mfa").out

    assert "2 people, at least helpdesk" in said
    assert "members-only: otherwise" in said
    assert "POST /users/{resource_id}/revokeSignInSessions" in said
    assert "Undo\n- not possible: " in said
    assert "UserAuthenticationMethod.ReadWrite.All" in said


def test_an_action_shows_how_it_is_taken_back_and_what_fills_its_parameters() -> None:
    removal = run("actions", "show", "remove-app-credential")
    document = run("actions", "show", "remove-app-credential", "--format", "json").json()

    assert "a finding fills it with its" in removal.out
    filled = {parameter["name"]: parameter["filled_by"] for parameter in document["parameters"]}
    assert filled["key_id"] is not None
    assert "Undo, within 30d, sends" in run("actions", "show", "disable-user").out


def test_an_unknown_action_is_told_with_the_nearest_name() -> None:
    said = run("actions", "show", "reset-mfas")

    assert isinstance(said.error, UsageError)
    assert 'Did you mean "reset-mfa"?' in str(said.error)


def test_actions_of_ones_own_are_tried_and_reviewed() -> None:
    tried = run("actions", "test", ACTIONS)
    document = run("actions", "test", ACTIONS / "block-user.yaml", "--no-probe", "--format", "json").json()
    reviewed = run("actions", "lint", ACTIONS)

    assert (tried.code, reviewed.code) == (0, 0)
    assert "2 actions with 5 cases: none with problems" in tried.out
    assert document == [{"action": "block-user", "holds": True, "cases": 3, "problems": []}]


def test_a_case_that_does_not_hold_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "block-user.yaml"
    text = (ACTIONS / "block-user.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("[PATCH /users/u1]", "[PATCH /users/u2]", 1), encoding="utf-8")

    said = run("actions", "test", file)

    assert said.code == 1
    assert f'{file}:35:7: case "a member is blocked": expected PATCH /users/u2, got PATCH /users/u1' in said.out
    assert "1 action with 3 cases: 1 with problems" in said.out


def test_a_reviewers_remark_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "block-user.yaml"
    text = (ACTIONS / "block-user.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("the user is no member", "the user is no member."), encoding="utf-8")

    said = run("actions", "lint", file)

    assert said.code == 1
    assert f"{file}:13:63: " in said.out
    assert "1 action: 1 remark" in said.err


def test_an_action_that_cannot_be_loaded_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "block-user.yaml"
    text = (ACTIONS / "block-user.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("PATCH /users/{resource_id}", "DELETE /users/{resource_id}"), encoding="utf-8")

    said = run("actions", "lint", file)

    assert isinstance(said.error, DefinitionErrors)
    assert str(said.error).startswith(f"{file}:")


def test_the_schema_fits_an_action_file() -> None:
    schema = run("actions", "schema").json()

    jsonschema.validate(read_yaml(ACTIONS / "hand-out-code.yaml").value, schema)
