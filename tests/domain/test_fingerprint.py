"""Fingerprints: equal on every machine and version, different for different things."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from posture.domain.check import CheckId
from posture.domain.finding import fingerprint

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
things = st.fixed_dictionaries(
    {
        "check": st.text().map(CheckId),
        "tenant_id": st.text(),
        "resource_id": st.text(),
        "identity": st.dictionaries(st.text(), values, max_size=4),
    }
)


def _written(value: object) -> str:
    """Return a text that differs where values differ in JSON: 1 and true are equal in Python, but not the same."""
    if isinstance(value, dict):
        return str(sorted((key, _written(inner)) for key, inner in value.items()))
    if isinstance(value, list):
        return f"list {[_written(inner) for inner in value]}"
    return f"{type(value).__name__} {value!r}"


def test_a_fingerprint_is_the_same_as_in_the_first_release() -> None:
    # Findings on record are found again by it: if this fails, every finding of every user becomes a new one.
    assert (
        fingerprint(
            check=CheckId("secret-expiring-soon"),
            tenant_id="11111111-1111-1111-1111-111111111111",
            resource_id="00000000-0000-0000-0000-000000000001",
            identity={"key_id": "a", "größe": 1},
        )
        == "2509c02055b8aff69b0e8ec9dba5939f"
    )


@given(things)
def test_a_fingerprint_is_32_hexadecimal_digits_whatever_the_directory_says(thing: dict[str, Any]) -> None:
    found = fingerprint(**thing)

    assert len(found) == 32
    assert set(found) <= set("0123456789abcdef")


@given(things)
def test_the_order_of_identity_columns_does_not_matter(thing: dict[str, Any]) -> None:
    turned = dict(reversed(thing["identity"].items()))

    assert fingerprint(**thing) == fingerprint(**(thing | {"identity": turned}))


@given(things, things)
def test_different_things_have_different_fingerprints(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (fingerprint(**one) == fingerprint(**other)) == (_written(one) == _written(other))


@given(things, st.sampled_from(["check", "tenant_id", "resource_id"]))
def test_every_part_counts(thing: dict[str, Any], part: str) -> None:
    assert fingerprint(**thing) != fingerprint(**(thing | {part: thing[part] + "x"}))


def test_text_cannot_move_from_one_part_to_the_next() -> None:
    one = fingerprint(check=CheckId("a"), tenant_id="bc", resource_id="d", identity={})
    other = fingerprint(check=CheckId("ab"), tenant_id="c", resource_id="d", identity={})

    assert one != other
