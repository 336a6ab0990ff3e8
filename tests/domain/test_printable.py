"""Hostile names reach a terminal as harmless text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.domain.printable import printable


@pytest.mark.parametrize("name", ["Ada Lovelace", "Łukasz Żółć", "山田太郎", "محمد", "Zoë & Søn <ops>", ""])
def test_an_honest_name_stays_as_it_is(name: str) -> None:
    assert printable(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("two\nlines\r\n", "two\\x0alines\\x0d\\x0a"),
        ("exe\u202efdp", "exe\\u202efdp"),
        ("a\u2028b", "a\\u2028b"),
        ("half \ud83d", "half \\ud83d"),
        ("tab\there", "tab\\x09here"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_harmful_characters_are_written_as_escapes(name: str, shown: str) -> None:
    assert printable(name) == shown


def test_a_long_name_is_cut_and_says_so() -> None:
    assert printable("x" * 300, longest=10) == "xxxxxxxxx…"


@given(st.text(alphabet=st.characters(codec=None)), st.integers(2, 50))
def test_whatever_comes_is_one_bounded_line_that_can_be_encoded(name: str, longest: int) -> None:
    shown = printable(name, longest=longest)

    assert len(shown) <= longest
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in shown)
    shown.encode()
