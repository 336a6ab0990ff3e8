"""Messages: values filled in, nothing else; hostile text comes out harmless."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.definitions.message import MAX_CHARACTERS, MessageRefused, parse_message
from posture.domain.judgement import Value

COLUMNS = ("name", "days", "items")


def rendered(text: str, **row: Value) -> str:
    return parse_message(text, COLUMNS).render(row)


@pytest.mark.parametrize(
    ("text", "row", "sentence"),
    [
        ("{{ name }} ends in {{ days }} days", {"name": "key", "days": 3}, "key ends in 3 days"),
        ("ends {{ days }}", {"days": None}, "ends unknown"),
        ("ends {{ days }}", {}, "ends unknown"),
        ("{{ name }}", {"name": True}, "yes"),
        ("{{ days }}", {"days": 3.0}, "3"),
        ("{{ name }}", {"name": "2026-03-01T00:00:00Z"}, "2026-03-01T00:00:00Z"),
        ("since {{ name }}", {"name": "2026-11-01T19:52:08.970885Z"}, "since 2026-11-01T19:52:08Z"),
        ("{{ name | join }}", {"name": ["2026-11-01T19:52:08.97Z", "x"]}, "2026-11-01T19:52:08Z, x"),
        ("{{ name }}", {"name": "job 2026-11-01T19:52:08.970885Z"}, "job 2026-11-01T19:52:08.970885Z"),
        ("{{ items or 'none' }}", {"items": []}, "none"),
        ("{{ items or 'none' }}", {"items": ["fido2", "sms"]}, "fido2, sms"),
        ("{{ items | join(' and ') }}", {"items": ["a", "b"]}, "a and b"),
        ("{{ items | join }}", {"items": None}, "unknown"),
        ("{{ items | length }} things", {"items": ["a", "b"]}, "2 things"),
        ("{{ items | length }} things", {"items": None}, "unknown things"),
        ("{{ items | sort | first }}", {"items": ["b", "a"]}, "a"),
        ("{{ items | last }}", {"items": []}, "unknown"),
        ("{{ name | default('nobody') }}", {"name": None}, "nobody"),
        ("{{ name | upper | trim }}", {"name": " x "}, "X"),
        ("{{ name | lower }}", {"name": None}, "unknown"),
        ("{% if days == 0 %}today{% else %}later{% endif %}", {"days": 0}, "today"),
        ("{% if days is none %}no date{% elif not name %}no name{% endif %}", {"days": 1, "name": ""}, "no name"),
        ("{{ 'x' if name != 'a' and days else 'y' }}", {"name": "b", "days": 1}, "x"),
        ("{{ 'on ' ~ name if name else 'never' }}", {"name": "Monday"}, "on Monday"),
        ("{{ name ~ '/' ~ days ~ '/' ~ items }}", {"name": None, "days": 2.0, "items": ["a", "b"]}, "unknown/2/a, b"),
        ("<b>{{ name }}</b>", {"name": "<script>"}, "<b><script></b>"),
        ("a folded\ntext\n", {}, None),
    ],
)
def test_values_are_filled_in_as_people_read_them(text: str, row: dict[str, Value], sentence: str | None) -> None:
    found = parse_message(text, COLUMNS).render(row)

    assert "\n" not in found
    if sentence is not None:
        assert found == sentence


@pytest.mark.parametrize(
    "text",
    [
        "{% for x in items %}{{ x }}{% endfor %}",
        "{% macro f() %}x{% endmacro %}",
        "{% set a = 1 %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% block a %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{{ name.__class__ }}",
        "{{ name['x'] }}",
        "{{ items[0] }}",
        "{{ name() }}",
        "{{ range(1000000000) }}",
        "{{ days + 1 }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ -days }}",
        "{{ days > 1 }}",
        "{{ name in items }}",
        "{{ [name] }}",
        "{{ {'a': name} }}",
        "{{ name | attr('x') }}",
        "{{ name | shown }}",
        "{{ name | format('x') }}",
        "{{ items | map('upper') }}",
        "{{ items | join(name, 'x') }}",
        "{{ items | join(d='x') }}",
        "{{ name | center(1000000000) }}",
        "{{ name is defined }}",
        "{{ name",
        "{% if name %}",
        "{{ nam }}",
        "{{ self }}",
        "{{ cycler }}",
    ],
)
def test_anything_else_of_jinja_is_refused(text: str) -> None:
    with pytest.raises(MessageRefused) as caught:
        parse_message(text, COLUMNS)

    assert caught.value.line == 1
    assert caught.value.advice


def test_an_unknown_column_is_told_with_its_line_and_the_nearest_name() -> None:
    with pytest.raises(MessageRefused, match='no column "nmae"') as caught:
        parse_message("first line\n{{ nmae }}", COLUMNS)

    assert (caught.value.line, caught.value.advice) == (2, 'Did you mean "name"?')


def test_a_message_over_columns_that_cannot_be_named_takes_any_name() -> None:
    assert parse_message("{{ whatever }}", None).render({"whatever": "x"}) == "x"


def test_a_name_cannot_move_the_cursor_or_turn_the_line_around() -> None:
    found = rendered("{{ name }}", name="a\x1b[2Jb\u202ec\r\nd\x9be\u2028f\ud800\u200b")

    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in found)
    assert found.startswith("a\\x1b[2Jb")


def test_a_value_is_never_taken_for_a_template() -> None:
    assert rendered("{{ name }}", name="{{ days }}{% raw %}") == "{{ days }}{% raw %}"


def test_a_long_value_is_cut() -> None:
    found = rendered("{{ name }} {{ name }}", name="x" * 5000)

    assert len(found) == MAX_CHARACTERS
    assert found.endswith("…")


def test_a_long_list_is_counted_instead_of_shown() -> None:
    assert rendered("{{ items }}", items=["x"] * 100_000).endswith("x and 99980 more")


VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
EVERYTHING = parse_message(
    "{{ name }}{{ items | join(', ') }}{{ items | sort | first }}{{ items | last | upper | trim | lower }}"
    "{{ items | length }}{{ name | default('x') }}{{ days == name }}{{ days != items }}"
    "{% if name or items and not days %}{{ name ~ days ~ items }}{% endif %}{{ items | join(days) }}",
    COLUMNS,
)


@given(VALUES, VALUES, VALUES)
def test_no_row_whatever_makes_a_message_fail(name: Value, days: Value, items: Value) -> None:
    found = EVERYTHING.render({"name": name, "days": days, "items": items})

    assert len(found) <= MAX_CHARACTERS
    assert "\n" not in found
    found.encode()
