"""The stop switches."""

from __future__ import annotations

from posture.domain.switch import Stop, stop_of
from tests.domain.plans import MONDAY


def a_stop(tenant_id: str | None) -> Stop:
    return Stop(tenant_id=tenant_id, by="grace", reason="incident", at=MONDAY)


def test_a_stop_holds_for_its_tenant_alone() -> None:
    assert stop_of([a_stop("t1")], "t1") == a_stop("t1")
    assert stop_of([a_stop("t1")], "t2") is None


def test_the_global_stop_holds_everywhere_and_is_told_first() -> None:
    assert stop_of([a_stop("t1"), a_stop(None)], "t1") == a_stop(None)
    assert stop_of([], "t1") is None
