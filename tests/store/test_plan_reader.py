"""What people read about plans: the same as a unit reads, and the plans of a finding."""

from __future__ import annotations

from posture.domain.plan import PlanState
from posture.store.database import Store
from tests.usecases.builders import a_journal_entry, a_plan, a_target, an_operator


def test_the_plans_of_a_finding_are_found_newest_first(store: Store) -> None:
    with store.open_acting_unit() as unit:
        unit.add_plan(a_plan(id="1", targets=(a_target(1), a_target(2))))
        unit.add_plan(a_plan(id="2", targets=(a_target(3),)))
        unit.add_plan(a_plan(id="3", targets=(a_target(1, fingerprint="f2"), a_target(2))))
        unit.add_plan(a_plan(id="4", targets=(a_target(2, fingerprint=None),)))

    with store.reading() as reader:
        assert [plan.id for plan in reader.acting.of_finding("f2")] == ["3", "1"]
        assert list(reader.acting.of_finding("")) == []


def test_what_a_unit_wrote_is_what_people_read(store: Store) -> None:
    with store.open_acting_unit() as unit:
        unit.add_plan(a_plan())
        unit.write_entry(a_journal_entry())
        unit.add_operator(an_operator(), token_hash="0a" * 32)
        written = (unit.plans_with_prefix("a1"), unit.entries("a1b2c3"), unit.operators(), unit.stops())

    with store.reading() as reader:
        acting = reader.acting
        assert (acting.by_prefix("a1"), acting.entries("a1b2c3"), acting.operators(), acting.stops()) == written
        assert list(acting.plans(states=[PlanState.DONE])) == []
