"""The form of a check file, as editors are told it."""

from __future__ import annotations

from collections.abc import Callable

import jsonschema
import pytest

from posture.definitions.dictionary import Dictionary
from posture.definitions.json_schema import check_schema
from posture.definitions.loaded import LoadedCheck

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
