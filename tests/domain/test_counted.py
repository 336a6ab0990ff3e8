"""A number with its word."""

from __future__ import annotations

import pytest

from posture.domain.counted import counted


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 requests"), (1, "1 request"), (2, "2 requests"), (12_345, "12,345 requests"), (None, "requests")],
)
def test_one_of_a_thing_is_no_plural(number: int | None, words: str) -> None:
    assert counted(number, "request") == words


@pytest.mark.parametrize(("number", "words"), [(1, "1 person"), (2, "2 people"), (None, "people")])
def test_a_plural_of_its_own_is_given(number: int | None, words: str) -> None:
    assert counted(number, "person", "people") == words
