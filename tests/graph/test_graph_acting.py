"""What the remediator does to a whole company, and what can be seen of it afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from posture.domain.judgement import Value
from posture.domain.request import Answered, GraphRequest, Lost
from posture.graph.actuator import TenantActuator
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.registrations import REMEDIATOR_CLIENT_ID, REMEDIATOR_OBJECT_ID
from posture.simulator.tenant import Entity, Tenant

from .company import PACE, Company, company_in, one
from .conftest import PATIENT


@pytest.fixture(scope="module")
def whole_company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with company_in(tmp_path_factory.mktemp("company")) as company:
        yield company


@pytest.fixture
def company(whole_company: Company) -> Iterator[Company]:
    yield whole_company
    whole_company.server.faults.clear()


@pytest.fixture
def actuator(company: Company) -> Iterator[TenantActuator]:
    with TenantActuator(company.remediator_connection(), pace=PACE, budget=PATIENT) as actuator:
        yield actuator


def enabled_member(tenant: Tenant) -> Entity:
    return next(
        user
        for user in reversed(tenant.collections["users"])
        if user["accountEnabled"] and user["userType"] == "Member" and not user.get("onPremisesSyncEnabled")
    )


def a_request(
    method: str, path: str, body: Mapping[str, Value] | None = None, *, repeat: bool = True
) -> GraphRequest:
    return GraphRequest(method=method, path=path, body=body, may_repeat=repeat)


def test_the_remediator_says_who_it_is_and_what_it_may(actuator: TenantActuator, company: Company) -> None:
    company.server.requests.clear()

    assert actuator.own_ids() == frozenset({REMEDIATOR_CLIENT_ID, REMEDIATOR_OBJECT_ID})
    assert actuator.granted() == company.tenant.registrations[-1].roles
    assert not [record for record in company.server.requests if record.path.startswith("/v1.0")]


def test_what_was_changed_is_seen_by_the_next_reading(actuator: TenantActuator, company: Company) -> None:
    user = str(enabled_member(company.tenant)["id"])
    table = one("users", "user", user)
    (before,) = company.rows(table)

    answer = actuator.send(a_request("PATCH", f"/users/{user}", {"accountEnabled": False}))

    (after,) = company.rows(table)
    assert isinstance(answer, Answered)
    assert (answer.status, answer.body, answer.error) == (204, {}, None)
    assert (before["account_enabled"], after["account_enabled"]) == (True, False)
    assert actuator.send(a_request("PATCH", f"/users/{user}", {"accountEnabled": True}))


def test_a_deleted_user_is_gone_and_can_be_restored(actuator: TenantActuator, company: Company) -> None:
    user = str(enabled_member(company.tenant)["id"])

    deleted = actuator.send(a_request("DELETE", f"/users/{user}"))
    again = actuator.send(a_request("DELETE", f"/users/{user}"))

    assert isinstance(deleted, Answered)
    assert isinstance(again, Answered)
    assert (deleted.status, again.status) == (204, 404)
    assert company.rows(one("users", "user", user)) == []
    (gone,) = company.rows(one("deleted_users", "user", user))
    assert gone["id"] == user
    restored = actuator.send(a_request("POST", f"/directory/deletedItems/{user}/restore", repeat=False))
    assert isinstance(restored, Answered)
    assert restored.body["id"] == user
    assert company.rows(one("deleted_users", "user", user)) == []
    assert len(company.rows(one("users", "user", user))) == 1


NEW_GROUP: Mapping[str, Value] = {
    "displayName": "Made by an action",
    "mailEnabled": False,
    "mailNickname": "made",
    "securityEnabled": True,
}


def groups_made(tenant: Tenant) -> list[str]:
    return [
        str(group["id"]) for group in tenant.collections["groups"] if group["displayName"] == NEW_GROUP["displayName"]
    ]


def test_of_a_creation_whose_answer_is_lost_there_is_one_and_nobody_says_so(
    actuator: TenantActuator, company: Company
) -> None:
    known = len(groups_made(company.tenant))
    company.server.faults.add(Fault(kind=FaultKind.ANSWER_LOST, path="/groups", methods=("POST",)))

    answer = actuator.send(a_request("POST", "/groups", NEW_GROUP, repeat=False))

    assert isinstance(answer, Lost)
    assert len(groups_made(company.tenant)) == known + 1


@pytest.mark.parametrize("kind", [FaultKind.CLAIMS_CHALLENGE, FaultKind.REVOKED_TOKEN, FaultKind.THROTTLED])
def test_a_creation_that_was_refused_first_is_carried_out_once(
    actuator: TenantActuator, company: Company, kind: FaultKind
) -> None:
    known = len(groups_made(company.tenant))
    company.server.faults.add(Fault(kind=kind, path="/groups", methods=("POST",)))

    answer = actuator.send(a_request("POST", "/groups", NEW_GROUP, repeat=False))

    assert isinstance(answer, Answered)
    assert answer.status == 201
    assert answer.body["id"] in groups_made(company.tenant)
    assert len(groups_made(company.tenant)) == known + 1


def test_a_deletion_whose_answer_is_lost_is_sent_again_and_finds_it_done(
    actuator: TenantActuator, company: Company
) -> None:
    made = actuator.send(a_request("POST", "/groups", NEW_GROUP, repeat=False))
    assert isinstance(made, Answered)
    company.server.faults.add(Fault(kind=FaultKind.ANSWER_LOST, path="/groups", methods=("DELETE",)))

    answer = actuator.send(a_request("DELETE", f"/groups/{made.body['id']}"))

    assert isinstance(answer, Answered)
    assert answer.status == 404
    assert made.body["id"] not in groups_made(company.tenant)


def test_what_is_not_permitted_is_an_answer_with_graphs_words(company: Company) -> None:
    user = str(company.tenant.collections["users"][0]["id"])

    with TenantActuator(company.reader_connection(), pace=PACE, budget=PATIENT) as actuator:
        answer = actuator.send(a_request("PATCH", f"/users/{user}", {"accountEnabled": False}))

    assert isinstance(answer, Answered)
    assert answer.status == 403
    assert "Authorization_RequestDenied" in str(answer.error)
    assert answer.request_id is not None
