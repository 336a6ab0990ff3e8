"""Durations and shares as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from posture.definitions.quantities import duration, share


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("24h", timedelta(hours=24)),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_a_duration_is_a_whole_number_and_its_unit(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["", "5", "0s", "-5m", "1.5h", "5 m", "5M", "100000000s", "٥m", "5m\n", 24, None])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="24h"):
        duration(text)


@pytest.mark.parametrize("text", ["3651d", "99999999d"])
def test_a_duration_that_no_calendar_holds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ten years"):
        duration(text)


@pytest.mark.parametrize(("text", "expected"), [("2%", 0.02), ("0.5%", 0.005), ("100%", 1.0), ("5 %", 0.05)])
def test_a_share_is_written_in_percent(text: str, expected: float) -> None:
    assert share(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "0%", "2", "0.02", "101%", "-1%", "%", "2%%", 2, None])
def test_what_is_no_share_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="2%"):
        share(text)
