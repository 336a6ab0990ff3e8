"""Processes that act at the same time: one wins, the others are told, nothing is half-written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, event

from posture.domain.plan import PlanState
from posture.errors import ClaimLost, StoreError
from posture.store.audit_reader import AuditFilter
from posture.store.database import Store, prepare_store
from tests.store.conftest import PATIENCE
from tests.usecases.builders import MONDAY, a_plan, an_audit_event, an_operator

ROUNDS = 50


def _claims(url: str, worker: str, was: PlanState, together: Barrier) -> list[bool]:
    """Claim plan after plan, each at the same moment as the other worker."""
    won = []
    with closing(prepare_store(url)) as mine:
        for number in range(ROUNDS):
            executing = a_plan(id=f"{number:04}", state=PlanState.EXECUTING, started_at=MONDAY)
            together.wait()
            with mine.open_acting_unit() as unit:
                won.append(unit.claim(executing, was=was, worker=worker))
    return won


def _race(url: str, was: PlanState) -> list[tuple[bool, bool]]:
    together = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        one, two = (pool.submit(_claims, url, worker, was, together) for worker in ("one", "two"))
        return list(zip(one.result(), two.result(), strict=True))


def _add(store: Store, state: PlanState) -> None:
    with store.open_acting_unit() as unit:
        for number in range(ROUNDS):
            unit.add_plan(a_plan(id=f"{number:04}", state=state))


def _write_much(store: Store) -> None:
    with store.open_acting_unit() as unit:
        unit.record(an_audit_event())
        for number in range(ROUNDS):
            unit.add_plan(a_plan(id=f"{number:04}", reason="r" * 10_000))


def test_of_two_workers_that_claim_a_plan_together_exactly_one_gets_it(store: Store, url: str) -> None:
    _add(store, PlanState.APPROVED)

    rounds = _race(url, PlanState.APPROVED)

    assert [sorted(won) for won in rounds] == [[False, True]] * ROUNDS
    with store.open_acting_unit() as unit:
        for number, (one_won, _) in enumerate(rounds):
            unit.require_claim(f"{number:04}", worker="one" if one_won else "two")


def test_of_two_workers_that_take_a_plan_over_one_can_go_on(store: Store, url: str) -> None:
    _add(store, PlanState.EXECUTING)

    _race(url, PlanState.EXECUTING)

    with store.open_acting_unit() as unit:
        for number in range(ROUNDS):
            lost = 0
            for worker in ("one", "two"):
                try:
                    unit.require_claim(f"{number:04}", worker=worker)
                except ClaimLost:
                    lost += 1
            assert lost == 1


def test_a_second_unit_waits_for_the_first_and_then_says_so(store: Store, url: str) -> None:
    with closing(prepare_store(url, patience=PATIENCE)) as other, store.open_acting_unit() as unit:
        unit.plan("a1b2c3")

        with pytest.raises(StoreError, match="is locked by another process: wait"), other.open_acting_unit():
            pytest.fail("two units overlap")


def test_people_can_read_while_somebody_acts(store: Store) -> None:
    with store.open_acting_unit() as unit:
        unit.add_plan(a_plan())
        unit.record(an_audit_event())

        with store.reading() as reader:
            assert list(reader.acting.plans()) == []
            assert reader.audit.first_break() is None


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_full_disk_is_told_and_nothing_of_the_unit_is_kept(url: str) -> None:
    def restrict(connection: object, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 120")  # type: ignore[attr-defined]

    event.listen(Engine, "connect", restrict)
    try:
        with closing(prepare_store(url, patience=timedelta(milliseconds=200))) as store:
            with pytest.raises(StoreError, match="disk is full: make room"):
                _write_much(store)

            with store.reading() as reader:
                assert list(reader.acting.plans()) == []
                assert list(reader.audit.events(AuditFilter())) == []
                assert reader.audit.first_break() is None
    finally:
        event.remove(Engine, "connect", restrict)


def test_a_token_hash_that_is_taken_is_refused_without_telling_it(store: Store) -> None:
    with store.open_acting_unit() as unit:
        unit.add_operator(an_operator("ada"), token_hash="0a" * 32)

    with pytest.raises(StoreError) as refusal, store.open_acting_unit() as unit:
        unit.add_operator(an_operator("bob"), token_hash="0a" * 32)

    assert "0a0a" not in str(refusal.value)
    with store.reading() as reader:
        assert list(reader.acting.operators()) == [an_operator("ada")]
