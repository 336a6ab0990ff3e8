"""Exemptions through ``Access``: helpdesk accepts what cannot be bad, an administrator the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from posture.bootstrap.access import Access
from posture.domain.audit import AuditKind
from posture.domain.check import CheckId
from posture.domain.exemption import Exemption, RecordedExemption
from posture.domain.operator import Role
from posture.errors import NotAllowed, NotThere, UsageError
from posture.store.audit_reader import AuditFilter
from tests.access.desk import DAY, NOON, USER, Desk

MEDIUM, HIGH, MEDIUM_AT_FIRST = "inactive-users", "admin-synced", "admin-guest"


def exempt(access: Access, **changes: Any) -> RecordedExemption:
    fields: dict[str, Any] = {
        "tenant": "contoso",
        "resource": USER,
        "check": MEDIUM,
        "reason": "on leave",
        "ends_at": NOON + DAY,
    }
    return access.exempt(**(fields | changes))


def recorded(desk: Desk, **changes: Any) -> int:
    fields: dict[str, Any] = {
        "tenant": "contoso",
        "check": CheckId(MEDIUM),
        "resource_id": USER,
        "owner": "alan",
        "reason": "agreed",
        "ends_at": NOON + DAY,
        "origin": "",
    }
    added: RecordedExemption = desk.store.add_exemption(Exemption(**(fields | changes)), at=NOON, by="alan")
    return added.number


def test_an_exemption_says_who_answers_for_it_and_the_audit_who_made_it(desk: Desk) -> None:
    made = exempt(desk.access("ada", role=Role.HELPDESK), resource=f" {USER} ", reason=" on leave ", owner="alan")

    exemption = made.exemption
    assert (exemption.tenant, exemption.check, exemption.resource_id) == ("contoso", MEDIUM, USER)
    assert (exemption.owner, exemption.reason, exemption.ends_at) == ("alan", "on leave", NOON + DAY)
    with desk.store.reading() as reader:
        assert reader.exemptions() == [made]
        (event,) = [link.event for link in reader.audit.events(AuditFilter())]
    assert (event.kind, event.actor) == (AuditKind.EXEMPTION_ADDED, "ada")


def test_who_names_no_owner_answers_for_it(desk: Desk) -> None:
    assert exempt(desk.access("ada")).exemption.owner == "ada"


@pytest.mark.parametrize("check", [HIGH, MEDIUM_AT_FIRST, None], ids=["high", "may become critical", "every check"])
def test_what_may_be_high_is_for_an_administrator_to_accept(desk: Desk, check: str | None) -> None:
    helpdesk = desk.access("ada", role=Role.HELPDESK)

    with pytest.raises(NotAllowed, match=r"ada is helpdesk; an exemption .* needs the role admin"):
        exempt(helpdesk, check=check)

    assert exempt(desk.access("bob"), check=check).exemption.check == check


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"resource": "  "}, "one resource"),
        ({"reason": " \n"}, "needs a reason"),
        ({"owner": " "}, "needs an owner"),
        ({"ends_at": NOON}, "is over already"),
        ({"ends_at": NOON - timedelta(days=400)}, "is over already"),
    ],
)
def test_an_exemption_that_says_too_little_is_refused(desk: Desk, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        exempt(desk.access(), **change)

    with desk.store.reading() as reader:
        assert reader.exemptions() == []


@pytest.mark.parametrize("change", [{"tenant": "nowhere"}, {"tenant": "*"}, {"check": "no-such-check"}])
def test_what_is_not_there_is_not_exempted(desk: Desk, change: dict[str, Any]) -> None:
    with pytest.raises(NotThere):
        exempt(desk.access(), **change)


def test_an_exemption_is_ended_once_and_stays_on_record(desk: Desk) -> None:
    number = recorded(desk)
    access = desk.access(role=Role.HELPDESK)

    ended = access.end_exemption(number)
    desk.clock.at += timedelta(hours=1)

    assert ended.ended_at == NOON
    assert access.end_exemption(number) == ended


@pytest.mark.parametrize("check", [HIGH, None, "left-the-catalog"])
def test_ending_asks_for_what_making_asks_for(desk: Desk, check: str | None) -> None:
    number = recorded(desk, check=check and CheckId(check))

    with pytest.raises(NotAllowed, match="needs the role admin"):
        desk.access(role=Role.HELPDESK).end_exemption(number)

    assert desk.access().end_exemption(number).ended_at == NOON


def test_an_exemption_of_all_tenants_is_there_for_who_is_for_all(desk: Desk) -> None:
    number = recorded(desk, tenant="*")

    with pytest.raises(NotThere, match=f"no exemption number {number}"):
        desk.access(tenants=frozenset({"contoso", "fabrikam"})).end_exemption(number)

    assert desk.access().end_exemption(number).ended_at == NOON


@pytest.mark.parametrize("number", [0, -1, 99, 2**40])
def test_a_number_that_was_never_given_is_not_there(desk: Desk, number: int) -> None:
    with pytest.raises(NotThere, match="no exemption number"):
        desk.access().end_exemption(number)
