"""A dry run shows what executing would do, and does nothing."""

from __future__ import annotations

from typing import Any

import pytest

from posture.domain.outcome import Outcome
from posture.domain.plan import PlanState
from posture.usecases.acting_events import RequestEnded
from posture.usecases.execute import rehearse_plan
from posture.usecases.rehearse import Rehearsed
from tests.ports.made_up_tenant import MadeUpTenant, answered
from tests.usecases.acting_desk import Office, a_user, action, an_assignment

GRANTED = frozenset({"User.EnableDisableAccount.All", "User.Read.All", "User.ReadWrite.All", "GroupMember.Read.All"})


def an_office(*users: dict[str, Any]) -> Office:
    items = {
        "users": list(users),
        "tenants": [{"id": "t1"}],
        "domains": [{"id": "example.com", "isVerified": True, "authenticationType": "Managed"}],
    }
    return Office(tenant=MadeUpTenant(change=lambda *_: answered(204), items=items, granted=GRANTED))


def rehearsed(office: Office, name: str, *targets: str, **changes: Any) -> list[Rehearsed]:
    plan = office.approved(name, *targets, **changes)
    before = repr(office.store)
    found = list(rehearse_plan(plan, action(name), tools=office.tools()))
    assert office.tenant.sent == []
    assert repr(office.store) == before
    return found


def test_it_shows_the_very_requests_that_executing_sends() -> None:
    office = an_office(a_user("u1", accountEnabled=False))

    (shown,) = rehearsed(office, "enable-user", "u1")
    sent = [event for event in office.execute(office.store.plans["p1"]) if isinstance(event, RequestEnded)]

    assert [(one.method, one.path, one.body) for one in shown.requests] == [
        (event.entry.method, event.entry.path, event.entry.body) for event in sent
    ]
    assert (shown.refused, shown.is_done_already) == (None, False)


def test_a_plan_that_nobody_approved_yet_can_be_tried() -> None:
    office = an_office(a_user("u1", accountEnabled=False))

    (shown,) = rehearsed(office, "enable-user", "u1", state=PlanState.PROPOSED)

    assert len(shown.requests) == 1


def test_it_says_what_is_as_wished_already() -> None:
    (shown,) = rehearsed(an_office(a_user("u1")), "enable-user", "u1")

    assert (shown.is_done_already, shown.requests) == (True, ())


def test_it_says_which_guard_would_refuse() -> None:
    (shown,) = rehearsed(an_office(a_user("u1", accountEnabled=None)), "enable-user", "u1")

    assert str(shown.refused).startswith("state-known: ")


def test_it_asks_the_guards_of_the_engine() -> None:
    office = an_office(a_user("u1", accountEnabled=False))
    office.tenant.items["active_role_assignments"] = [an_assignment("u1")]

    (shown,) = rehearsed(office, "enable-user", "u1")

    assert shown.refused == "it is the last Global Administrator"


def test_it_says_what_could_not_be_read() -> None:
    office = an_office(a_user("u1", accountEnabled=False))
    office.tenant.unreadable["users"] = Outcome.FORBIDDEN

    (shown,) = rehearsed(office, "enable-user", "u1")

    assert "users could not be read" in str(shown.refused)


def test_a_value_that_a_request_needs_and_nobody_knows_refuses() -> None:
    office = an_office(a_user("u1", accountEnabled=False))

    (shown,) = rehearsed(office, "enable-user", " ")

    assert shown.refused is not None


def test_passwords_are_not_even_made() -> None:
    wanted = {"user_principal_name": "new@example.com", "display_name": "New", "mail_nickname": "new"}

    (shown,) = rehearsed(an_office(), "create-user", "t1", parameters=wanted)

    (request,) = shown.requests
    assert request.body is not None
    assert request.body["passwordProfile"] == {"password": "•••", "forceChangePasswordNextSignIn": True}


@pytest.mark.parametrize("name", ["disable-user", "enable-user"])
def test_targets_that_have_ended_are_not_tried_again(name: str) -> None:
    office = an_office(a_user("u1"))
    plan = office.approved(name, "u1")
    office.execute(plan)

    assert list(rehearse_plan(office.store.plans[plan.id], action(name), tools=office.tools())) == []
