"""Who holds which role in the end: direct, eligible, through groups, nested, scoped, gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

Rows = list[dict[str, Any]]
Derive = Callable[..., Rows]

GLOBAL = "62e90394-69f5-4237-9190-012177145e10"
READER = "4a5d8f65-41da-4de4-8968-e035b65339cf"  # Reports Reader, in neither tier
USER_TYPE, GROUP_TYPE = "#microsoft.graph.user", "#microsoft.graph.group"
DEFINITIONS: Rows = [
    {"id": GLOBAL, "template_id": GLOBAL, "display_name": "Global Administrator"},
    {"id": READER, "template_id": READER, "display_name": "Reports Reader"},
    {"id": "custom", "template_id": "custom", "display_name": "Our own role"},
]


def held(principal: str, role: str = GLOBAL, scope: str = "/", **more: Any) -> dict[str, Any]:
    """One role of one principal."""
    key = f"{principal}-{role}-{scope}"
    return {"id": key, "principal_id": principal, "role_definition_id": role, "directory_scope_id": scope} | more


def member(group: str, who: str, kind: str = USER_TYPE) -> dict[str, Any]:
    return {"group_id": group, "member_id": who, "member_type": kind}


def privileged(derive: Derive, **sources: Rows) -> Rows:
    return derive("privileged_principals", **{"role_definitions": DEFINITIONS, **sources})


def test_a_direct_holder(derive: Derive) -> None:
    (row,) = privileged(derive, active_role_assignments=[held("u1")])

    assert row == {
        "principal_id": "u1",
        "is_group": False,
        "role_definition_id": GLOBAL,
        "role_template_id": GLOBAL,
        "role_name": "Global Administrator",
        "tier": 0,
        "is_tier0": True,
        "state": "active",
        "path": "direct",
        "via_group_id": None,
        "directory_scope_id": "/",
    }


def test_an_eligible_holder(derive: Derive) -> None:
    (row,) = privileged(derive, role_eligibility_instances=[held("u1", member_type="direct")])

    assert (row["state"], row["path"], row["tier"]) == ("eligible", "direct", 0)


def test_active_and_eligible_are_two_rows(derive: Derive) -> None:
    rows = privileged(
        derive,
        active_role_assignments=[held("u1")],
        role_eligibility_instances=[held("u1", member_type="direct")],
    )

    assert sorted(row["state"] for row in rows) == ["active", "eligible"]


def test_members_of_a_group_hold_what_the_group_holds(derive: Derive) -> None:
    rows = privileged(
        derive,
        active_role_assignments=[held("g1")],
        role_groups=[{"id": "g1"}],
        role_group_members=[member("g1", "u1"), member("g1", "u2")],
    )

    found = {(row["principal_id"], row["is_group"], row["path"], row["via_group_id"]) for row in rows}
    assert found == {("g1", True, "direct", None), ("u1", False, "group", "g1"), ("u2", False, "group", "g1")}


def test_an_eligible_group_makes_its_members_eligible(derive: Derive) -> None:
    rows = privileged(
        derive,
        role_eligibility_instances=[held("g1", member_type="direct")],
        role_groups=[{"id": "g1"}],
        role_group_members=[member("g1", "u1")],
    )

    assert {(row["principal_id"], row["state"]) for row in rows} == {("g1", "eligible"), ("u1", "eligible")}


def test_nested_groups_are_followed_to_any_depth(derive: Derive) -> None:
    chain = [member(f"g{depth}", f"g{depth + 1}", GROUP_TYPE) for depth in range(20)]

    rows = privileged(
        derive,
        active_role_assignments=[held("g0")],
        role_groups=[{"id": "g0"}],
        role_group_members=[*chain, member("g20", "u1")],
    )

    (row,) = [row for row in rows if row["principal_id"] == "u1"]
    assert (row["via_group_id"], row["is_group"]) == ("g0", False)


def test_groups_that_contain_each_other_end(derive: Derive) -> None:
    rows = privileged(
        derive,
        active_role_assignments=[held("g1")],
        role_groups=[{"id": "g1"}],
        role_group_members=[
            member("g1", "g2", GROUP_TYPE),
            member("g2", "g1", GROUP_TYPE),
            member("g2", "g2", GROUP_TYPE),
            member("g2", "u1"),
        ],
    )

    people = [row for row in rows if not row["is_group"]]
    assert [(row["principal_id"], row["via_group_id"]) for row in people] == [("u1", "g1")]


def test_a_member_reached_in_two_ways_is_one_row_for_each_group_with_the_role(derive: Derive) -> None:
    rows = privileged(
        derive,
        active_role_assignments=[held("g1"), held("g2")],
        role_groups=[{"id": "g1"}, {"id": "g2"}],
        role_group_members=[
            member("g1", "u1"),
            member("g2", "u1"),
            member("g1", "g3", GROUP_TYPE),
            member("g3", "u1"),
        ],
    )

    assert sorted(row["via_group_id"] for row in rows if row["principal_id"] == "u1") == ["g1", "g2"]


def test_a_group_without_the_role_gives_nothing(derive: Derive) -> None:
    rows = privileged(derive, role_groups=[{"id": "g1"}], role_group_members=[member("g1", "u1")])

    assert rows == []


def test_the_scope_stays_with_the_role(derive: Derive) -> None:
    rows = privileged(derive, active_role_assignments=[held("u1"), held("u1", scope="/administrativeUnits/a1")])

    assert sorted(row["directory_scope_id"] for row in rows) == ["/", "/administrativeUnits/a1"]


def test_a_deleted_principal_stays_until_its_assignment_goes(derive: Derive) -> None:
    (row,) = privileged(derive, active_role_assignments=[held("gone")], users=[{"id": "u1"}])

    assert row["principal_id"] == "gone"


@pytest.mark.parametrize(
    ("role", "tier"),
    [(GLOBAL, 0), ("729827e3-9c14-49f7-bb1b-9608f156bbb8", 1), (READER, 2), ("custom", 2), ("vanished", None)],
)
def test_a_role_has_a_tier_unless_its_definition_is_gone(derive: Derive, role: str, tier: int | None) -> None:
    (row,) = privileged(derive, active_role_assignments=[held("u1", role)])

    assert row["tier"] == tier
    assert row["is_tier0"] == (None if tier is None else tier == 0)


def test_a_listed_role_keeps_its_tier_without_a_definition(derive: Derive) -> None:
    (row,) = privileged(derive, active_role_assignments=[held("u1")], role_definitions=[])

    assert (row["tier"], row["role_name"], row["role_template_id"]) == (0, "Global Administrator", None)


def test_pim_adds_start_end_and_kind_to_an_assignment(derive: Derive) -> None:
    (row,) = derive(
        "role_assignments",
        role_definitions=DEFINITIONS,
        active_role_assignments=[held("u1")],
        role_assignment_instances=[
            held("u1", member_type="direct", assignment_type="activated", end_at="2026-03-01T00:00:00Z")
        ],
    )

    assert (row["state"], row["assignment_type"], row["member_type"]) == ("active", "activated", "direct")
    assert row["end_at"] == datetime(2026, 3, 1)  # noqa: DTZ001 - snapshots hold UTC without a zone


def test_without_pim_an_assignment_is_still_there(derive: Derive) -> None:
    (row,) = derive("role_assignments", role_definitions=DEFINITIONS, active_role_assignments=[held("u1")])

    assert (row["state"], row["assignment_type"], row["end_at"]) == ("active", None, None)


def test_what_only_pim_tells_is_not_lost(derive: Derive) -> None:
    (row,) = privileged(derive, role_assignment_instances=[held("u1", member_type="group")])

    assert (row["principal_id"], row["path"], row["via_group_id"]) == ("u1", "group", None)


def test_what_pim_tells_through_a_known_group_is_not_told_twice(derive: Derive) -> None:
    rows = privileged(
        derive,
        active_role_assignments=[held("g1")],
        role_assignment_instances=[held("g1", member_type="direct"), held("u1", member_type="group")],
        role_groups=[{"id": "g1"}],
        role_group_members=[member("g1", "u1")],
    )

    assert [row["via_group_id"] for row in rows if row["principal_id"] == "u1"] == ["g1"]


def test_a_direct_holder_who_is_a_member_too_keeps_both_rows(derive: Derive) -> None:
    rows = privileged(
        derive,
        active_role_assignments=[held("g1"), held("u1")],
        role_groups=[{"id": "g1"}],
        role_group_members=[member("g1", "u1")],
    )

    assert sorted(row["path"] for row in rows if row["principal_id"] == "u1") == ["direct", "group"]


@pytest.mark.parametrize(
    ("table", "key", "counts"),
    [("tier0_roles", "role_template_id", {0: 13, 1: 34}), ("tier0_permissions", "app_role_id", {0: 41, 1: 69})],
)
def test_the_lists_of_privileges_name_everything_once(
    derive: Derive, table: str, key: str, counts: dict[int, int]
) -> None:
    rows = derive(table)

    assert len({row[key] for row in rows}) == len(rows)
    assert {tier: sum(row["tier"] == tier for row in rows) for tier in (0, 1)} == counts
    assert all(len(row[key]) == 36 and row[key] == row[key].lower() for row in rows)


def test_the_permission_that_assigns_roles_is_in_tier_0(derive: Derive) -> None:
    tiers = {row["name"]: row["tier"] for row in derive("tier0_permissions")}

    assert tiers["RoleManagement.ReadWrite.Directory"] == tiers["AppRoleAssignment.ReadWrite.All"] == 0
    assert "User.Read.All" not in tiers or tiers["User.Read.All"] == 1
