"""A small made-up dictionary, and ways to say what a scan of it brings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from posture.definitions.compiled import CompiledCheck, Reads
from posture.domain.check import Check, CheckId, Maturity, ParameterValue, SeverityRule
from posture.domain.judgement import Value
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.reading import Page, ResumePoint
from posture.domain.severity import Severity
from posture.snapshot.reader import PublishedSnapshot
from posture.snapshot.snapshots import TenantSnapshots
from posture.tables.table import (
    ALL_CLOUDS,
    Column,
    DerivedTable,
    Source,
    SourceKind,
    SourceTable,
    Spelling,
    ThrottleClass,
    WantedTable,
    WithoutLicence,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT_ID = "11111111-1111-1111-1111-111111111111"


def a_source(**changes: object) -> Source:
    return replace(
        Source(
            kind=SourceKind.COLLECTION,
            path="/users",
            for_each=(),
            page_size=999,
            selectable=True,
            permissions=("User.Read.All",),
            covered_by={},
            licence=None,
            without_licence=WithoutLicence.UNKNOWN,
            throttle_class=ThrottleClass.DIRECTORY,
            clouds=ALL_CLOUDS,
            headers={},
        ),
        **changes,
    )


def a_column(name: str, kind: str, field: str | None, **changes: object) -> Column:
    return replace(Column(name=name, type=kind, field=field, doc="made up"), **changes)


USERS = SourceTable(
    name="users",
    doc="Users.",
    source=a_source(),
    key=("id",),
    columns=(
        a_column("id", "VARCHAR", "id"),
        a_column("name", "VARCHAR", "displayName"),
        a_column("enabled", "BOOLEAN", "accountEnabled"),
        a_column("kind", "VARCHAR", "userType", spelling=Spelling.LOWER),
        a_column("seen_at", "TIMESTAMP", "signInActivity.lastSignInDateTime"),
        a_column("tries", "BIGINT", "signInActivity.tries"),
        a_column("roles", "VARCHAR[]", "roles", unknown=frozenset({"hidden"})),
        a_column("secrets", "STRUCT(keyId VARCHAR, endDateTime VARCHAR)[]", "passwordCredentials"),
        a_column("odata_type", "VARCHAR", "@odata.type"),
    ),
)
RISKY = SourceTable(
    name="risky_users",
    doc="Risky users.",
    source=a_source(path="/identityProtection/riskyUsers", without_licence=WithoutLicence.EMPTY),
    key=("user_id",),
    columns=(
        a_column("user_id", "VARCHAR", "id"),
        a_column("level", "VARCHAR", "riskLevel", unknown=frozenset({"hidden"})),
    ),
)
MEMBERS = SourceTable(
    name="members",
    doc="Memberships.",
    source=a_source(path="/groups"),
    key=("group_id", "member_id"),
    columns=(a_column("group_id", "VARCHAR", "groupId"), a_column("member_id", "VARCHAR", "id")),
)
_PLACES = "STRUCT(users STRUCT(include VARCHAR[]), apps VARCHAR[], strength VARCHAR)"
RULES = SourceTable(
    name="rules",
    doc="Rules.",
    source=a_source(path="/rules"),
    key=("id",),
    columns=(
        a_column("id", "VARCHAR", "id"),
        a_column("places", _PLACES, "places"),
        a_column("strange", "VARCHAR[]", "places", beyond=_PLACES),
    ),
)
SECRETS = DerivedTable(
    name="secrets",
    doc="Secrets of users.",
    sql="select u.id as user_id, s.keyId as key_id, graph_time(s.endDateTime) as end_at "
    "from users u, unnest(u.secrets) as t(s)",
    columns=(
        a_column("user_id", "VARCHAR", None),
        a_column("key_id", "VARCHAR", None),
        a_column("end_at", "TIMESTAMP", None),
    ),
)
RISKY_NAMES = DerivedTable(
    name="risky_names",
    doc="Names of risky users.",
    sql="select u.name from users u join risky_users r on r.user_id = u.id",
    columns=(a_column("name", "VARCHAR", None),),
)
DICTIONARY = (USERS, RISKY, MEMBERS, RULES, SECRETS, RISKY_NAMES)
SOURCES = {table.name: table for table in (USERS, RISKY, MEMBERS, RULES)}


def wanted(*tables: SourceTable, without: Sequence[str] = ()) -> tuple[WantedTable, ...]:
    return tuple(
        WantedTable(table=table, columns=tuple(column for column in table.columns if column.name not in without))
        for table in tables
    )


def lines(items: Sequence[Mapping[str, object]]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def a_page(table: SourceTable, items: Sequence[Mapping[str, object]] | bytes, *, rows: int = 0) -> Page:
    content = items if isinstance(items, bytes) else lines(items)
    count = content.count(b"\n")
    resume = ResumePoint(link=f"https://graph.example.com/{rows}", part=0, rows=rows + count, requests=1)
    return Page(table=table.name, items=content, count=count, resume=resume)


def an_outcome(table: SourceTable, outcome: Outcome = Outcome.COMPLETE, *, rows: int = 0) -> TableOutcome:
    return TableOutcome(
        table=table.name,
        outcome=outcome,
        rows=rows,
        requests=1,
        seconds=0.5,
        as_of=NOW,
        reason=None if outcome is Outcome.COMPLETE else "because",
        missing=None,
    )


def snapshots_in(data_dir: Path, **changes: object) -> TenantSnapshots:
    return TenantSnapshots(data_dir, tenant_id=TENANT_ID, dictionary=DICTIONARY, now=lambda: NOW, **changes)


def publish(
    snapshots: TenantSnapshots,
    contents: Mapping[str, Sequence[Mapping[str, object]] | bytes],
    *,
    now: datetime = NOW,
    outcomes: Mapping[str, Outcome] | None = None,
    without: Sequence[str] = (),
) -> PublishedSnapshot:
    """Collect ``contents`` in one page a table and publish them."""
    outcomes = outcomes or {}
    tables = [SOURCES[name] for name in contents]
    with snapshots.open_spool(wanted(*tables, without=without), now=now) as spool:
        for table in tables:
            spool.append(a_page(table, contents[table.name]))
            spool.finish(an_outcome(table, outcomes.get(table.name, Outcome.COMPLETE)))
        return spool.publish()


@dataclass(frozen=True, kw_only=True)
class Sentence:
    text: str

    def render(self, row: Mapping[str, Value]) -> str:
        return self.text.format(**row)


def a_check(
    sql: str,
    *,
    identity: Sequence[str] = (),
    evidence: Sequence[str] = (),
    parameters: Mapping[str, ParameterValue] | None = None,
    derived: Sequence[str] = (),
    previous: Sequence[str] = (),
) -> CompiledCheck:
    """A compiled check with this SQL, which reads these derived tables, and these of the snapshot before."""
    check = Check(
        id=CheckId("made-up"),
        title="Made up",
        resource="user",
        severity=SeverityRule(default=Severity.HIGH, critical_when=None),
        maturity=Maturity.STABLE,
        deprecated_because=None,
        tags=(),
        why="because",
        fix="so",
        references=(),
        false_positives=(),
        frameworks={},
        parameters=(),
        rows=None,
        identity=tuple(identity),
        applies_when="true",
        fail_when="true",
        message_fail="fails",
        message_unknown="unknown",
        evidence=tuple(evidence),
        actions=(),
        path=Path("made-up.yaml"),
        is_local=True,
    )
    return CompiledCheck(
        check=check,
        sql=sql,
        parameters=parameters or {},
        reads=Reads(source_columns={}, derived=tuple(derived), previous=frozenset(previous)),
        message_fail=Sentence(text="fails"),
        message_unknown=Sentence(text="unknown"),
    )


def judging(columns: str, *, over: str, verdict: str = "'fail'") -> str:
    """SQL in the shape that the compiler makes."""
    return f"select {columns}, {verdict} as _verdict, 'high' as _severity from {over}"  # noqa: S608


def all_rows(snapshot: PublishedSnapshot, sql: str) -> list[list[Value]]:
    return [list(row) for row in snapshot.query(sql).rows]
