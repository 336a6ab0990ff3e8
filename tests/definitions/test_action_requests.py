"""The requests in action files: known, covered by permissions, and with nothing in them that nobody fills."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.definitions.action_text import Change, complaint, load

REQUEST = "request: DELETE /groups/{gone_id}/members/{resource_id}/$ref"
BODY = 'body: {"@odata.id": "{graph}/directoryObjects/{resource_id}"}'
PERMISSIONS = "permissions: [GroupMember.ReadWrite.All]"
OK = "    ok: [204, 404]\n"


@pytest.mark.parametrize(
    ("change", "stands", "said"),
    [
        # Without its end this request would delete the user.
        ((REQUEST, "request: DELETE /groups/{gone_id}/members/{resource_id}"), "DELETE", "{}/members/{}/$ref"),
        ((REQUEST, "request: DELETE /directory/deletedItems/{gone_id}"), "DELETE", "is no request that may be sent"),
        ((REQUEST, "request: PUT /x"), "PUT", "Only requests that posture knows are ever sent"),
        ((REQUEST, "request: GET /groups/{gone_id}"), "GET", "should match pattern"),
        ((REQUEST, REQUEST.replace("gone_id", "group")), "DELETE", "{group} means nothing in a path"),
        ((REQUEST, REQUEST.replace("gone_id", "days")), "DELETE", "{days} means nothing in a path"),
        ((REQUEST, REQUEST.replace("gone_id", "graph")), "DELETE", "{graph} means nothing in a path"),
        ((REQUEST, REQUEST.replace("{gone_id}", "g-{gone_id}")), "DELETE", "stands for a whole part of a path"),
        ((BODY, BODY.replace("{graph}", "{grap}")), '"{grap}', 'Did you mean "graph"?'),
        ((BODY, 'body: {a: ["{x}"], b: 1}'), '"{x}"', "{x} means nothing in a body"),
        ((OK, OK + "    body: {a: 1}\n"), "{a: 1}", "a DELETE has no body"),
        ((OK, "    ok: [204, 403]\n"), "[204", "403 never means that it was done"),
        ((OK, "    ok: [500]\n"), "500", "less than or equal to 499"),
        ((OK, OK + "    later: [404]\n    passes: 2\n"), "[404]", '404 stands in "ok" as well'),
        ((OK, OK + "    later: [400]\n"), "id: remove", '"later" and "passes" belong together'),
        ((OK, OK + "    passes: 3\n"), "id: remove", '"later" and "passes" belong together'),
        ((OK, OK + "    keep: [id]\n    reveal: id\n"), "id\n".strip(), "what is shown once is never kept"),
        ((PERMISSIONS, "permissions: [User.Read.All]"), "DELETE", "Add GroupMember.ReadWrite.All"),
        ((PERMISSIONS, "permissions: [User.Read.All, GroupMember.ReadWrite.All]"), "User.Read.All",
         "no step needs the permission User.Read.All"),
        ((PERMISSIONS, "permissions: [all of them]"), "all of them", "should match pattern"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_is_told_with_its_place(
    tmp_path: Path, change: Change, stands: str, said: str
) -> None:
    text, sentence = complaint(tmp_path, change)

    assert text.startswith(stands)
    assert said in sentence


def test_two_steps_of_one_id_are_told(tmp_path: Path) -> None:
    twice = OK + "  - id: remove\n    request: DELETE /groups/{group_id}/members/{resource_id}/$ref\n"

    text, sentence = complaint(tmp_path, (OK, twice))

    assert text.startswith("remove")
    assert 'two steps are called "remove"' in sentence


def test_a_value_in_a_path_may_choose_among_requests_that_are_all_covered(tmp_path: Path) -> None:
    changes = [
        ("read: [users,", "read: [users, authentication_methods,"),
        ("for_each: select id as gone_id from groups where security_enabled",
         "for_each: select path_segment, method_id, security_enabled from authentication_methods, groups"),
        (REQUEST, "request: DELETE /users/{resource_id}/authentication/{path_segment}/{method_id}"),
    ]  # fmt: skip
    wide = (PERMISSIONS, "permissions: [GroupMember.ReadWrite.All, UserAuthenticationMethod.ReadWrite.All]")
    narrow = (PERMISSIONS, "permissions: [GroupMember.ReadWrite.All, UserAuthMethod-Phone.ReadWrite.All]")

    assert load(tmp_path, *changes, wide).action.steps[0].path.endswith("{path_segment}/{method_id}")
    _, sentence = complaint(tmp_path, *changes, narrow)
    assert "not enough for DELETE /users/{}/authentication/emailMethods/{}" in sentence


def test_the_body_decides_which_permissions_are_the_least(tmp_path: Path) -> None:
    request = ("      request: POST /groups/{group_id}/members/$ref\n", "      request: PATCH /users/{resource_id}\n")
    narrow = (PERMISSIONS, "permissions: [GroupMember.ReadWrite.All, User.EnableDisableAccount.All, User.Read.All]")
    enabling = (BODY, "body: {accountEnabled: true}")

    assert load(tmp_path, request, narrow, enabling).action.undo is not None
    _, sentence = complaint(tmp_path, request, narrow, (BODY, "body: {accountEnabled: true, userType: Guest}"))
    assert "Add User.ReadWrite.All" in sentence
