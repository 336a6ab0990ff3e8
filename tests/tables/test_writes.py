"""The list of requests that may change a tenant: what is on it, and what never may be."""

from __future__ import annotations

import pytest

from posture.tables.table import ThrottleClass
from posture.tables.writes import WRITES, find_write, find_writes


def test_no_request_stands_on_the_list_twice() -> None:
    requests = [(write.method, write.path) for write in WRITES]

    assert len(requests) == len(set(requests))


def test_every_write_names_permissions_and_no_empty_set_is_enough() -> None:
    assert [write for write in WRITES if not write.permissions or not all(write.permissions)] == []


def test_a_request_is_found_by_the_path_as_it_is_sent() -> None:
    write = find_write("DELETE", "/groups/g%2F1/members/u1/$ref")

    assert write is not None
    assert write.path == "/groups/{}/members/{}/$ref"
    assert write.throttle_class is ThrottleClass.DIRECTORY


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/groups/g1/members/u1"),
        ("DELETE", "/directory/deletedItems/u1"),
        ("DELETE", "/users/"),
        ("DELETE", "/users/."),
        ("DELETE", "/users/.."),
        ("DELETE", "/users/u1?x=y"),
        ("DELETE", "/users/u1#x"),
        ("DELETE", "/users/$ref"),
        ("DELETE", "/users/a b"),
        ("DELETE", "users/u1"),
        ("delete", "/users/u1"),
        ("DELETE", "/users/u1/authentication/passwordMethods/m1"),
        ("DELETE", "/groups/g1/members/u1/%24ref"),
        ("POST", "/applications/a1/addPassword"),
        ("POST", "/$batch"),
        ("GET", "/users/u1"),
    ],
)
def test_what_is_not_listed_is_not_found(method: str, path: str) -> None:
    assert find_write(method, path) is None


@pytest.mark.parametrize(
    ("method", "template"),
    [
        ("DELETE", "/groups/{group_id}/members/{resource_id}"),
        ("DELETE", "/groups/{group_id}/members/{resource_id}/$count"),
        ("DELETE", "/directory/deletedItems/{resource_id}"),
        ("DELETE", "/users/x{resource_id}"),
        ("DELETE", "/users/{resource_id}/authentication/passwordMethods/{id}"),
    ],
)
def test_a_template_that_could_become_nothing_listed_is_not_found(method: str, template: str) -> None:
    assert find_writes(method, template) == ()


def test_a_value_may_choose_the_kind_of_sign_in_method_but_not_the_suffix() -> None:
    methods = find_writes("DELETE", "/users/{resource_id}/authentication/{path_segment}/{method_id}")
    suffixes = find_writes("DELETE", "/groups/{group_id}/members/{resource_id}/{suffix}")

    assert len(methods) == 9
    assert suffixes == ()


def test_a_template_may_name_a_fixed_object() -> None:
    (write,) = find_writes("PATCH", "/users/u1")

    assert write.path == "/users/{}"


def test_each_set_of_permissions_is_enough_alone_and_its_members_only_together() -> None:
    write = find_write("PATCH", "/identity/conditionalAccess/policies/p1")

    assert write is not None
    assert write.is_allowed_by(frozenset({"Policy.ReadWrite.ConditionalAccess", "Policy.Read.All"}), ["state"])
    assert not write.is_allowed_by(frozenset({"Policy.ReadWrite.ConditionalAccess"}), ["state"])


def test_a_narrow_permission_is_enough_for_its_own_property_only() -> None:
    write = find_write("PATCH", "/users/u1")
    granted = frozenset({"User.EnableDisableAccount.All", "User.Read.All"})

    assert write is not None
    assert write.is_allowed_by(granted, ["accountEnabled"])
    assert not write.is_allowed_by(granted, ["accountEnabled", "userType"])
    assert not write.is_allowed_by(granted, [])
