"""What the database remembers of a finding: every move, the run that showed it, and nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from posture.domain.finding import (
    Finding,
    FindingChange,
    Resolution,
    after_evidence,
    after_failure,
)
from posture.domain.finding_view import FindingEvent
from posture.store.database import Store
from tests.domain.builders import MONDAY, TENANT, a_finding, a_judgement, a_run

DAY = timedelta(days=1)


def _save(store: Store, *findings: Finding) -> None:
    with store.open_unit(TENANT) as unit:
        unit.findings.save(findings)


def _save_and_fail(store: Store) -> None:
    with store.open_unit(TENANT) as unit:
        unit.findings.save([a_finding()])
        raise ZeroDivisionError


def _history(store: Store) -> list[FindingEvent]:
    with store.reading() as reader:
        return list(reader.history(a_finding()))


def _run(store: Store, run_id: str, *, days: int) -> None:
    with store.open_unit(TENANT) as unit:
        unit.save_run(a_run(id=run_id, taken_at=MONDAY + days * DAY))


def test_the_life_of_a_finding_is_told_move_by_move_with_its_runs(store: Store) -> None:
    for days in range(3):
        _run(store, f"run-{days}", days=days)

    first = a_finding()
    resolved = after_evidence(first, Resolution.PASSED, taken_at=MONDAY + DAY)
    reopened = after_failure(resolved, a_judgement(), taken_at=MONDAY + 2 * DAY)
    for finding in (first, resolved, reopened):
        _save(store, finding)

    assert _history(store) == [
        FindingEvent(change=FindingChange.NEW, run_id="run-0", at=MONDAY),
        FindingEvent(change=FindingChange.RESOLVED, run_id="run-1", at=MONDAY + DAY),
        FindingEvent(change=FindingChange.REOPENED, run_id="run-2", at=MONDAY + 2 * DAY),
    ]


def test_failing_on_adds_nothing_to_the_history(store: Store) -> None:
    _save(store, a_finding())
    _save(store, after_failure(a_finding(), a_judgement(), taken_at=MONDAY + DAY))
    _save(store, a_finding())

    assert [event.change for event in _history(store)] == [FindingChange.NEW]


def test_a_run_that_went_on_where_another_was_killed_gets_the_change(store: Store) -> None:
    _run(store, "killed", days=0)
    _run(store, "went-on", days=0)

    _save(store, a_finding())

    assert _history(store)[0].run_id == "went-on"


def test_a_change_without_a_run_on_record_says_so(store: Store) -> None:
    _save(store, a_finding())

    assert _history(store)[0].run_id is None


def test_an_error_drops_the_history_too(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        _save_and_fail(store)

    assert _history(store) == []


def test_characters_that_no_database_holds_are_replaced(store: Store) -> None:
    hostile = a_finding(
        resource=replace(a_finding().resource, name="a\x00b\ud800c"), message="m\x00", evidence={"x": "\x00\udfff"}
    )

    _save(store, hostile)

    with store.reading() as reader:
        found = reader.by_prefix(hostile.fingerprint, tenant_ids=[hostile.tenant_id])[0]
    assert (found.resource.name, found.message) == ("a\ufffdb\ufffdc", "m\ufffd")
    assert found.evidence == {"x": "\x00\udfff"}
