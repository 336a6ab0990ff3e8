"""Cursors lead back to where they were made, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.domain.finding_pages import FindingQuery
from posture.domain.page import LONGEST_PAGE, checked_limit, read_cursor, written_cursor
from posture.errors import UsageError

PARTS = st.lists(st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=50))


@given(PARTS)
def test_what_a_cursor_was_written_from_is_read_from_it(parts: list[bool | int | str]) -> None:
    cursor = written_cursor(parts)

    assert list(read_cursor(cursor, shape=[type(part) for part in parts])) == parts
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text(max_size=60))
def test_any_other_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(UsageError, match="begin at the first page"):
        read_cursor(text, shape=(str, bool, int))


@pytest.mark.parametrize("parts", [[], ["runs", False], ["runs", False, 1, 2], ["runs", 0, 1], ["runs", False, True]])
def test_a_cursor_of_other_parts_is_refused(parts: list[bool | int | str]) -> None:
    with pytest.raises(UsageError, match="begin at the first page"):
        read_cursor(written_cursor(parts), shape=(str, bool, int))


def test_a_cursor_of_endless_lists_is_refused() -> None:
    with pytest.raises(UsageError, match="begin at the first page"):
        read_cursor("W1tb" * 400, shape=(str,))


@pytest.mark.parametrize("limit", [0, -1, LONGEST_PAGE + 1])
def test_a_page_is_neither_empty_nor_longer_than_pages_are(limit: int) -> None:
    with pytest.raises(UsageError, match="from 1 to 500"):
        checked_limit(limit)
    with pytest.raises(UsageError, match="from 1 to 500"):
        FindingQuery(limit=limit)


def test_a_text_to_look_for_has_a_length_that_people_type() -> None:
    assert FindingQuery(text="a" * 200).text
    with pytest.raises(UsageError, match="at most 200 characters"):
        FindingQuery(text="a" * 201)
