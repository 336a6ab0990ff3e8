"""Exemptions that people record: counted from now on, ended with a trace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import StatementError

from posture.domain.exemption import in_force
from posture.errors import UsageError
from posture.store.database import Store
from tests.domain.builders import MONDAY, TENANT, an_exemption

DAY = timedelta(days=1)
FRIDAY = MONDAY + 4 * DAY


def test_a_recorded_exemption_tells_its_number_and_keeps_what_was_said(store: Store) -> None:
    said = an_exemption(ends_at=FRIDAY)

    recorded = store.add_exemption(said, at=MONDAY, by="ada")

    kept = recorded.exemption
    assert (kept.tenant, kept.check, kept.resource_id) == (said.tenant, said.check, said.resource_id)
    assert (kept.owner, kept.reason, kept.ends_at) == (said.owner, said.reason, FRIDAY)
    assert str(recorded.number) in kept.origin
    assert (recorded.added_at, recorded.ended_at) == (MONDAY, None)


def test_a_unit_of_work_and_the_list_show_the_same_in_the_order_they_were_added(store: Store) -> None:
    first = store.add_exemption(an_exemption(ends_at=FRIDAY), at=MONDAY, by="ada")
    second = store.add_exemption(an_exemption(ends_at=FRIDAY, check=None, tenant="*"), at=MONDAY, by="ada")

    with store.reading() as reader:
        assert reader.exemptions() == [first, second]
    with store.open_unit(TENANT) as unit:
        assert unit.exemptions() == [first.exemption, second.exemption]


def test_an_ended_exemption_stops_counting_at_that_moment_and_stays_in_the_list(store: Store) -> None:
    number = store.add_exemption(an_exemption(ends_at=FRIDAY), at=MONDAY, by="ada").number

    ended = store.end_exemption(number, at=MONDAY + DAY, by="ada")

    assert ended.ended_at == MONDAY + DAY
    with store.open_unit(TENANT) as unit:
        assert in_force(unit.exemptions(), tenant="contoso", now=MONDAY + DAY) == ()
    with store.reading() as reader:
        assert reader.exemptions() == [ended]


def test_ending_again_keeps_the_first_time(store: Store) -> None:
    number = store.add_exemption(an_exemption(ends_at=FRIDAY), at=MONDAY, by="ada").number
    ended = store.end_exemption(number, at=MONDAY + DAY, by="ada")

    assert store.end_exemption(number, at=MONDAY + 2 * DAY, by="ada") == ended


def test_ending_an_expired_exemption_does_not_prolong_it(store: Store) -> None:
    number = store.add_exemption(an_exemption(ends_at=MONDAY + DAY), at=MONDAY, by="ada").number

    assert store.end_exemption(number, at=FRIDAY, by="ada").exemption.ends_at == MONDAY + DAY


def test_ending_what_is_not_there_says_where_to_look(store: Store) -> None:
    with pytest.raises(UsageError, match="no exemption number 7: posture exempt list"):
        store.end_exemption(7, at=MONDAY, by="ada")


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        store.add_exemption(an_exemption(ends_at=FRIDAY.replace(tzinfo=None)), at=MONDAY, by="ada")
