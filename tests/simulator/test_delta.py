from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from posture.simulator.tenant import Tenant
from tests.simulator.builders import InProcess, Reply, a_group, a_tenant, a_user, guid, in_process

GROUPS = "/v1.0/groups/delta?$select=id,displayName,members"


def whole_round(graph: InProcess, url: str) -> tuple[list[dict[str, object]], str]:
    pages = list(graph.pages(url))
    assert all("@odata.deltaLink" not in page.body for page in pages[:-1])
    return [item for page in pages for item in page.body["value"]], pages[-1].body["@odata.deltaLink"]


def tenant_of(graph: InProcess) -> Tenant:
    return graph.server.tenants[0]


def test_the_first_round_brings_everything_with_its_members(graph: InProcess) -> None:
    items, _ = whole_round(graph, GROUPS)

    assert [(item["id"], len(item["members@delta"])) for item in items] == [  # type: ignore[arg-type]
        (guid(5001), 26),
        (guid(5002), 2),
    ]
    assert items[1]["members@delta"][0] == {"@odata.type": "#microsoft.graph.user", "id": guid(2)}  # type: ignore[index]


def test_members_come_without_select_and_owners_only_when_selected(graph: InProcess) -> None:
    bare, _ = whole_round(graph, "/v1.0/groups/delta")
    owners, _ = whole_round(graph, "/v1.0/groups/delta?$select=id,owners")
    none, _ = whole_round(graph, "/v1.0/groups/delta?$select=id")

    assert ["members@delta" in item for item in bare] == [True, True]
    assert [sorted(item) for item in owners] == [["id", "owners@delta"], ["id"]]
    assert [sorted(item) for item in none] == [["id"], ["id"]]


def test_large_groups_repeat_over_pages_until_all_members_are_told(tmp_path: Path) -> None:
    tenant = a_tenant(users=2_500)
    tenant.relations[f"groups/{guid(5001)}/members"] = [guid(n) for n in range(1, 2_501)]
    graph = in_process(tmp_path, tenant)

    pages = list(graph.pages(GROUPS))

    entries = [item for page in pages for item in page.body["value"] if item["id"] == guid(5001)]
    told = [member["id"] for entry in entries for member in entry["members@delta"]]
    assert len(pages) == 3
    assert sorted(told) == [guid(n) for n in range(1, 2_501)]


def test_a_later_round_tells_what_changed_and_nothing_else(graph: InProcess) -> None:
    _, link = whole_round(graph, GROUPS)
    tenant_of(graph).collections["groups"][1]["displayName"] = "Renamed"
    tenant_of(graph).relations[f"groups/{guid(5002)}/members"] = [guid(2), guid(9)]
    tenant_of(graph).collections["groups"].append(a_group(5003))

    items, _ = whole_round(graph, link)

    assert [item["id"] for item in items] == [guid(5002), guid(5003)]
    assert items[0]["displayName"] == "Renamed"
    assert items[0]["members@delta"] == [
        {"@odata.type": "#microsoft.graph.user", "id": guid(9)},
        {"id": guid(30), "@removed": {"reason": "deleted"}},
    ]


def test_nothing_changed_is_an_empty_round_with_a_new_link(graph: InProcess) -> None:
    _, link = whole_round(graph, "/v1.0/users/delta?$select=id,displayName")

    items, again = whole_round(graph, link)

    assert items == []
    assert whole_round(graph, again)[0] == []


def test_changes_of_properties_that_were_not_selected_are_not_told(graph: InProcess) -> None:
    _, link = whole_round(graph, "/v1.0/users/delta?$select=id,displayName")
    tenant_of(graph).collections["users"][0]["mail"] = "new@contoso.example.com"

    assert whole_round(graph, link)[0] == []


def test_tombstones_tell_restorable_from_gone(graph: InProcess) -> None:
    _, link = whole_round(graph, "/v1.0/users/delta?$select=id")
    users = tenant_of(graph).collections["users"]
    soft, hard = users.pop(0), users.pop(0)
    tenant_of(graph).collections["directory/deletedItems"] = [soft | {"@odata.type": "#microsoft.graph.user"}]

    items, _ = whole_round(graph, link)

    assert items == [
        {"id": soft["id"], "@removed": {"reason": "changed"}},
        {"id": hard["id"], "@removed": {"reason": "deleted"}},
    ]


def test_latest_skips_what_is_there_already(graph: InProcess) -> None:
    items, link = whole_round(graph, "/v1.0/users/delta?$select=id&$deltatoken=latest")
    tenant_of(graph).collections["users"].append(a_user(31))

    assert items == []
    assert [item["id"] for item in whole_round(graph, link)[0]] == [guid(31)]


def gone(reply: Reply) -> tuple[int, bool]:
    return reply.status, "/users/delta?" in reply.headers.get("Location", "")


def test_a_link_older_than_seven_days_asks_for_a_new_start(graph: InProcess) -> None:
    _, link = whole_round(graph, "/v1.0/users/delta?$select=id")
    graph.clock.advance(timedelta(days=7).total_seconds())
    graph.sign_in()

    assert gone(graph.get(link)) == (410, True)
    start = graph.get(link).headers["Location"]
    assert len(whole_round(graph, start)[0]) == 30


def test_only_so_many_states_are_kept(graph: InProcess) -> None:
    _, link = whole_round(graph, "/v1.0/users/delta?$select=id")
    for _ in range(40):
        whole_round(graph, "/v1.0/users/delta?$select=id,mail")

    assert gone(graph.get(link)) == (410, True)


def test_unset_properties_are_left_out_of_a_delta(graph: InProcess) -> None:
    items, _ = whole_round(graph, "/v1.0/users/delta?$select=id,department")

    assert items[2] == {"id": guid(3)}


def test_a_round_can_be_limited_to_ids(graph: InProcess) -> None:
    items, _ = whole_round(graph, f"/v1.0/users/delta?$select=id&$filter=id%20eq%20'{guid(4)}'")

    assert items == [{"id": guid(4)}]


@pytest.mark.parametrize(
    "query",
    ["$top=5", "$expand=manager", "$orderby=displayName", "$search=%22a:b%22", "$filter=displayName%20eq%20'x'"],
)
def test_options_that_delta_does_not_know_are_refused(graph: InProcess, query: str) -> None:
    assert graph.get(f"/v1.0/users/delta?{query}", ConsistencyLevel="eventual").status == 400


def test_made_up_delta_tokens_are_refused(graph: InProcess) -> None:
    assert graph.get("/v1.0/users/delta?$deltatoken=made-up").status == 400
