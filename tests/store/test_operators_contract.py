"""What every acting unit keeps to: operators, stops, and the audit of who did what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.operator import Role
from posture.domain.switch import Stop
from posture.errors import UsageError
from tests.store.acting_store import ActingStore
from tests.usecases.builders import (
    MONDAY,
    TENANT_ID,
    an_audit_event,
    an_operator,
)

HOUR = timedelta(hours=1)
OTHER_TENANT = "22222222-2222-2222-2222-222222222222"
HASH = "0a" * 32
HOSTILE = "Zoë \u202e<b>名前</b>\x1b[31m '; drop table plans; --"


def _events(acting: ActingStore) -> Sequence[AuditEvent]:
    return [link.event for link in acting.links()]


def test_stops_are_shown_the_global_one_first(acting: ActingStore) -> None:
    of_tenant = Stop(tenant_id=TENANT_ID, by="ada", reason=HOSTILE, at=MONDAY)
    of_all = Stop(tenant_id=None, by="bob", reason="An incident.", at=MONDAY + HOUR)

    with acting.open_unit() as unit:
        unit.set_stop(of_tenant)
        unit.set_stop(of_all)

    with acting.open_unit() as unit:
        assert list(unit.stops()) == [of_all, of_tenant]


def test_stopping_again_keeps_who_stopped_first(acting: ActingStore) -> None:
    for tenant_id in (TENANT_ID, None):
        first = Stop(tenant_id=tenant_id, by="ada", reason="r", at=MONDAY)
        with acting.open_unit() as unit:
            unit.set_stop(first)
            unit.set_stop(Stop(tenant_id=tenant_id, by="bob", reason="later", at=MONDAY + HOUR))

            assert [stop for stop in unit.stops() if stop.tenant_id == tenant_id] == [first]


def test_a_stop_is_cleared_alone(acting: ActingStore) -> None:
    of_tenant = Stop(tenant_id=TENANT_ID, by="ada", reason="r", at=MONDAY)
    of_all = Stop(tenant_id=None, by="ada", reason="r", at=MONDAY)
    with acting.open_unit() as unit:
        unit.set_stop(of_tenant)
        unit.set_stop(of_all)

        unit.clear_stop(None)
        unit.clear_stop(OTHER_TENANT)
        assert list(unit.stops()) == [of_tenant]

        unit.set_stop(of_all)
        unit.clear_stop(TENANT_ID)
        assert list(unit.stops()) == [of_all]


def test_an_operator_is_found_by_the_hash_of_the_token_only(acting: ActingStore) -> None:
    ada = an_operator(HOSTILE, role=Role.ADMIN, account="ada@contoso.com")

    with acting.open_unit() as unit:
        unit.add_operator(ada, token_hash=HASH)

    with acting.open_unit() as unit:
        assert unit.operator_by_token(HASH) == ada
        assert unit.operator_by_token("0b" * 32) is None
        assert unit.operator_by_token(HASH.upper()) is None
        assert list(unit.operators()) == [ada]


@pytest.mark.parametrize("token", ["", "posture_secret-token", "0A" * 32, "0a" * 31, "0a" * 32 + "\n"])
def test_a_token_in_clear_is_never_taken_for_its_hash_nor_repeated(acting: ActingStore, token: str) -> None:
    with pytest.raises(ValueError, match="as its SHA-256") as refusal, acting.open_unit() as unit:
        unit.add_operator(an_operator(), token_hash=token)

    assert "secret" not in str(refusal.value)
    with acting.open_unit() as unit:
        assert list(unit.operators()) == []


def test_two_active_operators_cannot_have_one_name_in_any_case(acting: ActingStore) -> None:
    with acting.open_unit() as unit:
        unit.add_operator(an_operator("Straße"), token_hash=HASH)

    with pytest.raises(UsageError, match="STRASSE"), acting.open_unit() as unit:
        unit.add_operator(an_operator("STRASSE"), token_hash="0b" * 32)


def test_a_name_is_free_again_once_its_token_has_ended(acting: ActingStore) -> None:
    later = MONDAY + timedelta(days=90)
    with acting.open_unit() as unit:
        unit.add_operator(an_operator("ada"), token_hash=HASH)
        unit.add_operator(an_operator("bob"), token_hash="0b" * 32)
        unit.revoke_operator("bob", at=MONDAY)

        unit.add_operator(an_operator("ADA", added_at=later, expires_at=later + HOUR), token_hash="0c" * 32)
        unit.add_operator(an_operator("bob"), token_hash="0d" * 32)

        assert [operator.name for operator in unit.operators()] == ["ada", "bob", "ADA", "bob"]


def test_a_revoked_operator_stays_on_record_with_the_time(acting: ActingStore) -> None:
    with acting.open_unit() as unit:
        unit.add_operator(an_operator("ada"), token_hash=HASH)
        unit.add_operator(an_operator("bob"), token_hash="0b" * 32)

        assert unit.revoke_operator("ADA", at=MONDAY + HOUR)

        assert unit.operator_by_token(HASH) == an_operator("ada", revoked_at=MONDAY + HOUR)
        assert unit.operator_by_token("0b" * 32) == an_operator("bob")


def test_only_an_active_operator_can_be_revoked(acting: ActingStore) -> None:
    with acting.open_unit() as unit:
        unit.add_operator(an_operator("ada"), token_hash=HASH)
        unit.add_operator(an_operator("bob", expires_at=MONDAY + HOUR), token_hash="0b" * 32)
        unit.revoke_operator("ada", at=MONDAY)

        assert not unit.revoke_operator("ada", at=MONDAY + HOUR)
        assert not unit.revoke_operator("bob", at=MONDAY + HOUR)
        assert not unit.revoke_operator("nobody", at=MONDAY)
        assert unit.operators()[0].revoked_at == MONDAY


def test_events_come_back_chained_in_the_order_they_were_recorded(acting: ActingStore) -> None:
    events = [
        an_audit_event(actor=HOSTILE, details={"who": HOSTILE, "n": [1, 2.5, -0.0, 1e300, 2**70, True, None]}),
        an_audit_event(tenant_id=None, plan_id=None, kind=AuditKind.LOGIN_REFUSED, details={}),
        an_audit_event(at=MONDAY + timedelta(microseconds=1), details={"b": {"2": 1, "10": 2}, "a": []}),
    ]
    with acting.open_unit() as unit:
        unit.record(events[0])
        unit.record(events[1])
    with acting.open_unit() as unit:
        unit.record(events[2])

    assert _events(acting) == events
    assert [link.number for link in acting.links()] == [1, 2, 3]
    assert [link.previous_hash for link in acting.links()][1:] == [link.hash for link in acting.links()][:-1]


def test_the_configuration_is_recorded_the_first_time_and_when_it_changes(acting: ActingStore) -> None:
    for digest, hours in (("d1", 0), ("d1", 1), ("d2", 2), ("d2", 3), ("d1", 4)):
        with acting.open_unit() as unit:
            unit.note_settings(digest, summary={"digest": digest}, at=MONDAY + hours * HOUR)

    told = _events(acting)
    assert {(event.kind, event.actor) for event in told} == {(AuditKind.SETTINGS_CHANGED, "posture")}
    assert [(event.details["digest"], event.at) for event in told] == [
        ("d1", MONDAY),
        ("d2", MONDAY + 2 * HOUR),
        ("d1", MONDAY + 4 * HOUR),
    ]
