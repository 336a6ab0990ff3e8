"""Operators, their tokens, and the stop switch."""

from __future__ import annotations

from datetime import timedelta

import pytest

from posture.domain.audit import AuditKind
from posture.domain.operator import Operator, Role
from posture.errors import NotAllowedToDecide, UsageError
from posture.usecases.operators import add_operator, login, revoke_operator
from posture.usecases.switches import allow_actions, stop_actions
from tests.domain.plans import an_operator
from tests.ports.made_up_tenant import NOW, MadeUpClock
from tests.ports.memory_acting import MemoryActing

DAY = timedelta(days=1)


class Desk:
    """A store with a clock, and the use cases bound to them."""

    def __init__(self) -> None:
        self.store, self.clock = MemoryActing(), MadeUpClock()

    def add(
        self, name: str, role: Role = Role.ADMIN, *, by: Operator | None = None, lasts: timedelta = 90 * DAY
    ) -> tuple[Operator, str]:
        return add_operator(
            name, role, account=None, lasts=lasts, by=by, open_unit=self.store.open_unit, clock=self.clock
        )

    def login(self, token: str) -> Operator:
        return login(token, open_unit=self.store.open_unit, clock=self.clock)


def test_the_token_opens_and_is_kept_nowhere() -> None:
    desk = Desk()

    operator, token = desk.add("grace")

    assert desk.login(token) == operator
    assert desk.login(f" {token}\n") == operator
    assert token not in repr(desk.store)
    assert len(token) > 40


@pytest.mark.parametrize("spelling", ["Jose\u0301", "\uff2aos\u00e9", "JOS\u00c9"])
def test_a_name_in_another_spelling_is_no_second_person(spelling: str) -> None:
    desk = Desk()
    admin, _ = desk.add("Jos\u00e9")

    with pytest.raises(UsageError, match="already"):
        desk.add(spelling, by=admin)


def test_two_tokens_are_never_the_same() -> None:
    desk = Desk()
    admin, first = desk.add("grace")

    _, second = desk.add("alan", Role.HELPDESK, by=admin)

    assert first != second


@pytest.mark.parametrize("token", ["", " ", "posture_guess", "grace"])
def test_a_wrong_token_opens_nothing_and_is_on_record(token: str) -> None:
    desk = Desk()
    desk.add("grace")

    with pytest.raises(NotAllowedToDecide, match="no operator has this token"):
        desk.login(token)

    (event,) = desk.store.events(AuditKind.LOGIN_REFUSED)
    assert token.strip() == "" or token not in repr(event.details)


def test_a_token_ends_by_itself() -> None:
    desk = Desk()
    _, token = desk.add("grace", lasts=DAY)
    desk.clock.at = NOW + DAY

    with pytest.raises(NotAllowedToDecide, match="has ended"):
        desk.login(token)


def test_a_revoked_token_ends_at_once() -> None:
    desk = Desk()
    admin, _ = desk.add("grace")
    _, token = desk.add("alan", Role.HELPDESK, by=admin)

    revoke_operator("Alan", by=admin, open_unit=desk.store.open_unit, clock=desk.clock)

    with pytest.raises(NotAllowedToDecide, match="has ended"):
        desk.login(token)
    with pytest.raises(UsageError, match="no active operator"):
        revoke_operator("alan", by=admin, open_unit=desk.store.open_unit, clock=desk.clock)


def test_only_the_first_operator_comes_without_an_administrator() -> None:
    desk = Desk()
    desk.add("grace")

    with pytest.raises(NotAllowedToDecide, match="set POSTURE_TOKEN to an admin's token"):
        desk.add("mallory")


def test_the_first_operator_is_an_administrator() -> None:
    with pytest.raises(NotAllowedToDecide, match="add one first"):
        Desk().add("grace", Role.HELPDESK)


def test_when_the_tokens_of_all_administrators_have_ended_a_new_one_can_be_added() -> None:
    desk = Desk()
    admin, _ = desk.add("grace", lasts=DAY)
    desk.add("alan", Role.HELPDESK, by=admin, lasts=9 * DAY)
    desk.clock.at = NOW + DAY

    operator, token = desk.add("grace")

    assert desk.login(token) == operator
    assert [event.actor for event in desk.store.events(AuditKind.OPERATOR_ADDED)] == ["posture", "grace", "posture"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.HELPDESK])
def test_only_administrators_add_and_revoke(role: Role) -> None:
    desk = Desk()
    admin, _ = desk.add("grace")
    other, _ = desk.add("alan", role, by=admin)

    with pytest.raises(NotAllowedToDecide, match="adding operators needs the role admin"):
        desk.add("mallory", by=other)
    with pytest.raises(NotAllowedToDecide, match="revoking operators needs the role admin"):
        revoke_operator("grace", by=other, open_unit=desk.store.open_unit, clock=desk.clock)


@pytest.mark.parametrize("name", ["", "  ", "gra\x1bce", "grace\n"])
def test_a_name_can_be_printed(name: str) -> None:
    with pytest.raises(UsageError, match="printable"):
        Desk().add(name)


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_token_lasts_a_year_at_most(days: int) -> None:
    with pytest.raises(UsageError, match="lasts between"):
        Desk().add("grace", lasts=days * DAY)


def test_helpdesk_may_stop_and_only_admins_may_go_on() -> None:
    desk = Desk()
    helpdesk = an_operator("alan", role=Role.HELPDESK)

    stop = stop_actions(helpdesk, tenant_id="t1", reason="incident", open_unit=desk.store.open_unit, clock=desk.clock)

    assert list(desk.store.stops.values()) == [stop]
    with pytest.raises(NotAllowedToDecide, match="needs the role admin"):
        allow_actions(helpdesk, tenant_id="t1", open_unit=desk.store.open_unit, clock=desk.clock)
    allow_actions(an_operator(), tenant_id="t1", open_unit=desk.store.open_unit, clock=desk.clock)
    assert not desk.store.stops
    assert [event.kind for event in desk.store.events()] == [AuditKind.ACTIONS_STOPPED, AuditKind.ACTIONS_ALLOWED]


def test_a_viewer_stops_nothing_and_a_stop_has_a_reason() -> None:
    desk = Desk()

    with pytest.raises(NotAllowedToDecide, match="needs the role helpdesk"):
        stop_actions(
            an_operator(role=Role.VIEWER),
            tenant_id=None,
            reason="x",
            open_unit=desk.store.open_unit,
            clock=desk.clock,
        )
    with pytest.raises(UsageError, match="needs a reason"):
        stop_actions(an_operator(), tenant_id=None, reason=" ", open_unit=desk.store.open_unit, clock=desk.clock)


def test_the_last_administrator_is_not_revoked() -> None:
    desk = Desk()
    admin, _ = desk.add("grace")
    desk.add("alan", Role.HELPDESK, by=admin)

    with pytest.raises(NotAllowedToDecide, match="grace is the last active admin"):
        revoke_operator("Grace", by=admin, open_unit=desk.store.open_unit, clock=desk.clock)

    desk.add("ada", by=admin)
    revoke_operator("grace", by=admin, open_unit=desk.store.open_unit, clock=desk.clock)
