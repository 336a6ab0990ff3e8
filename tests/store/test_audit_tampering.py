"""The audit is only ever added to, and whoever rewrites it behind the triggers is found out."""

# The statements are made of this file's own texts.
# ruff: noqa: S608

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from posture.domain.audit import AuditEvent
from posture.errors import StoreError
from posture.store.audit_reader import AuditFilter, AuditReader
from posture.store.database import Store
from tests.domain.builders import an_exemption
from tests.usecases.builders import MONDAY, a_plan, an_audit_event

HOUR = timedelta(hours=1)
EVENTS = range(1, 6)
CHANGES = (
    "at = '2026-03-02 00:00:00.000001'",
    "actor = 'mallory'",
    "actor = ''",
    "kind = 'logged_in'",
    "kind = 'unheard_of'",
    "tenant_id = null",
    "tenant_id = 'another'",
    "plan_id = null",
    "plan_id = 'p9'",
    "details = '{}'",
    "details = '{\"n\": 1.0}'",
    "details = '[]'",
    "details = 'null'",
    "details = '{\"n\": 1e999}'",
    "previous_hash = hash",
    "previous_hash = ''",
    "hash = previous_hash",
    "hash = ''",
    "number = 99",
    "number = 0",
    "number = -number",
)
ONLY_ADDED = "only ever added"


def _record(store: Store, *events: AuditEvent) -> None:
    with store.open_acting_unit() as unit:
        for event in events:
            unit.record(event)


def _recorded(store: Store, **wanted: object) -> Sequence[AuditEvent]:
    with store.reading() as reader:
        return [link.event for link in reader.audit.events(AuditFilter(**wanted))]  # type: ignore[arg-type]


def _add_plan_and_record(store: Store) -> None:
    with store.open_acting_unit() as unit:
        unit.add_plan(a_plan())
        unit.record(an_audit_event())


def _first_break(store: Store) -> str | None:
    with store.reading() as reader:
        return reader.audit.first_break()


def _run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _set(change: str, number: int) -> str:
    """Return the statement that changes an event."""
    return f"update audit_events set {change} where number = {number}"


def _break_after(engine: Engine, *statements: str) -> str | None:
    """Say what is found out about statements, which are taken back again."""
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
        return AuditReader(connection).first_break()


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


@pytest.fixture
def rewritable(five: Store, engine: Engine) -> Engine:
    """The five events without the triggers, as somebody who owns the database can have them."""
    if engine.dialect.name == "postgresql":
        _run(engine, "drop trigger audit_events_only_added on audit_events")
    else:
        _run(engine, *(f"drop trigger audit_events_{kind}" for kind in ("insert", "update", "delete")))
    return engine


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_events set actor = 'mallory' where number = 2",
        "delete from audit_events where number = 5",
        "delete from audit_events",
    ],
)
def test_the_database_refuses_to_change_and_to_delete_events(five: Store, engine: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError, match=ONLY_ADDED):
        _run(engine, statement)

    assert _first_break(five) is None


def test_the_database_refuses_to_replace_or_truncate_events(five: Store, engine: Engine) -> None:
    statement = (
        "truncate audit_events"
        if engine.dialect.name == "postgresql"
        else "insert or replace into audit_events select number, at, 'mallory', kind, tenant_id, plan_id, details, "
        "previous_hash, hash from audit_events where number = 2"
    )

    with pytest.raises(DBAPIError, match=ONLY_ADDED):
        _run(engine, statement)

    assert _first_break(five) is None


def test_a_change_of_any_column_of_any_event_is_found_out(rewritable: Engine) -> None:
    for change, number in product(CHANGES, EVENTS):
        found = _break_after(rewritable, _set(change, number))

        assert found is not None, (change, number)
        assert "event" in found


