"""``posture tables``: the data dictionary as people and scripts read it."""

from __future__ import annotations

import pytest

from posture.errors import UsageError
from posture.tables import TABLES
from posture.tables.table import SourceTable
from tests.cli.conftest import run


def test_the_list_names_every_table() -> None:
    said = run("tables", "list")

    assert {line.split()[0] for line in said.out.splitlines()[1:] if not line.startswith(" ")} >= {
        table.name for table in TABLES
    }


def test_the_list_as_json_tells_where_each_comes_from() -> None:
    listed = {table["name"]: table for table in run("tables", "list", "--format", "json").json()}

    assert listed.keys() == {table.name for table in TABLES}
    for table in TABLES:
        assert (listed[table.name]["source"] is not None) == isinstance(table, SourceTable)


def test_a_table_shows_its_request_its_permission_and_every_column() -> None:
    said = run("tables", "show", "users")

    assert "GET /users" in said.out
    assert "User.Read.All" in said.out
    (users,) = [table for table in TABLES if table.name == "users"]
    for column in users.columns:
        assert column.name in said.out


def test_a_table_that_needs_a_licence_says_so() -> None:
    assert "Entra ID P2" in run("tables", "show", "risky_users").out
    assert run("tables", "show", "risky_users", "--format", "json").json()["source"]["licence"] == "Entra ID P2"


def test_a_derived_table_has_no_request_of_its_own() -> None:
    said = run("tables", "show", "privileged_principals")

    assert "GET /" not in said.out
    assert run("tables", "show", "privileged_principals", "--format", "json").json()["source"] is None


@pytest.mark.parametrize(("name", "hint"), [("user", '"users"'), ("zzzzzzzz", "posture tables list")])
def test_a_table_that_does_not_exist_is_refused_with_a_way_on(name: str, hint: str) -> None:
    said = run("tables", "show", name)

    assert isinstance(said.error, UsageError)
    assert hint in str(said.error)
