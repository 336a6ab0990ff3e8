"""YAML: strict values, and the place of everything."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from posture.definitions.yaml_source import MAX_BYTES, parse_yaml, read_yaml, resolve_plain
from posture.definitions.yaml_spans import Span, span_of
from posture.errors import DefinitionError

HERE = Path("check.yaml")


def place_of(error: DefinitionError) -> tuple[int, int]:
    return error.at.line, error.at.column


def test_words_that_other_readers_take_for_booleans_or_times_stay_text() -> None:
    document = parse_yaml("a: no\nb: on\nc: 12:30\nd: 2026-03-01T00:00:00Z\ne: 0123\nf: 1_000", path=HERE)

    assert list(document.value.values()) == ["no", "on", "12:30", "2026-03-01T00:00:00Z", "0123", "1_000"]


def test_null_booleans_and_numbers_are_values() -> None:
    document = parse_yaml("a: ~\nb:\nc: true\nd: False\ne: -3\nf: 1.5\ng: 2e3\nh: '3'", path=HERE)

    assert list(document.value.values()) == [None, None, True, False, -3, 1.5, 2000.0, "3"]


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("a: 1\nb: 2\na: 3", 3, 1, "stands here twice"),
        ("a:\n  b: 1\n  b: 2", 3, 3, "stands here twice"),
        ("a: &x [1]\nb: *x", 1, 4, "anchors"),
        ("a:\n\t- b", 2, 1, "not YAML"),
        ("- a\n- b", 1, 1, "not a mapping"),
        ("just text", 1, 1, "not a mapping"),
        ("", 1, 1, "not a mapping"),
        ('a: "b', 1, 6, "not YAML"),
        ("a: \x07", 1, 4, "control character"),
        ("a: !!python/object/apply:os.system [x]", 1, 4, "not supported"),
        ("a: !!python/name:os.system x", 1, 4, "not supported"),
        ("a: 1\n---\nb: 2", 2, 1, "second document"),
        ("a: {[1]: 2}", 1, 5, "a key must be a word"),
        ("? a\n: b\n? [c]\n: d", 3, 3, "a key must be a word"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_yaml(text, path=HERE)

    assert place_of(caught.value) == (line, column)
    assert said in caught.value.problem
    assert str(caught.value).startswith(f"check.yaml:{line}:{column}: ")
    assert caught.value.advice.endswith(".")


def test_a_tag_on_a_collection_is_refused() -> None:
    with pytest.raises(DefinitionError, match="tag"):
        parse_yaml("a: !!set {b, c}", path=HERE)


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]

    with pytest.raises(DefinitionError, match="anchors"):
        parse_yaml("\n".join(lines), path=HERE)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(DefinitionError, match="nested more than 40 deep"):
        parse_yaml("a: " + "[" * 5000 + "]" * 5000, path=HERE)


def test_a_file_that_is_not_utf8_is_refused_at_the_first_wrong_byte(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")

    with pytest.raises(DefinitionError, match="not UTF-8") as caught:
        read_yaml(path)

    assert place_of(caught.value) == (2, 7)


def test_utf16_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes("a: 1".encode("utf-16"))

    with pytest.raises(DefinitionError, match="not UTF-8"):
        read_yaml(path)


def test_a_byte_order_mark_is_not_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1")

    assert read_yaml(path).value == {"a": 1}


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"a: " + b"x" * MAX_BYTES)

    with pytest.raises(DefinitionError, match="larger than"):
        read_yaml(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        read_yaml(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("yaml", "word", "line", "column"),
    [
        ("sql: |\n  select a,\n    foo\n  from t\n", "foo", 3, 5),
        ("sql: |  # a comment\n  select foo\n", "foo", 2, 10),
        ("sql: >\n  one two\n  foo bar\n", "foo", 3, 3),
        ("sql: one foo\n", "foo", 1, 10),
        ('sql: "one foo"\n', "foo", 1, 11),
        ("a: {sql: 'one foo'}\n", "foo", 1, 15),
        ("sql: one\n  two foo\n", "foo", 2, 7),
    ],
)
def test_a_place_inside_a_text_is_found_whatever_its_style(yaml: str, word: str, line: int, column: int) -> None:
    document = parse_yaml(yaml, path=HERE)
    steps = ("a", "sql") if yaml.startswith("a:") else ("sql",)

    at = document.locate_within(steps, str(document.at(steps)).index(word))

    assert (at.line, at.column) == (line, column)


def test_a_place_beyond_a_text_or_in_a_number_is_that_of_the_value() -> None:
    document = parse_yaml("a: text\nb: 5\n", path=HERE)

    assert str(document.locate_within(("a",), 400)) == "check.yaml:1:4"
    assert str(document.locate_within(("b",), 3)) == "check.yaml:2:4"


def test_an_event_without_a_place_counts_as_the_start() -> None:
    assert span_of(yaml.StreamStartEvent()) == Span(0, 0, 0, 0, False)


def test_the_place_of_something_missing_is_that_of_what_is_around_it() -> None:
    document = parse_yaml("a:\n  b: 1\n", path=HERE)

    assert str(document.locate(("a", "c", "d"))) == "check.yaml:2:3"
    assert document.at(("a", "c", "d")) is None


@given(st.text(max_size=60))
def test_no_text_whatever_makes_the_reader_fail_otherwise(text: str) -> None:
    found: object = None
    try:
        found = parse_yaml(text, path=HERE).value
    except DefinitionError as error:
        found = error.at.line >= 1 and error.at.column >= 1

    assert found is True or isinstance(found, dict)


@given(st.text(max_size=60))
def test_no_plain_word_makes_the_reader_fail(text: str) -> None:
    assert isinstance(resolve_plain(text), str | int | float | bool | None)
