"""The least set of permissions, with reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.definitions.compiled import CompiledCheck
from posture.tables.table import WantedTable
from posture.usecases.permissions import EVERY_SCAN, NeededPermission, missing_permissions, needed_permissions
from tests.usecases.builders import a_check, a_compiled_check, a_source, a_table

NAMES = ("A.Read.All", "B.Read.All", "C.Read.All", "D.Read.All")


def wanted(name: str, *permissions: str, covered_by: Mapping[str, set[str]] | None = None) -> WantedTable:
    covers = {permission: frozenset(wider) for permission, wider in (covered_by or {}).items()}
    source = replace(a_source(path=name), permissions=permissions, covered_by=covers)
    table = a_table(name, source=source)
    return WantedTable(table=table, columns=table.columns)


def reading(check: str, *tables: str, previous: frozenset[str] = frozenset()) -> CompiledCheck:
    return a_compiled_check(
        check=a_check(check),
        source_columns={table: frozenset({"id"}) for table in tables},
        previous=previous,
    )


def without_every_scan(needed: tuple[NeededPermission, ...]) -> list[NeededPermission]:
    return [need for need in needed if need.permission != EVERY_SCAN]


def test_every_scan_needs_the_tenants_plans_even_if_it_reads_no_table() -> None:
    (need,) = needed_permissions([], [])
    assert need.permission == EVERY_SCAN
    assert need.is_for_every_scan
    assert (need.tables, need.checks) == ((), ())


def test_a_permission_comes_with_the_tables_and_checks_that_need_it() -> None:
    needed = needed_permissions(
        [wanted("users", "User.Read.All"), wanted("guests", "User.Read.All"), wanted("risky", "Risk.Read.All")],
        [reading("b-check", "users", "risky"), reading("a-check", "guests")],
    )
    by_name = {need.permission: need for need in without_every_scan(needed)}
    assert list(by_name) == ["Risk.Read.All", "User.Read.All"]
    assert by_name["User.Read.All"].tables == ("guests", "users")
    assert by_name["User.Read.All"].checks == ("a-check", "b-check")
    assert by_name["Risk.Read.All"].checks == ("b-check",)


def test_a_check_that_reads_only_the_snapshot_before_needs_the_permission_too() -> None:
    check = reading("drift", "users", previous=frozenset({"groups"}))
    needed = needed_permissions([wanted("users", "U.Read.All"), wanted("groups", "G.Read.All")], [check])
    assert [need.checks for need in without_every_scan(needed)] == [("drift",), ("drift",)]


def test_a_table_that_needs_two_permissions_is_a_reason_for_both() -> None:
    needed = needed_permissions([wanted("activity", "Audit.Read.All", "User.Read.All")], [reading("x", "activity")])
    assert [need.permission for need in without_every_scan(needed)] == ["Audit.Read.All", "User.Read.All"]


def test_a_permission_that_another_needed_one_covers_is_left_out_and_its_reasons_move() -> None:
    tables = [
        wanted("apps", "Application.Read.All", covered_by={"Application.Read.All": {"Wide.Read.All"}}),
        wanted("wide", "Wide.Read.All"),
    ]
    (need,) = without_every_scan(needed_permissions(tables, [reading("app-check", "apps")]))
    assert need.permission == "Wide.Read.All"
    assert need.tables == ("apps", "wide")
    assert need.checks == ("app-check",)


def test_a_wider_permission_that_nothing_needs_is_never_chosen() -> None:
    tables = [
        wanted("apps", "Application.Read.All", covered_by={"Application.Read.All": {"Directory.ReadWrite.All"}}),
        wanted("users", "User.Read.All", covered_by={"User.Read.All": {"Directory.ReadWrite.All"}}),
    ]
    needed = without_every_scan(needed_permissions(tables, []))
    assert [need.permission for need in needed] == ["Application.Read.All", "User.Read.All"]


def test_a_permission_covered_for_one_table_only_stays() -> None:
    tables = [
        wanted("one", "A.Read.All", covered_by={"A.Read.All": {"B.Read.All"}}),
        wanted("two", "A.Read.All"),
        wanted("three", "B.Read.All"),
    ]
    needed = without_every_scan(needed_permissions(tables, []))
    assert [need.permission for need in needed] == ["A.Read.All", "B.Read.All"]


def test_two_permissions_that_cover_each_other_leave_one() -> None:
    tables = [
        wanted("one", "A.Read.All", covered_by={"A.Read.All": {"B.Read.All"}}),
        wanted("two", "B.Read.All", covered_by={"B.Read.All": {"A.Read.All"}}),
    ]
    assert len(without_every_scan(needed_permissions(tables, []))) == 1


@pytest.mark.parametrize(
    ("granted", "is_enough"),
    [
        ({"A.Read.All"}, True),
        ({"Wide.Read.All"}, True),
        ({"B.Read.All"}, False),
        (set(), False),
        ({"a.read.all"}, False),
    ],
)
def test_a_wider_granted_permission_is_enough(granted: set[str], is_enough: bool) -> None:
    tables = [wanted("one", "A.Read.All", covered_by={"A.Read.All": {"Wide.Read.All"}})]
    needed = without_every_scan(needed_permissions(tables, []))
    missing = missing_permissions(needed, frozenset(granted))
    assert [need.permission for need in missing] == ([] if is_enough else ["A.Read.All"])


def test_a_permission_that_opens_only_some_of_its_tables_is_missing() -> None:
    tables = [
        wanted("one", "A.Read.All", covered_by={"A.Read.All": {"Wide.Read.All"}}),
        wanted("two", "A.Read.All"),
    ]
    needed = without_every_scan(needed_permissions(tables, []))
    assert missing_permissions(needed, frozenset({"Wide.Read.All"})) == tuple(needed)


@st.composite
def _tables(draw: st.DrawFn) -> list[WantedTable]:
    count = draw(st.integers(min_value=0, max_value=5))
    tables = []
    for number in range(count):
        permissions = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True))
        covered_by = {name: draw(st.sets(st.sampled_from(NAMES), max_size=2)) for name in permissions}
        tables.append(wanted(f"table_{number}", *permissions, covered_by=covered_by))
    return tables


@given(tables=_tables())
def test_the_chosen_set_opens_everything_and_none_of_it_can_be_spared(tables: list[WantedTable]) -> None:
    needed = needed_permissions(tables, [])
    chosen = frozenset(need.permission for need in needed)
    assert missing_permissions(needed, chosen) == ()
    assert all(missing_permissions(needed, chosen - {permission}) for permission in chosen)


@given(tables=_tables(), seed=st.randoms(use_true_random=False))
def test_the_order_of_tables_does_not_matter(tables: list[WantedTable], seed: Random) -> None:
    shuffled = list(tables)
    seed.shuffle(shuffled)
    assert needed_permissions(shuffled, []) == needed_permissions(tables, [])
