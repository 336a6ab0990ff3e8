"""Directory roles through Graph's writes: direct assignments and the requests of PIM."""

from __future__ import annotations

from typing import Any

import pytest

from posture.simulator.tenant import Entity, Tenant
from tests.simulator.builders import InProcess, Reply, guid
from tests.simulator.writes.company import GLOBAL_ADMINISTRATOR, ROLES, SECURITY_READER, found, group, user

BASE = f"/v1.0/{ROLES}"
PLACES = ("roleAssignments", "roleAssignmentSchedules", "roleAssignmentScheduleInstances")
ELIGIBLE = ("roleEligibilitySchedules", "roleEligibilityScheduleInstances")
USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"


def rows(graph: InProcess, name: str, principal: str) -> list[Entity]:
    listed = graph.get(f"{BASE}/{name}?$filter=principalId%20eq%20'{principal}'")
    return list(listed.body["value"])


def request(graph: InProcess, kind: str, principal: str, **changes: Any) -> Reply:
    body = {
        "action": "adminAssign",
        "principalId": principal,
        "roleDefinitionId": SECURITY_READER,
        "directoryScopeId": "/",
        "justification": "moved from a standing assignment",
        "scheduleInfo": {
            "startDateTime": "2026-03-02T12:00:00Z",
            "expiration": {"type": "afterDuration", "duration": "P180D"},
        },
    }
    return graph.post(f"{BASE}/role{kind}ScheduleRequests", body | changes)


def remove(graph: InProcess, kind: str, principal: str, role: str = SECURITY_READER) -> Reply:
    return request(graph, kind, principal, action="adminRemove", roleDefinitionId=role, scheduleInfo=None)


def directory_role(graph: InProcess, name: str) -> list[str]:
    (role,) = [one for one in graph.get("/v1.0/directoryRoles").body["value"] if one["displayName"] == name]
    return graph.get(f"/v1.0/directoryRoles/{role['id']}/members").ids


# Direct assignments


def test_an_assignment_stands_wherever_graph_lists_it_and_leaves_everywhere(graph: InProcess, tenant: Tenant) -> None:
    room = user(tenant, "room")
    body = {"principalId": room, "roleDefinitionId": USER_ADMINISTRATOR, "directoryScopeId": "/"}

    made = graph.post(f"{BASE}/roleAssignments", body)

    assert [len(rows(graph, name, room)) for name in PLACES] == [1, 1, 1]
    assert room in directory_role(graph, "User Administrator")
    assert graph.get(f"{BASE}/roleAssignments/{made.body['id']}").body["principalId"] == room
    twice = graph.post(f"{BASE}/roleAssignments", body)
    assert (twice.status, twice.code) == (400, "RoleAssignmentExists")
    assert graph.delete(f"{BASE}/roleAssignments/{made.body['id']}").status == 204
    assert [len(rows(graph, name, room)) for name in PLACES] == [0, 0, 0]
    assert room not in directory_role(graph, "User Administrator")
    assert graph.delete(f"{BASE}/roleAssignments/{made.body['id']}").status == 404


def test_a_deleted_assignment_of_a_time_leaves_its_schedule_to_pim(graph: InProcess, tenant: Tenant) -> None:
    temporary = user(tenant, "admin.temporary")
    (assignment,) = rows(graph, "roleAssignments", temporary)

    graph.delete(f"{BASE}/roleAssignments/{assignment['id']}")

    assert [len(rows(graph, name, temporary)) for name in PLACES] == [0, 1, 0]


def test_the_last_global_administrator_stays(graph: InProcess, tenant: Tenant) -> None:
    path = f"{ROLES}/roleAssignments"
    listed = [dict(row) for row in tenant.collections[path] if row["roleDefinitionId"] == GLOBAL_ADMINISTRATOR]
    *others, last = listed

    statuses = [graph.delete(f"{BASE}/roleAssignments/{row['id']}").status for row in others]
    refused = graph.delete(f"{BASE}/roleAssignments/{last['id']}")
    by_request = remove(graph, "Assignment", last["principalId"], GLOBAL_ADMINISTRATOR)

    assert set(statuses) == {204}
    assert (refused.status, by_request.status) == (400, 400)
    assert len(rows(graph, "roleAssignments", last["principalId"])) == 1
    assert len(rows(graph, "roleAssignmentScheduleInstances", last["principalId"])) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"principalId": guid(404)}, 404),
        ({"roleDefinitionId": guid(404)}, 404),
        ({"directoryScopeId": f"/administrativeUnits/{guid(404)}"}, 404),
        ({"directoryScopeId": None}, 400),
    ],
)
def test_an_assignment_of_what_does_not_exist_is_refused(
    graph: InProcess, tenant: Tenant, change: dict[str, Any], status: int
) -> None:
    room = user(tenant, "room")
    body = {"principalId": room, "roleDefinitionId": SECURITY_READER, "directoryScopeId": "/"} | change

    assert graph.post(f"{BASE}/roleAssignments", body).status == status
    assert rows(graph, "roleAssignments", room) == []


def test_an_ordinary_group_holds_no_role(graph: InProcess, tenant: Tenant) -> None:
    body = {"roleDefinitionId": SECURITY_READER, "directoryScopeId": "/"}
    ordinary, assignable = group(tenant, "Loop A"), group(tenant, "Emergency Accounts")

    assert graph.post(f"{BASE}/roleAssignments", body | {"principalId": ordinary}).status == 400
    assert graph.post(f"{BASE}/roleAssignments", body | {"principalId": assignable}).status == 201


