"""Members, owners and groups themselves through Graph's writes, the dangerous ones included."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture.simulator.tenant import Tenant
from tests.simulator.builders import InProcess, guid
from tests.simulator.writes.company import as_remediator, company, found, group, user

NEW = {"displayName": "Exceptions", "mailEnabled": False, "mailNickname": "exceptions", "securityEnabled": True}


def reference(object_id: str, kind: str = "directoryObjects") -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/{kind}/{object_id}"}


def members(graph: InProcess, group_id: str) -> list[str]:
    return graph.get(f"/v1.0/groups/{group_id}/members?$top=999").ids


def test_a_member_is_added_and_removed_and_both_show_on_either_side(graph: InProcess, tenant: Tenant) -> None:
    empty, room = group(tenant, "Without Members"), user(tenant, "room")

    assert graph.post(f"/v1.0/groups/{empty}/members/$ref", reference(room)).status == 204
    assert members(graph, empty) == [room]
    assert empty in graph.get(f"/v1.0/users/{room}/memberOf").ids
    assert graph.delete(f"/v1.0/groups/{empty}/members/{room}/$ref").status == 204
    assert members(graph, empty) == []
    assert empty not in graph.get(f"/v1.0/users/{room}/memberOf").ids
    assert graph.get(f"/v1.0/users/{room}").status == 200


def test_adding_twice_is_a_conflict_and_removing_twice_is_not_found(graph: InProcess, tenant: Tenant) -> None:
    empty, room = group(tenant, "Without Members"), user(tenant, "room")
    graph.post(f"/v1.0/groups/{empty}/members/$ref", reference(room))

    twice = graph.post(f"/v1.0/groups/{empty}/members/$ref", reference(room, "users"))

    assert (twice.status, twice.code) == (400, "Request_BadRequest")
    assert "added object references already exist" in twice.body["error"]["message"]
    graph.delete(f"/v1.0/groups/{empty}/members/{room}/$ref")
    assert graph.delete(f"/v1.0/groups/{empty}/members/{room}/$ref").status == 404


def test_without_ref_the_member_itself_is_deleted(graph: InProcess, tenant: Tenant) -> None:
    loop, member = group(tenant, "Loop A"), user(tenant, "risky.low")

    assert graph.delete(f"/v1.0/groups/{loop}/members/{member}").status == 204

    assert graph.get(f"/v1.0/users/{member}").status == 404
    assert graph.get(f"/v1.0/directory/deletedItems/{member}").status == 200


def test_a_member_group_deleted_without_ref_is_gone_for_good(graph: InProcess, tenant: Tenant) -> None:
    loop, inner = group(tenant, "Loop A"), group(tenant, "Loop B")

    assert graph.delete(f"/v1.0/groups/{loop}/members/{inner}").status == 204

    assert graph.get(f"/v1.0/groups/{inner}").status == 404
    assert graph.get(f"/v1.0/directory/deletedItems/{inner}").status == 404


def test_without_ref_the_permission_to_delete_that_kind_is_needed(tmp_path: Path) -> None:
    tenant = company(withhold=frozenset({"User.DeleteRestore.All", "User.ReadWrite.All"}))
    graph = as_remediator(tmp_path, tenant)
    loop, member = group(tenant, "Loop A"), user(tenant, "risky.low")

    assert graph.delete(f"/v1.0/groups/{loop}/members/{member}").status == 403
    assert graph.delete(f"/v1.0/groups/{loop}/members/{member}/$ref").status == 204
    assert graph.get(f"/v1.0/users/{member}").status == 200


@pytest.mark.parametrize(
    "url", ["nonsense", "https://graph.microsoft.com/v1.0/me", "", "https://x.example/v1.0/users/"]
)
def test_a_reference_that_names_nothing_is_refused(graph: InProcess, tenant: Tenant, url: str) -> None:
    empty = group(tenant, "Without Members")

    assert graph.post(f"/v1.0/groups/{empty}/members/$ref", {"@odata.id": url}).status == 400


def test_an_unknown_member_is_not_found(graph: InProcess, tenant: Tenant) -> None:
    empty = group(tenant, "Without Members")

    assert graph.post(f"/v1.0/groups/{empty}/members/$ref", reference(guid(404))).status == 404


@pytest.mark.parametrize("change", [{"groupTypes": ["DynamicMembership"]}, {"onPremisesSyncEnabled": True}])
def test_members_decided_elsewhere_are_not_changed_here(
    graph: InProcess, tenant: Tenant, change: dict[str, object]
) -> None:
    loop = found(tenant, "groups", displayName="Loop A")
    loop.update(change)
    url = f"/v1.0/groups/{loop['id']}/members"

    assert graph.post(f"{url}/$ref", reference(user(tenant, "room"))).status == 400
    assert graph.delete(f"{url}/{user(tenant, 'risky.low')}/$ref").status == 400


def test_role_assignable_groups_need_the_permission_for_roles_as_well(tmp_path: Path) -> None:
    tenant = company(withhold=frozenset({"RoleManagement.ReadWrite.Directory"}))
    graph = as_remediator(tmp_path, tenant)
    operators, room = group(tenant, "Tier Zero Operators"), user(tenant, "room")

    statuses = [
        graph.post(f"/v1.0/groups/{operators}/members/$ref", reference(room)).status,
        graph.delete(f"/v1.0/groups/{operators}/members/{user(tenant, 'admin.by.group')}/$ref").status,
        graph.delete(f"/v1.0/groups/{operators}").status,
        graph.post("/v1.0/groups", NEW | {"isAssignableToRole": True}).status,
    ]

    assert statuses == [403] * 4


def test_no_group_enters_a_role_assignable_one(graph: InProcess, tenant: Tenant) -> None:
    operators = group(tenant, "Tier Zero Operators")

    reply = graph.post(f"/v1.0/groups/{operators}/members/$ref", reference(group(tenant, "Without Members")))

    assert reply.status == 400


def test_a_created_group_can_be_read_and_filled(graph: InProcess, tenant: Tenant) -> None:
    room = user(tenant, "room")
    bound = {"members@odata.bind": [f"https://graph.microsoft.com/v1.0/users/{room}"]}

    reply = graph.post("/v1.0/groups", NEW | bound | {"isAssignableToRole": True})

    made = reply.body["id"]
    assert (reply.body["isAssignableToRole"], reply.body["displayName"]) == (True, "Exceptions")
    assert graph.get(f"/v1.0/groups/{made}").body["mailNickname"] == "exceptions"
    assert members(graph, made) == [room]
    graph.patch(f"/v1.0/groups/{made}", {"description": "for printers"})
    assert graph.get(f"/v1.0/groups/{made}").body["description"] == "for printers"


@pytest.mark.parametrize(
    "change",
    [
        {"mailNickname": "with blank"},
        {"mailNickname": "x" * 65},
        {"mailEnabled": True},
        {"securityEnabled": False},
        {"groupTypes": ["Unified"]},
        {"groupTypes": ["DynamicMembership"], "isAssignableToRole": True},
        {"id": guid(1)},
        {"members@odata.bind": "x"},
        {"members@odata.bind": [f"https://graph.microsoft.com/v1.0/users/{guid(n)}" for n in range(21)]},
    ],
)
def test_a_group_that_graph_would_not_make_is_refused(
    graph: InProcess, tenant: Tenant, change: dict[str, object]
) -> None:
    before = len(tenant.collections["groups"])

    assert graph.post("/v1.0/groups", NEW | change).status == 400
    assert len(tenant.collections["groups"]) == before


def test_twenty_members_or_none(graph: InProcess, tenant: Tenant) -> None:
    empty, ids = group(tenant, "Without Members"), [one["id"] for one in tenant.collections["users"][:20]]

    def bind(*object_ids: str) -> int:
        urls = [reference(one)["@odata.id"] for one in object_ids]
        return graph.patch(f"/v1.0/groups/{empty}", {"members@odata.bind": urls}).status

    assert (bind(ids[0], guid(404)), members(graph, empty)) == (404, [])
    assert (bind(*ids), len(members(graph, empty))) == (204, 20)
    assert (bind(user(tenant, "guest.idle"), ids[0]), len(members(graph, empty))) == (400, 20)


def test_a_role_assignable_group_stays_one(graph: InProcess, tenant: Tenant) -> None:
    url = f"/v1.0/groups/{group(tenant, 'Tier Zero Operators')}"

    assert graph.patch(url, {"isAssignableToRole": False}).status == 400


def test_a_deleted_microsoft_365_group_comes_back_and_a_security_group_does_not(
    graph: InProcess, tenant: Tenant
) -> None:
    unified, plain = found(tenant, "groups", displayName="Loop A"), group(tenant, "Loop B")
    unified["groupTypes"] = ["Unified"]
    before = members(graph, unified["id"])

    assert [graph.delete(f"/v1.0/groups/{one}").status for one in (unified["id"], plain)] == [204, 204]
    restored = [graph.post(f"/v1.0/directory/deletedItems/{one}/restore").status for one in (unified["id"], plain)]

    assert restored == [200, 404]
    assert members(graph, unified["id"]) == [one for one in before if one != plain]


def test_delta_of_groups_tells_members_and_deletions(graph: InProcess, tenant: Tenant) -> None:
    *_, last = graph.pages("/v1.0/groups/delta?$select=id,members")
    empty, room = group(tenant, "Without Members"), user(tenant, "room")
    graph.post(f"/v1.0/groups/{empty}/members/$ref", reference(room))
    graph.delete(f"/v1.0/groups/{group(tenant, 'Legacy Protocol Printers')}")

    *_, changed = graph.pages(last.body["@odata.deltaLink"])

    by_id = {row["id"]: row for row in changed.body["value"]}
    assert by_id[empty]["members@delta"] == [{"@odata.type": "#microsoft.graph.user", "id": room}]
    assert sum(row.get("@removed") == {"reason": "deleted"} for row in by_id.values()) == 1


def test_an_owner_is_added_once(graph: InProcess, tenant: Tenant) -> None:
    empty, room = group(tenant, "Without Members"), user(tenant, "room")
    url = f"/v1.0/groups/{empty}/owners"

    assert [graph.post(f"{url}/$ref", reference(room)).status for _ in range(2)] == [204, 400]
    assert graph.get(url).ids == [room]


def test_a_synchronised_group_is_mastered_elsewhere(graph: InProcess, tenant: Tenant) -> None:
    loop = found(tenant, "groups", displayName="Loop A")
    loop["onPremisesSyncEnabled"] = True

    assert graph.patch(f"/v1.0/groups/{loop['id']}", {"description": "x"}).status == 400
    assert loop["description"] is None
