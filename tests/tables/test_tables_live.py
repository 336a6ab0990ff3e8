"""What is read live about single objects: by which request, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from posture.tables import TABLES
from posture.tables.live import ONLY_LIVE, is_read_whole, kinds_of, of_objects
from posture.tables.table import SourceKind, SourceTable

_SOURCES = {table.name: table for table in (*TABLES, *ONLY_LIVE) if isinstance(table, SourceTable)}


def _path(table: str, *, kind: str, id: str) -> str:
    found = of_objects(_SOURCES[table], kind=kind, ids=(id,))
    assert found is not None
    return found.source.path.replace("{}", found.source.for_each[0])


def test_a_user_is_read_by_id() -> None:
    assert _path("users", kind="user", id="u1") == "users/u1"


def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    assert _path("users", kind="user", id="u1/../x?$filter=a") == "users/u1%2F..%2Fx%3F%24filter%3Da"


def test_a_quote_in_a_name_does_not_end_the_name() -> None:
    path = _path("groups_of_a_name", kind="group_name", id="Ada's group")

    assert path == "groups?$filter=displayName eq 'Ada%27%27s%20group'"


def test_a_small_table_is_read_whole_where_it_has_no_request_for_one_object() -> None:
    table = of_objects(_SOURCES["role_definitions"], kind="user", ids=("u1",))

    assert table is _SOURCES["role_definitions"]


def test_policies_are_read_whole_for_a_tenant() -> None:
    table = of_objects(_SOURCES["conditional_access_documents"], kind="tenant", ids=("t1",))

    assert table is _SOURCES["conditional_access_documents"]


def test_a_policy_is_read_alone_where_it_is_the_resource() -> None:
    table = of_objects(_SOURCES["conditional_access_documents"], kind="conditional_access_policy", ids=("c1",))

    assert table is not None
    assert (table.source.path, table.source.for_each) == ("identity/conditionalAccess/policies/{}", ("c1",))
    assert table.source.kind is SourceKind.SINGLETON


def test_a_large_table_without_a_request_for_one_object_cannot_be_read() -> None:
    assert of_objects(_SOURCES["users"], kind="application", ids=("a1",)) is None


@pytest.mark.parametrize("table", [table.name for table in ONLY_LIVE if isinstance(table, SourceTable)])
def test_every_table_that_only_actions_read_can_be_read_for_one_kind_of_object(table: str) -> None:
    assert len(kinds_of(table)) == 1
    assert not is_read_whole(table)


@pytest.mark.parametrize(
    ("group", "is_synchronised", "is_role_assignable"),
    [
        ({}, False, False),
        ({"on_premises_sync_enabled": True}, True, False),
        ({"on_premises_sync_enabled": False, "is_assignable_to_role": True}, False, True),
    ],
)
def test_a_group_that_was_never_synchronised_has_no_mark_of_it(
    derive: Callable[..., list[dict[str, Any]]],
    group: dict[str, Any],
    is_synchronised: bool,
    is_role_assignable: bool,
) -> None:
    (row,) = derive("group_origins", groups=[{"id": "g1", **group}])

    assert row == {
        "group_id": "g1",
        "is_synchronised": is_synchronised,
        "is_role_assignable": is_role_assignable,
    }


_HELD = {"role_definition_id": "r1", "principal_id": "p1", "directory_scope_id": "/"}
_JUNE = {"end_at": "2026-06-01T00:00:00"}


@pytest.mark.parametrize(
    ("sources", "kind", "ends"),
    [
        pytest.param({"active_role_assignments": [{"id": "a1"}]}, "assigned", "no end", id="without PIM"),
        pytest.param(
            {
                "active_role_assignments": [{"id": "a1"}],
                "role_assignment_instances": [
                    {"id": "i1", "member_type": "direct", "assignment_type": "activated", **_JUNE}
                ],
            },
            "activated",
            "2026-06-01T00:00:00Z",
            id="activated for a time",
        ),
        pytest.param(
            {"role_eligibility_instances": [{"id": "e1", "member_type": "direct"}]},
            "eligible",
            "no end",
            id="eligible for good",
        ),
        pytest.param(
            {
                "role_eligibility_instances": [
                    {"id": "e1", "member_type": "direct", **_JUNE},
                    {"id": "e2", "member_type": "direct"},
                ]
            },
            "eligible",
            "no end",
            id="of two the later end counts",
        ),
        pytest.param(
            {
                "active_role_assignments": [{"id": "a1"}],
                "role_assignment_instances": [{"id": "i1", "member_type": "direct", "assignment_type": None}],
            },
            None,
            "no end",
            id="PIM does not tell the kind",
        ),
    ],
)
def test_a_direct_holding_tells_its_kind_and_its_end(
    derive: Callable[..., list[dict[str, Any]]],
    sources: dict[str, list[dict[str, Any]]],
    kind: str | None,
    ends: str,
) -> None:
    rows = derive("direct_role_holdings", **{name: [_HELD | row for row in given] for name, given in sources.items()})

    assert rows == [_HELD | {"kind": kind, "ends": ends}]


def test_a_role_through_a_group_is_no_direct_holding(derive: Callable[..., list[dict[str, Any]]]) -> None:
    through = _HELD | {"id": "i1", "member_type": "group", "assignment_type": "assigned"}

    assert derive("direct_role_holdings", role_assignment_instances=[through]) == []
