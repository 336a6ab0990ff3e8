"""The data dictionary holds together: names, types, documentation, and what each source needs."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from posture.domain.tenant import Licence
from posture.tables import RESOURCE_TYPES, TABLES
from posture.tables.live import ONLY_LIVE
from posture.tables.table import Column, DerivedTable, SourceKind, SourceTable, Table, ThrottleClass, WithoutLicence

EVERY: tuple[Table, ...] = (*TABLES, *ONLY_LIVE)
SOURCES = [table for table in TABLES if isinstance(table, SourceTable)]
DERIVED = [table for table in EVERY if isinstance(table, DerivedTable)]
COLUMNS = [
    pytest.param(table, column, id=f"{table.name}.{column.name}") for table in EVERY for column in table.columns
]
SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# Property names of the Graph types behind the tables, after Microsoft's metadata of v1.0 (August 2026).
GRAPH_PROPERTIES: dict[str, str] = json.loads((Path(__file__).parent / "graph_properties.json").read_text("utf-8"))


def named(table: Table | SourceTable | DerivedTable) -> str:
    return table.name


def test_no_table_and_no_column_stands_twice() -> None:
    names = [table.name for table in EVERY]

    assert len(names) == len(set(names))
    for table in EVERY:
        columns = [column.name for column in table.columns]
        assert len(columns) == len(set(columns)), table.name


@pytest.mark.parametrize("table", EVERY, ids=named)
def test_a_table_says_what_a_missing_row_means(table: Table) -> None:
    assert SNAKE_CASE.fullmatch(table.name)
    assert len(table.doc) > 40
    assert re.search(r"not here|no row|without|one row|where each", table.doc, re.IGNORECASE)


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_column_is_named_typed_and_described(table: Table, column: Column) -> None:
    assert SNAKE_CASE.fullmatch(column.name)
    assert column.doc.endswith(".")
    assert column.type in ("VARCHAR", "BOOLEAN", "BIGINT", "TIMESTAMP", "VARCHAR[]") or column.type.startswith(
        "STRUCT("
    )
    assert column.name.endswith("_at") == (column.type == "TIMESTAMP")
    assert (column.field is None) == isinstance(table, DerivedTable)


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_known_values_are_not_those_that_mean_unknown(table: Table, column: Column) -> None:
    assert column.unknown.isdisjoint(column.values), table.name


@pytest.mark.parametrize("table", SOURCES, ids=named)
def test_every_field_is_a_property_of_the_graph_type(table: SourceTable) -> None:
    properties = {*GRAPH_PROPERTIES[table.name].split(), "@odata.type"}

    for column in table.columns:
        assert column.field is not None
        first = column.field if column.field.startswith("@") else column.field.split(".")[0]
        assert first in properties, f"{table.name}.{column.name}"


@pytest.mark.parametrize("table", SOURCES, ids=named)
def test_a_key_names_columns_of_its_table(table: SourceTable) -> None:
    assert table.key
    assert set(table.key) <= {column.name for column in table.columns}


@pytest.mark.parametrize("table", SOURCES, ids=named)
def test_a_source_says_what_it_needs_and_what_covers_it(table: SourceTable) -> None:
    source = table.source

    assert source.permissions
    assert source.covered_by.keys() == set(source.permissions)
    for permission, wider in source.covered_by.items():
        assert permission not in wider
    assert not source.path.startswith("/")
    assert "$select" not in source.path
    assert "$top" not in source.path
    assert ("{}" in source.path) == bool(source.for_each)


def test_a_permission_that_covers_one_request_does_not_cover_others() -> None:
    covering = {
        table.name: set().union(*table.source.covered_by.values()) for table in SOURCES if table.source.covered_by
    }

    for permission, table in {
        "Policy.ReadWrite.SecurityDefaults": "security_defaults",
        "Policy.ReadWrite.Authorization": "authorization_policy",
    }.items():
        assert {name for name, wider in covering.items() if permission in wider} == {table}
    assert "RoleManagement.Read.All" in covering["role_definitions"]
    assert "RoleManagement.Read.All" not in covering["active_role_assignments"]


def test_no_source_asks_for_a_permission_to_write() -> None:
    asked = {permission for table in SOURCES for permission in table.source.permissions}

    assert not [permission for permission in asked if "Write" in permission]


def test_pages_are_as_large_as_graph_allows() -> None:
    sizes = {table.name: table.source.page_size for table in SOURCES}

    assert sizes["users"] == sizes["applications"] == sizes["service_principals"] == 999
    assert sizes["user_sign_in_activity"] == 500
    assert sizes["risky_users"] == sizes["risk_detections"] == 500


def test_sign_in_activity_is_asked_for_by_itself() -> None:
    slow = {table.name for table in SOURCES if table.source.throttle_class is ThrottleClass.SIGN_IN_ACTIVITY}
    reading = {
        table.name
        for table in SOURCES
        if any(str(column.field).startswith("signInActivity") for column in table.columns)
    }

    assert slow == reading == {"user_sign_in_activity"}


def test_a_missing_licence_is_knowledge_only_where_the_feature_cannot_be_in_use() -> None:
    licensed = {table.name: table.source for table in SOURCES if table.source.licence is not None}
    empty = {name for name, source in licensed.items() if source.without_licence is WithoutLicence.EMPTY}

    assert empty == {
        "conditional_access_documents",
        "named_locations",
        "role_assignment_instances",
        "role_eligibility_instances",
    }
    assert licensed["risky_users"].licence is Licence.P2
    assert licensed["user_registration_details"].licence is Licence.P1


def test_singletons_are_single_and_not_paged() -> None:
    singletons = [table for table in SOURCES if table.source.kind is SourceKind.SINGLETON]

    assert {table.name for table in singletons} == {
        "security_defaults",
        "authorization_policy",
        "authentication_methods_policy",
    }
    assert all(table.source.page_size is None for table in singletons)


def test_every_sql_file_is_used() -> None:
    found = {Path(entry.name).stem for entry in files("posture.tables").joinpath("derived").iterdir()}

    sharing = {"application_credentials", "service_principal_credentials"}
    assert found == {table.name for table in DERIVED} - sharing | {"credentials"}


@pytest.mark.parametrize("table", DERIVED, ids=named)
def test_a_derived_table_gives_exactly_the_declared_columns(
    table: DerivedTable, database: duckdb.DuckDBPyConnection
) -> None:
    described = database.execute(f"describe {table.name}").fetchall()

    assert [(row[0], row[1]) for row in described] == [(column.name, column.type) for column in table.columns]


@pytest.mark.parametrize("table", [table for table in DERIVED if not table.name.startswith("tier0_")], ids=named)
def test_a_derived_table_over_empty_tables_is_empty(table: DerivedTable, database: duckdb.DuckDBPyConnection) -> None:
    assert database.table(table.name).fetchall() == []


def test_resource_types_have_a_home_table_with_an_id_and_a_name() -> None:
    tables = {table.name: {column.name for column in table.columns} for table in TABLES}

    assert len({kind.name for kind in RESOURCE_TYPES}) == len(RESOURCE_TYPES)
    for kind in RESOURCE_TYPES:
        assert {"id", kind.name_column} <= tables[kind.table]
