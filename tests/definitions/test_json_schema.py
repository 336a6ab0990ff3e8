"""The form of check and action files, as editors are told it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from posture.definitions.dictionary import Dictionary
from posture.definitions.json_schema import action_schema, check_schema
from posture.definitions.loaded import LoadedCheck
from posture.tables.live import ONLY_LIVE
from tests.definitions.action_text import DICTIONARY, load

LoadOne = Callable[..., LoadedCheck]


def test_it_is_a_schema_that_a_good_check_has(load_one: LoadOne, dictionary: Dictionary) -> None:
    schema = check_schema(dictionary)

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(load_one().document.value, schema)


@pytest.mark.parametrize(
    "wrong",
    [
        {"resource": "printer"},
        {"tags": ["printer"]},
        {"severity": "terrible"},
        {"unknown_key": 1},
        {"actions": ["reset-mfa"]},
        {"tests": {"now": "x", "base": {"printers": {}}, "cases": [{"name": "a", "expect": "pass"}]}},
        {"tests": {"now": "x", "base": {}, "cases": [{"name": "a", "expect": 1}]}},
    ],
)
def test_it_refuses_what_would_not_load(load_one: LoadOne, dictionary: Dictionary, wrong: dict[str, object]) -> None:
    value = {**load_one().document.value, **wrong}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, check_schema(dictionary))


def test_it_knows_the_actions_there_are(load_one: LoadOne, dictionary: Dictionary) -> None:
    value = {**load_one().document.value, "actions": ["reset-mfa"]}

    jsonschema.validate(value, check_schema(dictionary, actions=["reset-mfa", "revoke-sessions"]))


def test_it_is_a_schema_that_a_good_action_has(tmp_path: Path) -> None:
    schema = action_schema(DICTIONARY.with_tables(ONLY_LIVE))

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(load(tmp_path).document.value, schema)


@pytest.mark.parametrize(
    "wrong",
    [
        {"resource": "printer"},
        {"permissions": ["Sites.FullControl.All"]},
        {"read": ["printers"]},
        {"read": [{"printers": "group_id"}]},
        {"read": [{"groups": "a", "users": "b"}]},
        {"risk": "none"},
        {"approval": {"people": 1, "role": "viewer", "valid_for": "24h"}},
        {"approval": {"people": 1, "role": "admin", "valid_for": "a day"}},
        {"limits": {"per_run": 1, "per_day": 1, "share": "2"}},
        {"undo": {"possible": True, "read": ["printers"]}},
        {"tests": {"now": "x", "base": {"printers": {}}, "cases": [{"name": "a", "expect": {"outcome": "done"}}]}},
    ],
)
def test_the_schema_refuses_actions_that_would_not_load(tmp_path: Path, wrong: dict[str, object]) -> None:
    value = {**load(tmp_path).document.value, **wrong}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, action_schema(DICTIONARY.with_tables(ONLY_LIVE)))
