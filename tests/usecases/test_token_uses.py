"""Tokens that come with every request: decided on each time, told to the audit once in a while."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from posture.domain.audit import AuditKind
from posture.domain.operator import Role
from posture.errors import NotAllowedToDecide
from posture.usecases.operators import add_operator
from posture.usecases.token_uses import TOLD_EVERY, TokenUses
from tests.domain.plans import MONDAY
from tests.ports.memory_acting import MemoryActing

HERE, THERE = "192.0.2.1", "192.0.2.2"


class Gate:
    """One process of the API, and one operator with a token."""

    def __init__(self) -> None:
        self.store, self.at = MemoryActing(), MONDAY
        self.uses = TokenUses(lambda hash: self.store.operators.get(hash), open_unit=self.store.open_unit, clock=self)
        lasts = timedelta(days=1)
        self.operator, self.token = add_operator(
            "ada", Role.ADMIN, account=None, lasts=lasts, by=None, open_unit=self.store.open_unit, clock=self
        )

    def now(self) -> datetime:
        return self.at

    def told(self, kind: AuditKind) -> list[object]:
        return [event.details.get("address") for event in self.store.events(kind)]


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_a_thousand_uses_in_an_hour_are_told_once(gate: Gate) -> None:
    for _ in range(1_000):
        assert gate.uses.operator(gate.token, address=HERE) == gate.operator
        gate.at += TOLD_EVERY / 1_001

    assert gate.told(AuditKind.LOGGED_IN) == [HERE]


def test_the_next_hour_and_another_address_are_told(gate: Gate) -> None:
    gate.uses.operator(gate.token, address=HERE)
    gate.uses.operator(gate.token, address=THERE)
    gate.at += TOLD_EVERY
    gate.uses.operator(gate.token, address=HERE)

    assert gate.told(AuditKind.LOGGED_IN) == [HERE, THERE, HERE]


def test_a_revoked_token_counts_for_nothing_from_the_next_request_on(gate: Gate) -> None:
    gate.uses.operator(gate.token, address=HERE)
    with gate.store.open_unit() as unit:
        unit.revoke_operator("ada", at=gate.at)

    for _ in range(3):
        with pytest.raises(NotAllowedToDecide):
            gate.uses.operator(gate.token, address=HERE)

    assert gate.told(AuditKind.LOGIN_REFUSED) == [HERE]


def test_a_token_that_ended_counts_for_nothing(gate: Gate) -> None:
    gate.uses.operator(gate.token, address=HERE)
    gate.at = gate.operator.expires_at

    with pytest.raises(NotAllowedToDecide):
        gate.uses.operator(gate.token, address=HERE)


def test_who_guesses_tokens_is_told_once_for_each_address_and_never_let_in(gate: Gate) -> None:
    for guess in range(100):
        for address in (HERE, THERE):
            with pytest.raises(NotAllowedToDecide):
                gate.uses.operator(f"posture_{guess}", address=address)
    with pytest.raises(NotAllowedToDecide):
        gate.uses.operator(" ", address=HERE)

    assert gate.told(AuditKind.LOGIN_REFUSED) == [HERE, THERE]
    assert gate.uses.operator(gate.token, address=HERE) == gate.operator


def test_no_token_reaches_the_audit(gate: Gate) -> None:
    gate.uses.operator(gate.token, address=HERE)
    with pytest.raises(NotAllowedToDecide) as refused:
        gate.uses.operator("posture_guess", address=HERE)

    written = repr(gate.store.events()) + str(refused.value)
    assert gate.token not in written
    assert "posture_guess" not in written
