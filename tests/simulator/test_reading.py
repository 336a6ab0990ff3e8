from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulator.builders import EVENTUAL, InProcess, a_tenant, a_user, guid, in_process


def test_a_collection_comes_in_pages_of_the_documented_default_size(tmp_path: Path) -> None:
    graph = in_process(tmp_path, a_tenant(users=250))

    pages = list(graph.pages("/v1.0/users?$select=id"))

    assert [len(page.ids) for page in pages] == [100, 100, 50]
    assert [one for page in pages for one in page.ids] == [guid(number) for number in range(1, 251)]


def test_top_sets_the_page_size_and_the_next_link_repeats_the_query(graph: InProcess) -> None:
    page = graph.get("/v1.0/users?$select=id&$top=7")

    assert len(page.ids) == 7
    assert "$top=7" in page.body["@odata.nextLink"]
    assert len(graph.get(page.body["@odata.nextLink"]).ids) == 7


@pytest.mark.parametrize("top", ["0", "1000", "-1", "x", "9999999999"])
def test_a_page_size_outside_1_to_999_is_refused(graph: InProcess, top: str) -> None:
    assert graph.get(f"/v1.0/users?$top={top}").status == 400


def test_a_larger_page_is_cut_where_graph_cuts_it(graph: InProcess) -> None:
    assert graph.get("/v1.0/identityProtection/riskDetections?$top=5000").status == 200


def test_users_without_select_show_the_default_properties_only(graph: InProcess) -> None:
    shown = graph.get("/v1.0/users?$top=1").body["value"][0]

    assert "accountEnabled" not in shown
    assert set(shown) == {
        "id",
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    }


def test_select_shows_exactly_the_selected_properties(graph: InProcess) -> None:
    page = graph.get("/v1.0/users?$select=mail,accountEnabled&$top=1").body

    assert page["value"] == [{"mail": "user1@contoso.example.com", "accountEnabled": False}]
    assert page["@odata.context"] == "https://localhost:8443/v1.0/$metadata#users(mail,accountEnabled)"


def test_an_unknown_property_is_refused_in_the_words_of_graph(graph: InProcess) -> None:
    reply = graph.get("/v1.0/users?$select=id,shoeSize")

    assert (reply.status, reply.code) == (400, "BadRequest")
    assert "Could not find a property named 'shoeSize' on type 'microsoft.graph.user'" in reply.content.decode()


def test_a_property_outside_the_directory_cannot_be_listed(graph: InProcess) -> None:
    assert (graph.get("/v1.0/users?$select=aboutMe").status, graph.get("/v1.0/users?$select=aboutMe").code) == (
        501,
        "NotImplemented",
    )


@pytest.mark.parametrize("query", ["$foo=1", "$skip=5", "$top=1&$top=2", "$expand=nonsense", "$count=maybe"])
def test_options_that_users_do_not_know_are_refused(graph: InProcess, query: str) -> None:
    assert graph.get(f"/v1.0/users?{query}").status == 400


@pytest.mark.parametrize("query", ["$count=true", "$expand=user", "$search=%22a:b%22", "$skip=1"])
def test_the_registration_report_refuses_options_it_does_not_document(graph: InProcess, query: str) -> None:
    reply = graph.get(f"/v1.0/reports/authenticationMethods/userRegistrationDetails?{query}", **EVENTUAL)

    assert reply.status == 400


_OPTIONS = st.sampled_from(
    [f"${name}" for name in ("select", "filter", "top", "expand", "orderby", "search", "count", "skiptoken")]
)
_WORDS = st.sampled_from(
    [*"()',;:/*=$", " eq ", " in ", "any(", "true", "null", "%00", "%FF", "id", "mail", "members", '"mail:x"']
)
_QUERIES = st.lists(
    st.tuples(_OPTIONS, st.lists(_WORDS, max_size=6).map("".join)).map("=".join), max_size=3, unique=True
).map("&".join)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=_QUERIES, path=st.sampled_from(["users", "groups", "users/delta", "users/$count"]))
def test_any_query_is_answered_or_refused(graph: InProcess, query: str, path: str) -> None:
    assert graph.get(f"/v1.0/{path}?{query}", **EVENTUAL).status in {200, 400, 410, 501}


def test_one_object_is_found_by_id_by_name_and_by_alternate_key(graph: InProcess) -> None:
    by_id = graph.get(f"/v1.0/users/{guid(3)}?$select=id").body
    by_name = graph.get("/v1.0/users/USER3@contoso.example.com?$select=id").body
    by_key = graph.get(f"/v1.0/servicePrincipals(appId='{guid(7001)}')?$select=id").body
    in_brackets = graph.get(f"/v1.0/users('{guid(3)}')?$select=id").body

    assert by_id["id"] == by_name["id"] == in_brackets["id"] == guid(3)
    assert by_key["id"] == guid(7001)
    assert by_id["@odata.context"].endswith("#users(id)/$entity")


