"""How much may be changed at once."""

from __future__ import annotations

import pytest

from posture.domain.blast_radius import refusal, share_of
from tests.domain.plans import limits


@pytest.mark.parametrize(
    ("targets", "acted", "population", "expected"),
    [
        (10, 0, 1000, None),
        (11, 0, 1000, "11 targets are more than the 10 that one plan may have"),
        (10, 10, 1000, None),
        (10, 11, 1000, "would make 21 within a day; 20 are allowed"),
        (5, 0, 10, None),
        (6, 0, 10, "6 of 10 resources within a day are more than 0.5"),
        (3, 3, 10, "6 of 10 resources within a day are more than 0.5"),
        (1, 0, None, "scan it first"),
    ],
)
def test_too_much_is_refused_whole(targets: int, acted: int, population: int | None, expected: str | None) -> None:
    found = refusal(limits(), targets=targets, acted_today=acted, population=population)

    if expected is None:
        assert found is None
    else:
        assert expected in str(found)


@pytest.mark.parametrize(("population", "allowed"), [(0, 1), (1, 1), (3, 1), (4, 2), (1_000_001, 500_000)])
def test_a_share_is_rounded_down_but_allows_one(population: int, allowed: int) -> None:
    assert share_of(limits(share=0.5), population) == allowed


def test_the_whole_is_no_limit() -> None:
    whole = limits(per_run=1, per_day=20, share=1.0)

    assert refusal(whole, targets=1, acted_today=1, population=1) is None
    assert refusal(whole, targets=1, acted_today=20, population=1) is not None
    assert refusal(whole, targets=1, acted_today=0, population=None) is not None
