"""A small dictionary, one good check, and ways to write a check with something changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from posture.definitions.catalog import Catalog, load_checks
from posture.definitions.dictionary import Dictionary
from posture.definitions.loaded import LoadedCheck
from posture.tables.table import (
    ALL_CLOUDS,
    Column,
    DerivedTable,
    ResourceType,
    Source,
    SourceKind,
    SourceTable,
    Table,
    ThrottleClass,
    WithoutLicence,
)

GOOD_CHECK = """\
kind: check
id: owner-missing
title: Application has no owner
resource: application
severity: medium
maturity: stable
tags: [application]
why: >
  Nobody notices when an application without an owner is misused.
fix: >
  Name at least one owner who is still with the company.
references:
  - https://learn.microsoft.com/graph/api/resources/application
false_positives: []
params:
  grace_days: {type: integer, unit: days, default: 30, min: 1, max: 365}
rows: |
  select
    a.id           as resource_id,
    a.display_name as resource_name,
    a.created_at,
    a.owner_count
  from applications a
identity: []
applies_when: created_at < $now - to_days($grace_days)
fail_when: owner_count = 0
message:
  fail: "{{ resource_name }} has {{ owner_count }} owners"
  unknown: "Graph did not say how many owners there are"
evidence: [owner_count]
actions: []
tests:
  now: 2026-03-01T00:00:00Z
  base:
    applications: {id: app-1, display_name: Payroll, created_at: 2025-01-01T00:00:00Z, owner_count: 2}
  cases:
    - {name: two owners, expect: pass}
    - name: no owner
      change: {applications: {owner_count: 0}}
      expect: fail
    - name: owners not told
      change: {applications: {owner_count: null}}
      expect: unknown
"""


def column(name: str, type_: str, **more: object) -> Column:
    return Column(name=name, type=type_, field=name, doc="…", **more)  # type: ignore[arg-type]


def source_table(name: str, *columns: Column, key: tuple[str, ...] = ("id",)) -> SourceTable:
    source = Source(
        kind=SourceKind.COLLECTION,
        path=f"/{name}",
        for_each=(),
        page_size=999,
        selectable=True,
        permissions=("Directory.Read.All",),
        covered_by={},
        licence=None,
        without_licence=WithoutLicence.EMPTY,
        throttle_class=ThrottleClass.DIRECTORY,
        clouds=ALL_CLOUDS,
        headers={},
    )
    return SourceTable(name=name, doc="…", source=source, key=key, columns=columns)


def derived_table(name: str, sql: str, *columns: Column) -> DerivedTable:
    return DerivedTable(name=name, doc="…", sql=sql, columns=columns)


CREDENTIALS_SQL = """
select a.id as application_id, c.keyId as key_id, 'secret' as kind, graph_time(c.endDateTime) as end_at
from applications a, unnest(a.password_credentials) as u(c)
"""
TABLES: tuple[Table, ...] = (
    source_table(
        "users",
        column("id", "VARCHAR"),
        column("display_name", "VARCHAR"),
        column("user_principal_name", "VARCHAR"),
        column("account_enabled", "BOOLEAN"),
        column("user_type", "VARCHAR", values=("member", "guest")),
        column("created_at", "TIMESTAMP"),
        column("tags", "VARCHAR[]"),
    ),
    source_table(
        "risky_users",
        column("user_id", "VARCHAR"),
        column("risk_state", "VARCHAR"),
        column("risk_level", "VARCHAR"),
        key=("user_id",),
    ),
    source_table(
        "applications",
        column("id", "VARCHAR"),
        column("display_name", "VARCHAR"),
        column("created_at", "TIMESTAMP"),
        column("owner_count", "BIGINT"),
        column("password_credentials", "STRUCT(keyId VARCHAR, endDateTime VARCHAR)[]"),
    ),
    derived_table(
        "application_credentials",
        CREDENTIALS_SQL,
        column("application_id", "VARCHAR"),
        column("key_id", "VARCHAR"),
        column("kind", "VARCHAR"),
        column("end_at", "TIMESTAMP"),
    ),
    derived_table(
        "ended_credentials",
        "select application_id, key_id from application_credentials where end_at < timestamp '2026-01-01'",
        column("application_id", "VARCHAR"),
        column("key_id", "VARCHAR"),
    ),
)
RESOURCE_TYPES = (
    ResourceType(name="user", table="users", name_column="user_principal_name"),
    ResourceType(name="application", table="applications", name_column="display_name"),
)


@pytest.fixture(scope="session")
def dictionary() -> Dictionary:
    return Dictionary(TABLES, RESOURCE_TYPES)


@pytest.fixture(scope="session")
def good_check() -> str:
    return GOOD_CHECK


@pytest.fixture
def load(tmp_path: Path, dictionary: Dictionary) -> Callable[..., Catalog]:
    """Load the good check with texts replaced: ``load(("old", "new"), …)``; the old text must be there."""

    def load_changed(*changes: tuple[str, str], name: str = "owner-missing") -> Catalog:
        text = GOOD_CHECK
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return load_checks([path], dictionary)

    return load_changed


@pytest.fixture
def load_one(load: Callable[..., Catalog]) -> Callable[..., LoadedCheck]:
    """The same, returning the one check."""

    def load_changed(*changes: tuple[str, str]) -> LoadedCheck:
        return load(*changes).checks[0]

    return load_changed
