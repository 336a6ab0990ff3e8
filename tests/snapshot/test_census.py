"""Who somebody means, and how many there are: told by a snapshot that knows, and by no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture.definitions.dictionary import Dictionary
from posture.domain.outcome import Outcome
from posture.snapshot.census import Census
from posture.tables.table import ResourceType
from tests.snapshot.made_up import USERS, publish, snapshots_in

KINDS = (
    ResourceType(name="user", table="users", name_column="name"),
    ResourceType(name="domain", table="domains", name_column="id"),
)
PEOPLE = [
    {"id": "u1", "displayName": "Ada"},
    {"id": "u2", "displayName": "o'Brien"},
    {"id": "u3", "displayName": "Twin"},
    {"id": "u4", "displayName": "twin"},
    {"id": "u5", "displayName": None},
]


def a_census(directory: Path, **changes: object) -> Census:
    snapshot = publish(snapshots_in(directory), {"users": PEOPLE}, **changes)
    return Census(snapshot, Dictionary([USERS], KINDS))


def test_everybody_is_counted(tmp_path: Path) -> None:
    assert a_census(tmp_path).population("user") == 5


@pytest.mark.parametrize("kind", ["domain", "no-such-kind"])
def test_what_was_not_read_is_not_zero(tmp_path: Path, kind: str) -> None:
    census = a_census(tmp_path)

    assert census.population(kind) is None
    assert census.find(kind, "u1") == ()


def test_half_a_table_is_no_population(tmp_path: Path) -> None:
    assert a_census(tmp_path, outcomes={"users": Outcome.PARTIAL}).population("user") is None


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("u1", ["u1"]),
        ("U1", ["u1"]),
        ("ada", ["u1"]),
        ("o'Brien", ["u2"]),
        ("TWIN", ["u3", "u4"]),
        ("nobody", []),
        ("' or 1=1 --", []),
        ("", []),
    ],
)
def test_somebody_is_found_by_id_or_name_in_any_case(tmp_path: Path, text: str, ids: list[str]) -> None:
    found = a_census(tmp_path).find("user", text)

    assert sorted(resource.id for resource in found) == ids
    assert {resource.type for resource in found} <= {"user"}


def test_without_the_column_of_names_the_id_is_enough(tmp_path: Path) -> None:
    census = a_census(tmp_path, without=["name"])

    assert [(one.id, one.name) for one in census.find("user", "u1")] == [("u1", None)]
    assert census.find("user", "Ada") == ()
