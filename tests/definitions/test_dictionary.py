"""The dictionary as definitions see it, and guesses at what somebody meant."""

from __future__ import annotations

import pytest

from posture.definitions.case_rows import fits
from posture.definitions.dictionary import Dictionary, did_you_mean, nearest


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("usres", "users"),
        ("user", "users"),
        ("applications_credentials", "applications"),
        ("app", "applications"),
        ("zz", None),
        ("us", None),
    ],
)
def test_the_nearest_word_is_guessed_only_if_one_is_near(word: str, expected: str | None) -> None:
    assert nearest(word, {"users", "applications"}) == expected


def test_without_a_near_word_other_advice_is_given() -> None:
    assert did_you_mean("zz", {"users"}, otherwise="See the list.") == "See the list."


def test_names_are_found_whatever_their_case(dictionary: Dictionary) -> None:
    assert dictionary.table("Users") is dictionary.table("users")
    assert "id" in dictionary.columns("USERS")
    assert dictionary.table("nobody") is None
    assert dictionary.columns("nobody") == {}


def test_derived_tables_keep_their_order(dictionary: Dictionary) -> None:
    assert [table.name for table in dictionary.derived] == ["application_credentials", "ended_credentials"]


def test_a_table_is_told_apart_by_its_key_or_by_id(dictionary: Dictionary) -> None:
    assert dictionary.id_column("risky_users") == "user_id"
    assert dictionary.id_column("application_credentials") == "id"


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, "BOOLEAN", True),
        (True, "BOOLEAN", True),
        ("true", "BOOLEAN", False),
        (1, "BOOLEAN", False),
        (5, "BIGINT", True),
        (True, "BIGINT", False),
        (5.0, "BIGINT", False),
        (5, "DOUBLE", True),
        (0.5, "DOUBLE", True),
        (False, "DOUBLE", False),
        ("2026-03-01T00:00:00Z", "TIMESTAMP", True),
        ("soon", "TIMESTAMP", False),
        (5, "TIMESTAMP", False),
        ("x", "VARCHAR", True),
        (5, "VARCHAR", False),
        (["x", None], "VARCHAR[]", True),
        (["x", 5], "VARCHAR[]", False),
        ("x", "VARCHAR[]", False),
        ([{"a": 1}], "STRUCT(a BIGINT)[]", True),
        ([1], "STRUCT(a BIGINT)[]", False),
        ({"a": 1}, "STRUCT(a BIGINT)", True),
    ],
)
def test_a_value_fits_the_type_of_its_column_or_not(value: object, kind: str, expected: bool) -> None:
    assert fits(value, kind) is expected