def test_an_unknown_object_and_an_unknown_path_are_told_apart(graph: InProcess) -> None:
    assert graph.get(f"/v1.0/users/{guid(404)}").code == "Request_ResourceNotFound"
    assert graph.get("/v1.0/nonsense").status == 400
    assert graph.get("/v3.0/users").status == 400


def test_sign_in_activity_of_one_user_is_read_by_id_alone(graph: InProcess) -> None:
    by_id, by_name = guid(1), "user1@contoso.example.com"

    found = graph.get(f"/v1.0/users/{by_id}?$select=id,signInActivity")

    assert found.body["signInActivity"] == {"lastSignInDateTime": "2026-02-01T00:00:00Z"}
    assert graph.get(f"/v1.0/users/{by_name}?$select=id,signInActivity").status == 400
    assert graph.get(f"/v1.0/users/{by_name}?$select=id").status == 200


def test_segments_ignore_case(graph: InProcess) -> None:
    assert graph.get("/v1.0/ROLEMANAGEMENT/Directory/roledefinitions").status == 200


def test_members_carry_their_type_and_follow_a_cast(graph: InProcess) -> None:
    members = graph.get(f"/v1.0/groups/{guid(5001)}/members?$select=id&$top=999").body["value"]
    groups = graph.get(f"/v1.0/groups/{guid(5001)}/members/microsoft.graph.group?$select=id").body["value"]

    assert {m["@odata.type"] for m in members} == {"#microsoft.graph.user", "#microsoft.graph.group"}
    assert groups == [{"id": guid(5002)}]


def test_transitive_members_and_memberships_follow_nesting(graph: InProcess) -> None:
    inside = graph.get(f"/v1.0/groups/{guid(5001)}/transitiveMembers?$select=id&$top=999").ids
    around = graph.get(f"/v1.0/users/{guid(30)}/transitiveMemberOf?$select=id").ids
    direct = graph.get(f"/v1.0/users/{guid(30)}/memberOf?$select=id").ids

    assert guid(30) in inside
    assert (sorted(around), direct) == ([guid(5001), guid(5002)], [guid(5002)])


def test_circles_of_groups_end(tmp_path: Path) -> None:
    tenant = a_tenant()
    tenant.relations[f"groups/{guid(5002)}/members"].append(guid(5001))
    graph = in_process(tmp_path, tenant)

    assert guid(5002) in graph.get(f"/v1.0/groups/{guid(5001)}/transitiveMembers?$select=id&$top=999").ids


def test_role_assignments_expand_their_principal_and_role(graph: InProcess) -> None:
    base = "/v1.0/roleManagement/directory/roleAssignments"
    principal = graph.get(f"{base}?$expand=principal").body["value"][0]["principal"]
    role = graph.get(f"{base}?$expand=roleDefinition($select=displayName)").body["value"][0]["roleDefinition"]

    assert (principal["@odata.type"], principal["id"]) == ("#microsoft.graph.user", guid(1))
    assert role == {"displayName": "Global Administrator"}


def test_an_expanded_relation_stops_at_twenty_without_a_link(graph: InProcess) -> None:
    group = graph.get("/v1.0/groups?$select=id&$expand=members($select=id)").body["value"][0]

    assert len(group["members"]) == 20
    assert not any("nextLink" in key for key in group)


def test_an_unknown_property_inside_an_expansion_is_refused(graph: InProcess) -> None:
    assert graph.get("/v1.0/groups?$expand=members($select=shoeSize)").status == 400
    assert graph.get("/v1.0/groups?$expand=members($filter=id eq '1')").status == 400


def test_a_manager_is_expanded_as_one_object(graph: InProcess) -> None:
    users = graph.get("/v1.0/users?$select=id&$expand=manager($select=id)&$top=2").body["value"]

    assert users[0]["manager"] == {"@odata.type": "#microsoft.graph.user", "id": guid(2)}
    assert users[1]["manager"] is None


def test_role_assignments_of_applications_are_read_from_both_ends(graph: InProcess) -> None:
    for relation in ("appRoleAssignments", "appRoleAssignedTo"):
        assert graph.get(f"/v1.0/servicePrincipals/{guid(7001)}/{relation}").ids == ["ara1"]