# Requests of PIM


def test_a_standing_assignment_becomes_an_eligibility(graph: InProcess, tenant: Tenant) -> None:
    admin = user(tenant, "guest.admin")

    made = request(graph, "Eligibility", admin, roleDefinitionId=USER_ADMINISTRATOR)
    gone = remove(graph, "Assignment", admin, USER_ADMINISTRATOR)

    assert (made.body["status"], gone.body["status"]) == ("Provisioned", "Revoked")
    assert [len(rows(graph, name, admin)) for name in (*ELIGIBLE, *PLACES)] == [1, 1, 0, 0, 0]
    (schedule,), (instance,) = (rows(graph, name, admin) for name in ELIGIBLE)
    assert schedule["scheduleInfo"]["expiration"]["endDateTime"] == "2026-08-29T12:00:00Z"
    assert instance["endDateTime"] == "2026-08-29T12:00:00Z"
    assert instance["roleEligibilityScheduleId"] == schedule["id"] == made.body["targetScheduleId"]
    assert admin not in directory_role(graph, "User Administrator")


@pytest.mark.parametrize("kind", ["Eligibility", "Assignment"])
def test_a_request_is_made_and_taken_back_once(graph: InProcess, tenant: Tenant, kind: str) -> None:
    room = user(tenant, "room")
    places = ELIGIBLE if kind == "Eligibility" else PLACES

    early = remove(graph, kind, room)
    first, second = request(graph, kind, room), request(graph, kind, room)
    standing = [len(rows(graph, name, room)) for name in places]
    taken, late = remove(graph, kind, room), remove(graph, kind, room)

    assert (early.status, early.code) == (400, "RoleAssignmentDoesNotExist")
    assert (first.status, second.status, second.code) == (201, 400, "RoleAssignmentExists")
    assert set(standing) == {1}
    assert (taken.status, late.code) == (201, "RoleAssignmentDoesNotExist")
    assert {len(rows(graph, name, room)) for name in places} == {0}


@pytest.mark.parametrize("kind", ["Eligibility", "Assignment"])
def test_asking_for_validation_only_changes_nothing(graph: InProcess, tenant: Tenant, kind: str) -> None:
    room = user(tenant, "room")

    reply = request(graph, kind, room, isValidationOnly=True)

    assert (reply.status, reply.body["isValidationOnly"]) == (201, True)
    assert [rows(graph, name, room) for name in (*ELIGIBLE, *PLACES)] == [[]] * 5


def test_what_starts_later_has_a_schedule_and_no_instance(graph: InProcess, tenant: Tenant) -> None:
    room = user(tenant, "room")
    later = {"startDateTime": "2026-04-01T00:00:00Z", "expiration": {"type": "noExpiration"}}

    eligible = request(graph, "Eligibility", room, scheduleInfo=later)
    active = request(graph, "Assignment", room, scheduleInfo=later)

    assert (eligible.body["status"], active.body["status"]) == ("ScheduleCreated", "ScheduleCreated")
    assert [len(rows(graph, name, room)) for name in (*ELIGIBLE, *PLACES)] == [1, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"action": "selfActivate"}, "BadRequest"),
        ({"scheduleInfo": None}, "BadRequest"),
        ({"scheduleInfo": {"expiration": {"type": "afterDuration"}}}, "RoleAssignmentRequestPolicyValidationFailed"),
        (
            {"scheduleInfo": {"expiration": {"type": "afterDuration", "duration": "Pforever"}}},
            "RoleAssignmentRequestPolicyValidationFailed",
        ),
        (
            {"scheduleInfo": {"expiration": {"type": "afterDateTime", "endDateTime": "2026-01-01T00:00:00Z"}}},
            "RoleAssignmentRequestPolicyValidationFailed",
        ),
        ({"scheduleInfo": {"expiration": {"type": "someday"}}}, "BadRequest"),
        ({"principalId": None}, "Request_ResourceNotFound"),
    ],
)
@pytest.mark.parametrize("kind", ["Eligibility", "Assignment"])
def test_a_request_against_the_rules_is_refused(
    graph: InProcess, tenant: Tenant, kind: str, change: dict[str, Any], code: str
) -> None:
    room = user(tenant, "room")

    reply = request(graph, kind, room, **change)

    assert (reply.status, reply.code) == (404 if code.startswith("Request") else 400, code)
    assert [rows(graph, name, room) for name in (*ELIGIBLE, *PLACES)] == [[]] * 5


def test_requests_are_listed(graph: InProcess, tenant: Tenant) -> None:
    room = user(tenant, "room")
    request(graph, "Eligibility", room)
    remove(graph, "Eligibility", room)

    listed = rows(graph, "roleEligibilityScheduleRequests", room)

    assert [one["action"] for one in listed] == ["adminAssign", "adminRemove"]
    assert len({one["id"] for one in listed}) == 2


def test_the_remediator_can_lose_its_own_role(graph: InProcess, tenant: Tenant) -> None:
    own = found(tenant, "servicePrincipals", displayName="posture remediator")["id"]
    (assignment,) = rows(graph, "roleAssignments", own)
    url = f"/v1.0/users/{user(tenant, 'ga.first')}/revokeSignInSessions"

    before = graph.post(url).status
    graph.delete(f"{BASE}/roleAssignments/{assignment['id']}")

    assert (before, graph.post(url).status) == (200, 403)
