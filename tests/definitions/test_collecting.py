"""Loading changes the garbage collector only while it lasts."""

from __future__ import annotations

import gc

import pytest

from posture.definitions.collecting import seldom_collecting


def test_the_collector_looks_less_often_while_loading_and_then_as_before() -> None:
    before = gc.get_threshold()

    with seldom_collecting():
        during = gc.get_threshold()

    assert during[0] > before[0]
    assert gc.get_threshold() == before


def test_the_collector_is_as_before_after_a_failure() -> None:
    before = gc.get_threshold()

    with pytest.raises(ValueError, match="broken"), seldom_collecting():
        raise ValueError("broken")

    assert gc.get_threshold() == before