def test_key_material_shows_only_when_key_credentials_are_selected(graph: InProcess) -> None:
    listed = graph.get("/v1.0/applications").body["value"][0]["keyCredentials"][0]
    selected = graph.get("/v1.0/applications?$select=keyCredentials").body["value"][0]["keyCredentials"][0]

    assert (listed["key"], selected["key"]) == (None, "cHVibGlj")


def test_mixed_collections_keep_the_type_annotations_of_their_items(graph: InProcess) -> None:
    base = "/v1.0/identity/conditionalAccess/namedLocations"
    kinds = [item["@odata.type"] for item in graph.get(base).body["value"]]
    only_ip = graph.get(f"{base}?$filter=isof('microsoft.graph.ipNamedLocation')").ids

    assert kinds == ["#microsoft.graph.ipNamedLocation", "#microsoft.graph.countryNamedLocation"]
    assert only_ip == [guid(9101)]


def test_sign_in_activity_is_absent_for_who_never_signed_in(graph: InProcess) -> None:
    users = graph.get("/v1.0/users?$select=signInActivity&$top=2").body["value"]

    assert users == [
        {"id": guid(1), "signInActivity": {"lastSignInDateTime": "2026-02-01T00:00:00Z"}},
        {"id": guid(2)},
    ]


def test_pages_with_sign_in_activity_hold_at_most_500(tmp_path: Path) -> None:
    graph = in_process(tmp_path, a_tenant(users=600))

    assert len(graph.get("/v1.0/users?$select=id,signInActivity&$top=999").ids) == 500


def test_parts_of_complex_properties_can_be_selected(graph: InProcess) -> None:
    path = "onPremisesExtensionAttributes/extensionAttribute1"

    shown = graph.get(f"/v1.0/users?$select={path}&$top=1").body["value"][0]

    assert shown == {"onPremisesExtensionAttributes": {"extensionAttribute1": "blue"}}


def test_deleted_items_are_listed_by_type(tmp_path: Path) -> None:
    deleted = a_user(900, **{"@odata.type": "#microsoft.graph.user", "deletedDateTime": "2026-02-20T00:00:00Z"})
    tenant = a_tenant()
    tenant.collections["directory/deletedItems"] = [deleted]
    graph = in_process(tmp_path, tenant)

    assert graph.get("/v1.0/directory/deletedItems/microsoft.graph.user?$select=id").ids == [guid(900)]
    assert graph.get("/v1.0/directory/deletedItems/microsoft.graph.group?$select=id").ids == []
    assert graph.get("/v1.0/directory/deletedItems").status == 400


def test_singletons_and_missing_singletons(graph: InProcess) -> None:
    assert graph.get("/v1.0/policies/authorizationPolicy").body["allowInvitesFrom"] == "everyone"
    assert graph.get("/v1.0/policies/adminConsentRequestPolicy").status == 404


def test_ids_are_looked_up_in_one_request(graph: InProcess) -> None:
    reply = graph.post("/v1.0/directoryObjects/getByIds", {"ids": [guid(1), guid(5001), guid(404)]})
    only_groups = graph.post("/v1.0/directoryObjects/getByIds", {"ids": [guid(1), guid(5001)], "types": ["group"]})

    assert reply.ids == [guid(1), guid(5001)]
    assert only_groups.ids == [guid(5001)]


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": [1]}, {"ids": "x"}, [], {"ids": ["x"] * 1001}])
def test_malformed_lookups_are_refused(graph: InProcess, body: object) -> None:
    assert graph.post("/v1.0/directoryObjects/getByIds", body).status == 400


def test_policies_of_role_management_need_their_filter(tmp_path: Path) -> None:
    tenant = a_tenant()
    rule = {"@odata.type": "#microsoft.graph.unifiedRoleManagementPolicyExpirationRule", "id": "Expiration"}
    scope = {"scopeId": "/", "scopeType": "DirectoryRole"}
    tenant.collections["policies/roleManagementPolicies"] = [{"id": "p1", **scope, "rules": [rule]}]
    tenant.collections["policies/roleManagementPolicyAssignments"] = [{"id": "a1", "policyId": "p1", **scope}]
    graph = in_process(tmp_path, tenant)
    base = "/v1.0/policies/roleManagementPolicyAssignments"
    asked = "$filter=scopeId eq '/' and scopeType eq 'DirectoryRole'&$expand=policy($expand=rules)"

    assert graph.get(base).status == 400
    assert graph.get(f"{base}?{asked}").body["value"][0]["policy"]["rules"] == [rule]
    assert "rules" not in graph.get(f"{base}?{asked.replace('($expand=rules)', '')}").body["value"][0]["policy"]