# PostgreSQL keeps no value of another type than its column's.
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        "at = 'yesterday'",
        "at = 7",
        "details = '{'",
        "details = x'ff'",
        "details = '" + "[" * 100_000 + "'",
        "actor = x'ff'",
        "actor = cast(x'ff' as text)",
        "kind = x'ff'",
        "tenant_id = x'ff'",
        "previous_hash = x'00'",
        "hash = x'00'",
    ],
)
def test_what_is_no_event_any_more_is_told_with_its_place(rewritable: Engine, five: Store, change: str) -> None:
    _run(rewritable, _set(change, 3))

    assert re.fullmatch("an event after event [012] was changed and cannot be read", _first_break(five) or "")
    with pytest.raises(StoreError, match=r"cannot be read: .* posture audit verify says where"):
        _recorded(five)


# SQLite knows no infinite times.
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_time_that_no_clock_shows_is_found_out(rewritable: Engine, five: Store) -> None:
    _run(rewritable, _set("at = 'infinity'", 3))

    assert "cannot be read" in (_first_break(five) or "")


@pytest.mark.parametrize("number", EVENTS)
def test_a_deleted_event_is_found_out(rewritable: Engine, number: int) -> None:
    found = _break_after(rewritable, f"delete from audit_events where number = {number}")

    assert found is not None
    assert str(number if number < 5 else "the chain ends at event 4") in found


@pytest.mark.parametrize("kept", range(5))
def test_deleting_the_last_events_is_found_out(rewritable: Engine, kept: int) -> None:
    found = _break_after(rewritable, f"delete from audit_events where number > {kept}")

    assert found == f"the chain ends at event {kept}, but 5 events were written, or its end was changed"


def test_deleting_an_event_and_closing_the_gap_is_found_out(rewritable: Engine) -> None:
    found = _break_after(
        rewritable,
        "delete from audit_events where number = 2",
        *(_set("number = number - 1", number) for number in (3, 4, 5)),
        "update audit_head set number = 4",
    )

    assert found == "event 2 does not follow event 1: one of the two was changed"


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 4), (4, 5)])
def test_two_events_that_changed_places_are_found_out(rewritable: Engine, one: int, other: int) -> None:
    found = _break_after(
        rewritable,
        _set("number = 99", one),
        _set(f"number = {one}", other),
        _set(f"number = {other}", 99),
    )

    assert found is not None
    assert f"event {one}" in found


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 4), (4, 5)])
def test_two_events_that_changed_what_they_tell_are_found_out(rewritable: Engine, one: int, other: int) -> None:
    def told_by(number: int) -> str:
        columns = ("at", "actor", "kind", "tenant_id", "plan_id", "details")
        return ", ".join(f"{name} = (select kept.{name} from kept where kept.number = {number})" for name in columns)

    found = _break_after(
        rewritable,
        "create temporary table kept as select * from audit_events",
        _set(told_by(other), one),
        _set(told_by(one), other),
    )

    assert found == f"event {one} was changed after it was written"


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_head set number = 4",
        "update audit_head set number = 6",
        "update audit_head set hash = ''",
        "update audit_head set number = 0",
        "update audit_head set id = 2",
        "delete from audit_head",
    ],
)
def test_a_change_of_the_head_is_found_out(rewritable: Engine, statement: str) -> None:
    assert _break_after(rewritable, statement) is not None


def test_nothing_can_be_recorded_without_a_head(five: Store, engine: Engine) -> None:
    _run(engine, "delete from audit_head")

    with pytest.raises(StoreError, match=r"the audit has lost its head: .* posture audit verify says where"):
        _record(five, an_audit_event())


def test_nothing_can_be_recorded_over_an_event(five: Store, engine: Engine) -> None:
    _run(engine, "update audit_head set number = 3")

    with pytest.raises(StoreError, match="the audit goes on behind its head, event 3"):
        _add_plan_and_record(five)

    with five.reading() as reader:
        assert list(reader.acting.plans()) == []
        assert len(list(reader.audit.events(AuditFilter()))) == 5


def test_an_exemption_that_cannot_be_audited_is_not_added(store: Store, engine: Engine) -> None:
    _run(engine, "delete from audit_head")

    with pytest.raises(StoreError, match="lost its head"):
        store.add_exemption(an_exemption(), at=MONDAY, by="ada")

    with store.reading() as reader:
        assert list(reader.exemptions()) == []
