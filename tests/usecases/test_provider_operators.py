"""Operators who come from an OpenID provider: it says anew each time who they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from posture.domain.audit import AuditKind
from posture.domain.operator import Operator, Role, scopes_of
from posture.errors import NotAllowedToDecide, NotThere, UsageError
from posture.usecases.operators import add_operator, login, revoke_operator
from posture.usecases.provider_operators import Claimed, admit, readmit_operator, record_refused
from tests.domain.plans import MONDAY, an_operator
from tests.ports.memory_acting import MemoryActing

DAY = timedelta(days=1)
ADA = "https://login.example.com|ada"


class Door:
    """A provider that says who somebody is, and a clock."""

    def __init__(self) -> None:
        self.store, self.at = MemoryActing(), MONDAY

    def now(self) -> Any:
        return self.at

    def comes(self, subject: str = ADA, name: str = "Ada", role: Role = Role.HELPDESK, **changes: Any) -> Operator:
        fields: dict[str, Any] = {"account": None, "tenants": None} | changes
        claimed = Claimed(subject=subject, name=name, role=role, **fields)
        return admit(claimed, lasts=30 * DAY, open_unit=self.store.open_unit, clock=self)

    def revoke(self, name: str) -> None:
        boss = an_operator("boss", expires_at=MONDAY + 900 * DAY)
        revoke_operator(name, by=boss, open_unit=self.store.open_unit, clock=self)

    def readmit(self, name: str, **boss: Any) -> Operator:
        by = an_operator("boss", **boss)
        return readmit_operator(name, by=by, open_unit=self.store.open_unit, clock=self)

    def kinds(self) -> list[AuditKind]:
        return [event.kind for event in self.store.events()]


@pytest.fixture
def door() -> Door:
    return Door()


def test_who_comes_for_the_first_time_is_recorded_with_what_the_provider_says(door: Door) -> None:
    ada = door.comes(role=Role.ADMIN, account="ada@example.com", tenants=frozenset({"contoso"}))

    assert (ada.name, ada.role, ada.account, ada.tenants) == (
        "Ada",
        Role.ADMIN,
        "ada@example.com",
        frozenset({"contoso"}),
    )
    assert (ada.subject, ada.scopes, ada.expires_at) == (ADA, scopes_of(Role.ADMIN), MONDAY + 30 * DAY)
    assert list(door.store.operators.values()) == [ada]
    assert door.kinds() == [AuditKind.OPERATOR_ADDED, AuditKind.LOGGED_IN]


def test_who_comes_again_counts_longer_and_is_one_person(door: Door) -> None:
    first = door.comes()
    door.at += 29 * DAY

    again = door.comes()

    assert (again.added_at, again.expires_at) == (first.added_at, door.at + 30 * DAY)
    assert len(door.store.operators) == 1
    assert door.kinds()[2:] == [AuditKind.LOGGED_IN]


def test_another_role_is_in_force_from_then_on_and_on_record(door: Door) -> None:
    door.comes(role=Role.ADMIN)

    now_viewer = door.comes(role=Role.VIEWER, tenants=frozenset({"contoso"}))

    assert (now_viewer.role, now_viewer.scopes) == (Role.VIEWER, scopes_of(Role.VIEWER))
    (changed,) = door.store.events(AuditKind.OPERATOR_CHANGED)
    assert (changed.details["role"], changed.details["tenants"]) == ("viewer", ["contoso"])


def test_who_changes_the_name_at_the_provider_keeps_the_first_one(door: Door) -> None:
    door.comes(name="Ada")

    assert door.comes(name="Somebody Else").name == "Ada"


@pytest.mark.parametrize("name", ["Ada", "ADA", " ada "])
def test_a_name_that_belongs_to_somebody_else_is_refused_and_that_is_on_record(door: Door, name: str) -> None:
    door.comes()

    with pytest.raises(NotAllowedToDecide, match="another operator Ada already"):
        door.comes(subject="https://login.example.com|eve", name=name)

    assert len(door.store.operators) == 1
    assert door.kinds()[-1] is AuditKind.LOGIN_REFUSED


def test_the_name_of_somebody_with_a_token_is_taken_too(door: Door) -> None:
    add_operator("ada", Role.ADMIN, account=None, lasts=DAY, by=None, open_unit=door.store.open_unit, clock=door)

    with pytest.raises(NotAllowedToDecide, match="another operator ada already"):
        door.comes()


def test_who_stayed_away_while_another_took_the_name_is_refused(door: Door) -> None:
    door.comes()
    door.at += 31 * DAY
    door.comes(subject="https://login.example.com|other", name="Ada")

    with pytest.raises(NotAllowedToDecide, match="another operator Ada already"):
        door.comes()


def test_who_was_revoked_does_not_come_back_by_signing_in(door: Door) -> None:
    door.comes()
    door.revoke("ada")

    with pytest.raises(NotAllowedToDecide, match="was revoked; an administrator can readmit"):
        door.comes()


def test_who_was_readmitted_counts_from_the_next_sign_in_on(door: Door) -> None:
    first = door.comes()
    door.revoke("ada")
    door.at += DAY

    again = door.readmit("ADA")
    assert not again.is_active(door.at)
    door.at += DAY
    back = door.comes()

    assert back.is_active(door.at)
    assert (back.added_at, back.revoked_at) == (MONDAY + DAY, None)
    revoked = [one for one in door.store.operators.values() if one.revoked_at is not None]
    assert [one.added_at for one in revoked] == [first.added_at]  # what was approved then stays revoked


@pytest.mark.parametrize("boss", [{"tenants": frozenset({"contoso"})}, {"tenants": frozenset()}])
def test_a_limited_administrator_readmits_nobody_with_more(door: Door, boss: dict[str, Any]) -> None:
    door.comes()
    door.revoke("ada")

    with pytest.raises(NotThere, match="was revoked"):
        door.readmit("ada", **boss)


def test_only_an_administrator_readmits_and_only_who_was_revoked(door: Door) -> None:
    door.comes()

    with pytest.raises(NotAllowedToDecide, match="needs the role admin"):
        door.readmit("ada", role=Role.HELPDESK)
    with pytest.raises(NotThere, match="was revoked"):
        door.readmit("ada")


@pytest.mark.parametrize("name", ["", " \t", "a\x1bb", "x" * 201])
def test_a_name_that_cannot_be_shown_is_refused(door: Door, name: str) -> None:
    with pytest.raises(UsageError, match="printable characters"):
        door.comes(name=name)


def test_nobody_can_use_a_token_of_who_comes_from_a_provider(door: Door) -> None:
    door.comes()
    (kept,) = door.store.operators

    for token in (kept, "", ADA):
        with pytest.raises(NotAllowedToDecide):
            login(token, open_unit=door.store.open_unit, clock=door)


def test_that_somebody_without_a_role_came_is_on_record(door: Door) -> None:
    record_refused(ADA, "no role", open_unit=door.store.open_unit, clock=door)

    (event,) = door.store.events(AuditKind.LOGIN_REFUSED)
    assert event.details == {"subject": ADA, "because": "no role"}
