"""Users through Graph's writes: sessions, properties, passwords, creation, deletion and restore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posture.simulator.tenant import Tenant
from tests.simulator.builders import STRONG_ROLE, InProcess, a_group, a_tenant, a_user, a_writer, guid

DENIED = (403, "Authorization_RequestDenied")
GONE = (404, "Request_ResourceNotFound")
AT = "2026-03-02T12:00:00Z"
STRONG = "Correct-Horse-7"
USER = f"/v1.0/users/{guid(2)}"
ADMIN = f"/v1.0/users/{guid(1)}"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"
NEW = {
    "accountEnabled": True,
    "displayName": "Emergency",
    "mailNickname": "emergency",
    "userPrincipalName": "emergency@contoso.example.com",
    "passwordProfile": {"password": STRONG, "forceChangePasswordNextSignIn": True},
}


def with_an_admin() -> Tenant:
    """User 1 is a Global Administrator; user 3 comes from the on-premises directory."""
    tenant = a_tenant()
    definitions = tenant.collections["roleManagement/directory/roleDefinitions"]
    definitions[0]["templateId"] = GLOBAL_ADMINISTRATOR
    tenant.collections["users"][2]["onPremisesSyncEnabled"] = True
    tenant.collections["domains"] = [
        {"id": "contoso.example.com", "isVerified": True, "authenticationType": "Managed"}
    ]
    return tenant


def writer(directory: Path, *permissions: str, roles: tuple[str, ...] = ()) -> InProcess:
    return a_writer(directory, *permissions, tenant=with_an_admin(), roles=roles)


def user(graph: InProcess, number: int) -> dict[str, Any]:
    return next(one for one in graph.server.tenants[0].collections["users"] if one["id"] == guid(number))


# Every write: which permissions open it


WRITES: dict[str, tuple[str, str, object, int]] = {
    "revoke": ("POST", f"{USER}/revokeSignInSessions", None, 200),
    "disable": ("PATCH", USER, {"accountEnabled": False}, 204),
    "type": ("PATCH", USER, {"userType": "Guest"}, 204),
    "delete": ("DELETE", USER, None, 204),
    "create": ("POST", "/v1.0/users", NEW, 201),
}
OPEN = [
    ("revoke", ("User.RevokeSessions.All",)),
    ("revoke", ("User.ReadWrite.All",)),
    ("disable", ("User.EnableDisableAccount.All", "User.Read.All")),
    ("disable", ("User.ReadWrite.All",)),
    ("disable", ("Directory.ReadWrite.All",)),
    ("type", ("User.ReadWrite.All",)),
    ("delete", ("User.DeleteRestore.All",)),
    ("create", ("User.ReadWrite.All",)),
]
CLOSED = [
    ("revoke", ("User.EnableDisableAccount.All",)),
    ("disable", ("User.EnableDisableAccount.All",)),
    ("type", ("User.EnableDisableAccount.All", "User.Read.All")),
    ("delete", ("Directory.ReadWrite.All",)),
    ("create", ("User.DeleteRestore.All",)),
]


@pytest.mark.parametrize(("write", "permissions"), OPEN)
def test_a_sufficient_permission_opens_a_write(tmp_path: Path, write: str, permissions: tuple[str, ...]) -> None:
    method, url, body, status = WRITES[write]
    graph = a_writer(tmp_path, *permissions, reads=False)

    assert graph.write(method, url, body).status == status


@pytest.mark.parametrize(("write", "permissions"), CLOSED)
def test_another_permission_does_not(tmp_path: Path, write: str, permissions: tuple[str, ...]) -> None:
    method, url, body, _ = WRITES[write]
    graph = a_writer(tmp_path, *permissions, reads=False)
    before = [dict(one) for one in graph.server.tenants[0].collections["users"]]

    reply = graph.write(method, url, body)

    assert (reply.status, reply.code) == DENIED
    assert graph.server.tenants[0].collections["users"] == before


@pytest.mark.parametrize("write", [name for name in WRITES if name != "create"])
def test_an_unknown_user_is_not_found(tmp_path: Path, write: str) -> None:
    method, url, body, _ = WRITES[write]
    graph = writer(tmp_path, "User.ReadWrite.All")

    reply = graph.write(method, url.replace(guid(2), guid(404)), body)

    assert (reply.status, reply.code) == GONE


@pytest.mark.parametrize("write", ["revoke", "disable", "delete"])
def test_administrators_are_out_of_reach_without_a_directory_role(tmp_path: Path, write: str) -> None:
    method, url, body, status = WRITES[write]
    without = writer(tmp_path / "without", "User.ReadWrite.All")
    weak = writer(tmp_path / "weak", "User.ReadWrite.All", roles=(USER_ADMINISTRATOR,))
    strong = writer(tmp_path / "strong", "User.ReadWrite.All", roles=(STRONG_ROLE,))
    url = url.replace(USER, ADMIN)

    for graph in (without, weak):
        reply = graph.write(method, url, body)
        assert (reply.status, reply.code) == DENIED
    assert strong.write(method, url, body).status == status


def test_a_role_held_through_a_nested_group_protects_as_well(tmp_path: Path) -> None:
    tenant = with_an_admin()
    assignment = tenant.collections["roleManagement/directory/roleAssignments"][0]
    assignment["principalId"] = guid(5001)  # group 5002 is in it, and user 2 in that one
    tenant.relations[f"groups/{guid(5001)}/members"] = [guid(5002)]
    graph = a_writer(tmp_path, "User.ReadWrite.All", tenant=tenant)

    assert graph.patch(USER, {"accountEnabled": False}).code == DENIED[1]


# Sessions


def test_revoking_moves_the_date_from_which_sessions_are_valid(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.RevokeSessions.All")

    reply = graph.post(f"{USER}/revokeSignInSessions")

    assert reply.body == {"@odata.context": f"{graph.root}/v1.0/$metadata#Edm.Boolean", "value": True}
    selected = graph.get(f"{USER}?$select=signInSessionsValidFromDateTime").body
    assert selected["signInSessionsValidFromDateTime"] == AT


# Properties


def test_a_change_shows_in_the_next_read_of_the_user_and_of_the_list(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")

    reply = graph.patch(USER, {"accountEnabled": False, "department": "Legal"})

    assert (reply.status, reply.content) == (204, b"")
    shown = graph.get(f"{USER}?$select=id,accountEnabled,department").body
    assert (shown["accountEnabled"], shown["department"]) == (False, "Legal")
    listed = graph.get("/v1.0/users?$filter=department%20eq%20'Legal'&$select=id").ids
    assert listed == [guid(2)]


@pytest.mark.parametrize(
    "body",
    [
        {"nickname": "x"},
        {"accountEnabled": "false"},
        {"accountEnabled": None},
        {"userType": "Robot"},
        {"userType": 7},
        {"businessPhones": "555"},
        {"passwordProfile": {"secret": STRONG}},
        {"createdDateTime": AT},
        {"onPremisesSyncEnabled": False},
        {"id": guid(9)},
        {"userPrincipalName": "other@elsewhere.example.org"},
        {},
    ],
)
def test_a_bad_change_is_refused_and_changes_nothing(tmp_path: Path, body: dict[str, object]) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All", roles=(STRONG_ROLE,))
    before = dict(user(graph, 2))

    reply = graph.patch(USER, body | ({"displayName": "half done"} if body else {}))

    assert (reply.status, reply.code) == (400, "Request_BadRequest")
    assert user(graph, 2) == before


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")

    reply = graph.patch(USER, {"userPrincipalName": user(graph, 4)["userPrincipalName"].upper()})

    assert (reply.status, reply.code) == (400, "Request_MultipleObjectsWithSameKeyValue")


def test_a_synchronised_user_is_mastered_elsewhere(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")

    refused = graph.patch(f"/v1.0/users/{guid(3)}", {"accountEnabled": False})

    assert refused.status == 400
    assert "on-premises mastered" in refused.body["error"]["message"]
    assert graph.patch(f"/v1.0/users/{guid(3)}", {"usageLocation": "DE"}).status == 204


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"[]", {"Content-Type": "application/json"}, 400),
        (b'{"accountEnabled":false}', {"Content-Type": "text/plain"}, 415),
        (b'{"accountEnabled":false}', {}, 415),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(
    tmp_path: Path, body: bytes, headers: dict[str, str], expected: int
) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")

    assert graph.send("PATCH", USER, body=body, headers=headers).status == expected


@pytest.mark.parametrize(("method", "path"), [("PUT", "users"), ("DELETE", "users"), ("PATCH", "organization")])
def test_a_method_that_a_path_does_not_have_is_not_allowed(tmp_path: Path, method: str, path: str) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")

    assert graph.write(method, f"/v1.0/{path}", {"a": 1}).status == 405


# Passwords


def test_a_password_needs_a_directory_role_even_for_an_ordinary_user(tmp_path: Path) -> None:
    body = {"passwordProfile": {"password": STRONG}}
    without = writer(tmp_path / "without", "User-PasswordProfile.ReadWrite.All")
    having = writer(tmp_path / "with", "User-PasswordProfile.ReadWrite.All", roles=(USER_ADMINISTRATOR,))

    assert (without.patch(USER, body).status, having.patch(USER, body).status) == (403, 204)
    assert having.patch(ADMIN, body).code == DENIED[1]  # a stronger role is needed for an administrator


def test_the_permission_for_passwords_changes_nothing_else(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User-PasswordProfile.ReadWrite.All", roles=(STRONG_ROLE,))

    reply = graph.patch(USER, {"passwordProfile": {"password": STRONG}, "displayName": "x"})

    assert (reply.status, reply.code) == DENIED


def test_a_new_password_ends_the_sessions_and_is_kept_nowhere(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All", roles=(STRONG_ROLE,))

    reply = graph.patch(USER, {"passwordProfile": {"password": STRONG, "forceChangePasswordNextSignIn": True}})

    changed = user(graph, 2)
    assert reply.status == 204
    assert (changed["lastPasswordChangeDateTime"], changed["signInSessionsValidFromDateTime"]) == (AT, AT)
    assert changed["passwordProfile"]["forceChangePasswordNextSignIn"] is True
    assert STRONG not in repr(graph.server.tenants[0])
    assert STRONG not in repr(graph.server.requests)


@pytest.mark.parametrize("password", ["short1!", "alllowercase", 12345678, None])
def test_a_weak_password_is_refused(tmp_path: Path, password: object) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All", roles=(STRONG_ROLE,))

    reply = graph.post("/v1.0/users", NEW | {"passwordProfile": {"password": password}})

    assert (reply.status, reply.code) == (400, "Request_BadRequest")


def test_the_password_of_a_federated_domain_is_not_changed_here(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All", roles=(STRONG_ROLE,))
    graph.server.tenants[0].collections["domains"][0]["authenticationType"] = "Federated"

    assert graph.patch(USER, {"passwordProfile": {"password": STRONG}}).status == 400


# Creation


def test_a_created_user_can_be_read_and_has_a_password(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")

    reply = graph.post("/v1.0/users", NEW)

    made = reply.body["id"]
    assert reply.status == 201
    assert reply.body["userPrincipalName"] == NEW["userPrincipalName"]
    assert graph.get(f"/v1.0/users/{made}").body["displayName"] == "Emergency"
    assert len(graph.get(f"/v1.0/users/{made}/authentication/methods").body["value"]) == 1
    assert STRONG.encode() not in reply.content


@pytest.mark.parametrize("missing", sorted(NEW))
def test_a_user_without_a_required_property_is_refused(tmp_path: Path, missing: str) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")

    reply = graph.post("/v1.0/users", {name: value for name, value in NEW.items() if name != missing})

    assert (reply.status, reply.code) == (400, "Request_BadRequest")


def test_the_same_tenant_gives_the_same_ids_to_new_users(tmp_path: Path) -> None:
    replies = [writer(tmp_path / name, "User.ReadWrite.All").post("/v1.0/users", NEW) for name in ("a", "b")]

    assert replies[0].body["id"] == replies[1].body["id"]


# Deletion


def test_a_deleted_user_waits_in_the_deleted_items(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")

    assert graph.delete(USER).status == 204

    assert (graph.get(USER).status, graph.delete(USER).status) == (404, 404)
    assert guid(2) not in graph.get("/v1.0/users?$top=999").ids
    assert graph.get(f"/v1.0/directory/deletedItems/{guid(2)}").body["id"] == guid(2)
    listed = graph.get("/v1.0/directory/deletedItems/microsoft.graph.user?$select=id,deletedDateTime")
    assert listed.body["value"] == [{"@odata.type": "#microsoft.graph.user", "id": guid(2), "deletedDateTime": AT}]


def test_what_a_user_was_tied_to_goes_and_comes_back(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All", roles=(STRONG_ROLE,))
    tenant = graph.server.tenants[0]
    report = "reports/authenticationMethods/userRegistrationDetails"
    before = {
        "groups": sorted(graph.get(f"{ADMIN}/memberOf").ids),
        "roles": [row["id"] for row in tenant.collections["roleManagement/directory/roleAssignments"]],
        "manager": graph.get(f"{ADMIN}/manager").body["id"],
        "report": len(tenant.collections[report]),
    }

    graph.delete(ADMIN)
    without = graph.get(f"/v1.0/groups/{guid(5001)}/members?$top=999").ids
    roles = [row["id"] for row in tenant.collections["roleManagement/directory/roleAssignments"]]
    restored = graph.post(f"/v1.0/directory/deletedItems/{guid(1)}/restore")

    assert guid(1) not in without
    assert "ra1" not in roles
    assert (restored.status, restored.body["@odata.type"]) == (200, "#microsoft.graph.user")
    after = {
        "groups": sorted(graph.get(f"{ADMIN}/memberOf").ids),
        "roles": sorted(row["id"] for row in tenant.collections["roleManagement/directory/roleAssignments"]),
        "manager": graph.get(f"{ADMIN}/manager").body["id"],
        "report": len(tenant.collections[report]),
    }
    assert after == before | {"roles": sorted(before["roles"])}
    assert graph.get(f"/v1.0/directory/deletedItems/{guid(1)}").status == 404


def test_restoring_needs_a_permission_for_the_kind(tmp_path: Path) -> None:
    tenant = with_an_admin()
    group = a_group(5003) | {"@odata.type": "#microsoft.graph.group"}
    tenant.collections["directory/deletedItems"] = [
        group, a_user(50) | {"@odata.type": "#microsoft.graph.user"},
    ]  # fmt: skip
    graph = a_writer(tmp_path, "User.DeleteRestore.All", tenant=tenant)

    statuses = [graph.post(f"/v1.0/directory/deletedItems/{guid(n)}/restore").status for n in (5003, 50, 404)]

    assert statuses == [403, 200, 404]


def test_a_name_taken_meanwhile_stops_the_restore_unless_another_is_given(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")
    name = user(graph, 2)["userPrincipalName"]
    graph.delete(USER)
    graph.patch(f"/v1.0/users/{guid(4)}", {"userPrincipalName": name})
    url = f"/v1.0/directory/deletedItems/{guid(2)}/restore"

    refused, renamed = graph.post(url), graph.post(url, {"newUserPrincipalName": "back@contoso.example.com"})

    assert (refused.status, refused.code) == (409, "Request_MultipleObjectsWithSameKeyValue")
    assert renamed.status == 200
    assert user(graph, 2)["userPrincipalName"] == "back@contoso.example.com"


def test_one_user_deleted_and_one_created_between_two_reads_are_both_seen(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")
    graph.get(USER)

    graph.delete(USER)
    made = graph.post("/v1.0/users", NEW).body["id"]

    assert (graph.get(USER).status, graph.get(f"/v1.0/users/{made}").status) == (404, 200)


def test_later_pages_of_a_filtered_list_show_what_was_written_meanwhile(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")
    first = graph.get("/v1.0/users?$filter=accountEnabled%20eq%20true&$select=id&$top=5")
    last = guid(30)

    graph.delete(f"/v1.0/users/{last}")
    rest = [one for reply in graph.pages(first.body["@odata.nextLink"]) for one in reply.ids]

    assert rest
    assert last not in rest


def test_delta_tells_what_was_changed_deleted_and_restored(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")
    *_, last = graph.pages("/v1.0/users/delta?$select=id,accountEnabled")
    graph.patch(USER, {"accountEnabled": False})
    graph.delete(f"/v1.0/users/{guid(4)}")

    *_, changed = graph.pages(last.body["@odata.deltaLink"])
    graph.post(f"/v1.0/directory/deletedItems/{guid(4)}/restore")
    *_, restored = graph.pages(changed.body["@odata.deltaLink"])

    assert changed.body["value"] == [
        {"id": guid(2), "accountEnabled": False},
        {"id": guid(4), "@removed": {"reason": "changed"}},
    ]
    assert restored.body["value"] == [{"id": guid(4), "accountEnabled": True}]


def test_a_deleted_user_is_read_alone_with_what_is_selected(tmp_path: Path) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")
    graph.delete(USER)
    url = f"/v1.0/directory/deletedItems/{guid(2)}"

    assert graph.get(f"{url}?$select=id,deletedDateTime").body["deletedDateTime"] == AT
    assert graph.get(url).body["@odata.type"] == "#microsoft.graph.user"


@pytest.mark.parametrize("kind", ["nonsense", "#microsoft.graph.nonsense"])
def test_a_body_of_an_unknown_type_is_refused(tmp_path: Path, kind: str) -> None:
    graph = writer(tmp_path, "User.ReadWrite.All")

    assert graph.patch(USER, {"@odata.type": kind, "displayName": "x"}).status == 400
    assert graph.patch(USER, {"@odata.type": "#microsoft.graph.user", "displayName": "x"}).status == 204
