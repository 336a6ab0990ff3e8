"""The audit is a chain: whatever is changed in it, taken out or put in, is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.domain.audit import GENESIS, AuditEvent, AuditKind, ChainedEvent, ChainHead, chained, first_break
from tests.domain.plans import HOUR, MONDAY


def an_event(number: int = 0, **changes: Any) -> AuditEvent:
    fields: dict[str, Any] = {
        "at": MONDAY + number * HOUR,
        "actor": "grace",
        "kind": AuditKind.APPROVAL_GIVEN,
        "tenant_id": "t1",
        "plan_id": "p1",
        "details": {"note": f"number {number}"},
    }
    return AuditEvent(**(fields | changes))


def a_chain(length: int) -> tuple[list[ChainedEvent], ChainHead]:
    head, links = ChainHead(number=0, hash=GENESIS), []
    for number in range(length):
        link = chained(an_event(number), after=head)
        links.append(link)
        head = ChainHead(number=link.number, hash=link.hash)
    return links, head


@pytest.mark.parametrize("length", [0, 1, 5])
def test_a_chain_as_it_was_written_holds(length: int) -> None:
    links, head = a_chain(length)

    assert first_break(links, head=head) is None


def test_the_zone_in_which_a_time_is_told_does_not_matter() -> None:
    head = ChainHead(number=0, hash=GENESIS)
    there = MONDAY.astimezone(timezone(timedelta(hours=5)))

    assert chained(an_event(), after=head).hash == chained(an_event(at=there), after=head).hash


@pytest.mark.parametrize(
    "change",
    [
        {"at": MONDAY},
        {"actor": "mallory"},
        {"kind": AuditKind.APPROVAL_REFUSED},
        {"tenant_id": None},
        {"plan_id": "p2"},
        {"details": {}},
    ],
)
def test_a_changed_event_is_found(change: dict[str, Any]) -> None:
    links, head = a_chain(5)
    links[2] = replace(links[2], event=replace(links[2].event, **change))

    assert first_break(links, head=head) == "event 3 was changed after it was written"


def test_a_changed_event_with_a_new_hash_does_not_fit_the_next() -> None:
    links, head = a_chain(5)
    links[2] = chained(an_event(2, actor="mallory"), after=ChainHead(number=2, hash=links[1].hash))

    assert "event 4 does not follow event 3" in str(first_break(links, head=head))


@pytest.mark.parametrize("gone", list(range(4)))
def test_a_missing_event_is_found(gone: int) -> None:
    links, head = a_chain(5)
    del links[gone]

    assert f"event {gone + 1} is missing" in str(first_break(links, head=head))


@pytest.mark.parametrize("kept", list(range(5)))
def test_a_cut_end_is_found(kept: int) -> None:
    links, head = a_chain(5)

    assert f"the chain ends at event {kept}, but 5 events were written" in str(first_break(links[:kept], head=head))


@given(st.permutations(range(4)))
def test_another_order_is_found(order: list[int]) -> None:
    links, head = a_chain(4)

    found = first_break([links[position] for position in order], head=head)

    assert (found is None) == (order == sorted(order))
