"""Values for tests of the use cases; name only what the test is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from posture.definitions.compiled import CompiledCheck, Reads
from posture.domain.check import Check, CheckId, Maturity, SeverityRule
from posture.domain.judgement import Value
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.severity import Severity
from posture.domain.tenant import Licence
from posture.tables.table import (
    ALL_CLOUDS,
    Column,
    Source,
    SourceKind,
    SourceTable,
    ThrottleClass,
    WithoutLicence,
)

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
TENANT_ID = "11111111-1111-1111-1111-111111111111"


@dataclass(frozen=True)
class FixedSentence:
    sentence: str

    def render(self, row: Mapping[str, Value]) -> str:
        return self.sentence.format(**row)


def a_source(
    *,
    path: str = "users",
    licence: Licence | None = None,
    without_licence: WithoutLicence = WithoutLicence.UNKNOWN,
) -> Source:
    return Source(
        kind=SourceKind.COLLECTION,
        path=path,
        for_each=(),
        page_size=999,
        selectable=True,
        permissions=("User.Read.All",),
        covered_by={},
        licence=licence,
        without_licence=without_licence,
        throttle_class=ThrottleClass.DIRECTORY,
        clouds=ALL_CLOUDS,
        headers={},
    )


def a_table(name: str = "users", *, source: Source | None = None) -> SourceTable:
    return SourceTable(
        name=name,
        doc="A table.",
        source=source or a_source(path=name),
        key=("id",),
        columns=(
            Column(name="id", type="VARCHAR", field="id", doc="Object id."),
            Column(name="display_name", type="VARCHAR", field="displayName", doc="Name."),
            Column(name="account_enabled", type="BOOLEAN", field="accountEnabled", doc="May sign in."),
        ),
    )


def an_outcome(
    table: str = "users",
    outcome: Outcome = Outcome.COMPLETE,
    *,
    reason: str | None = None,
    missing: str | None = None,
) -> TableOutcome:
    return TableOutcome(
        table=table,
        outcome=outcome,
        rows=0,
        requests=1,
        seconds=0.1,
        as_of=MONDAY,
        reason=reason,
        missing=missing,
    )


def a_check(id: str = "disabled-users", *, identity: tuple[str, ...] = ()) -> Check:
    return Check(
        id=CheckId(id),
        title="Account is disabled",
        resource="user",
        severity=SeverityRule(default=Severity.HIGH, critical_when=None),
        maturity=Maturity.STABLE,
        deprecated_because=None,
        tags=("user",),
        why="For the test.",
        fix="Nothing.",
        references=(),
        false_positives=(),
        frameworks={},
        parameters=(),
        rows=None,
        identity=identity,
        applies_when="true",
        fail_when="not account_enabled",
        message_fail="{display_name} is disabled",
        message_unknown="nobody knows",
        evidence=("account_enabled",),
        actions=(),
        path=Path("checks/user/disabled-users.yaml"),
        is_local=False,
    )


_DISABLED_USERS = """
select
  id as resource_id,
  display_name as resource_name,
  display_name,
  account_enabled,
  case when account_enabled is null then 'unknown' when account_enabled then 'pass' else 'fail' end as _verdict,
  'high' as _severity
from users
"""


def a_compiled_check(
    *,
    check: Check | None = None,
    sql: str = _DISABLED_USERS,
    source_columns: Mapping[str, frozenset[str]] | None = None,
    previous: frozenset[str] = frozenset(),
) -> CompiledCheck:
    check = check or a_check()
    return CompiledCheck(
        check=check,
        sql=sql,
        parameters={},
        reads=Reads(
            source_columns=source_columns or {"users": frozenset({"id", "display_name", "account_enabled"})},
            derived=(),
            previous=previous,
        ),
        message_fail=FixedSentence(check.message_fail),
        message_unknown=FixedSentence(check.message_unknown),
    )
