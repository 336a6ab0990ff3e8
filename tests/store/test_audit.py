"""The audit: recorded in the transaction that does what it tells, complete under concurrency, read by filters."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Barrier

import pytest

from posture.domain.audit import GENESIS, AuditEvent, AuditKind, ChainHead
from posture.store.audit_reader import AuditFilter
from posture.store.database import Store, prepare_store
from tests.domain.builders import an_exemption
from tests.usecases.builders import MONDAY, an_audit_event

HOUR = timedelta(hours=1)
EVENTS = range(1, 6)


def _record(store: Store, *events: AuditEvent) -> None:
    with store.open_acting_unit() as unit:
        for event in events:
            unit.record(event)


def _recorded(store: Store, **wanted: object) -> Sequence[AuditEvent]:
    with store.reading() as reader:
        return [link.event for link in reader.audit.events(AuditFilter(**wanted))]  # type: ignore[arg-type]


def _first_break(store: Store) -> str | None:
    with store.reading() as reader:
        return reader.audit.first_break()


@pytest.fixture
def five(store: Store) -> Store:
    """A database with five events, about two plans."""
    _record(
        store,
        *(
            an_audit_event(at=MONDAY + n * HOUR, actor=f"ada{n}", plan_id=f"p{n % 2}", details={"n": n})
            for n in EVENTS
        ),
    )
    return store


def test_an_audit_without_events_is_whole(store: Store) -> None:
    with store.reading() as reader:
        assert reader.audit.first_break() is None
        assert reader.audit.head() == ChainHead(number=0, hash=GENESIS)
        assert list(reader.audit.events(AuditFilter())) == []


def test_an_audit_that_nobody_touched_is_whole_and_ends_with_its_head(five: Store) -> None:
    with five.reading() as reader:
        assert reader.audit.first_break() is None
        last = list(reader.audit.events(AuditFilter()))[-1]
        assert reader.audit.head() == ChainHead(number=5, hash=last.hash)


def test_more_events_than_are_read_at_once_are_verified(store: Store) -> None:
    _record(store, *(an_audit_event(details={"n": n}) for n in range(1_203)))

    assert _first_break(store) is None
    assert [event.details["n"] for event in _recorded(store)] == list(range(1_203))


def test_events_are_filtered_and_the_oldest_comes_first(five: Store) -> None:
    def numbers(**wanted: object) -> list[object]:
        return [event.details["n"] for event in _recorded(five, **wanted)]

    assert numbers(plan_id="p0") == [2, 4]
    assert numbers(actor="ada3") == [3]
    assert numbers(since=MONDAY + 4 * HOUR) == [4, 5]
    assert numbers(tenant_id="another") == []
    assert numbers(plan_id="p1", tenant_id=an_audit_event().tenant_id) == [1, 3, 5]


def test_a_limit_keeps_the_newest_of_those_that_fit(five: Store) -> None:
    assert [event.details["n"] for event in _recorded(five, limit=2)] == [4, 5]
    assert [event.details["n"] for event in _recorded(five, plan_id="p0", limit=1)] == [4]
    assert _recorded(five, limit=0) == []


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (float("nan"), "NaN"),
        ([float("inf"), {"x": float("-inf")}], ["Infinity", {"x": "-Infinity"}]),
        ("half \ud83d of a pair", "half \ud83d of a pair"),
        ("\ud83d\ude00", "\U0001f600"),
        ("nothing \x00 there", "nothing \x00 there"),
        ({2: "two", 10: "ten"}, {"2": "two", "10": "ten"}),
        (0.1 + 0.2, 0.1 + 0.2),
        ((1, 2), [1, 2]),
    ],
)
def test_details_that_json_keeps_in_another_way_do_not_break_the_chain(
    store: Store, told: object, kept: object
) -> None:
    _record(store, an_audit_event(details={"told": told}))

    assert _first_break(store) is None
    assert _recorded(store)[0].details == {"told": kept}


def test_names_that_no_database_keeps_do_not_break_the_chain(store: Store) -> None:
    _record(store, an_audit_event(actor="a\x00b\ud800", plan_id="\x00", tenant_id="\udfff"))

    assert _first_break(store) is None
    assert _recorded(store)[0].actor == "a\ufffdb\ufffd"


def test_processes_that_record_together_make_one_chain(url: str) -> None:
    together = Barrier(3)

    def act(name: str) -> None:
        with closing(prepare_store(url)) as mine:
            together.wait()
            for n in range(20):
                _record(mine, an_audit_event(actor=name, details={"n": n}), an_audit_event(actor=name))

    def exempt() -> None:
        with closing(prepare_store(url)) as mine:
            together.wait()
            for _ in range(20):
                mine.add_exemption(an_exemption(), at=MONDAY, by="exempting")

    with ThreadPoolExecutor(3) as pool:
        for ended in [pool.submit(act, "one"), pool.submit(act, "two"), pool.submit(exempt)]:
            ended.result()

    with closing(prepare_store(url)) as store:
        assert _first_break(store) is None
        assert len(_recorded(store)) == 100
        assert [event.details["n"] for event in _recorded(store, actor="one")[::2]] == list(range(20))


def test_an_event_recorded_while_somebody_verifies_is_no_break(five: Store) -> None:
    with five.reading() as reader:
        assert reader.audit.head() is not None
        _record(five, an_audit_event())

        assert reader.audit.first_break() is None

    assert len(_recorded(five)) == 6


def test_adding_and_ending_an_exemption_is_recorded_with_who_did_it(store: Store) -> None:
    number = store.add_exemption(an_exemption(), at=MONDAY, by="ada").number
    store.end_exemption(number, at=MONDAY + HOUR, by="bob")
    store.end_exemption(number, at=MONDAY + 2 * HOUR, by="carol")

    told = _recorded(store)

    assert [(event.kind, event.actor, event.at) for event in told] == [
        (AuditKind.EXEMPTION_ADDED, "ada", MONDAY),
        (AuditKind.EXEMPTION_ENDED, "bob", MONDAY + HOUR),
    ]
    assert told[0].details["resource_id"] == an_exemption().resource_id
    assert {event.details["number"] for event in told} == {number}
