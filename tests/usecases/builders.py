"""Values for tests of the use cases; name only what the test is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from posture.definitions.compiled import CompiledCheck, Reads
from posture.domain.action import ActionId, Risk
from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.check import Check, CheckId, Maturity, SeverityRule
from posture.domain.journal import JournalEntry, SendState
from posture.domain.judgement import Resource, Value
from posture.domain.operator import Operator, Role
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.plan import Approval, Plan, Target
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
from tests.domain import plans

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


def a_target(number: int = 1, **changes: Any) -> Target:
    """A user of a plan for whom nothing was done yet, found by a check."""
    fields: dict[str, Any] = {
        "resource": Resource(type="user", id=f"00000000-0000-0000-0000-{number:012}", name="Ada"),
        "check": CheckId("disabled-users"),
        "fingerprint": f"f{number}",
    }
    return plans.a_target(number, **(fields | changes))


def a_plan(**changes: Any) -> Plan:
    """A plan proposed by ada on Monday: one target, one other person must approve."""
    fields: dict[str, Any] = {
        "id": "a1b2c3",
        "tenant_id": TENANT_ID,
        "action": ActionId("disable-user"),
        "risk": Risk.REVERSIBLE,
        "targets": (a_target(),),
        "limits": plans.limits(share=0.05, failures=2),
        "proposed_at": MONDAY,
        "expires_at": MONDAY + timedelta(days=7),
    }
    return plans.a_plan(**(fields | changes))


def an_approval(**changes: Any) -> Approval:
    """Bob's yes to ``a_plan``."""
    fields: dict[str, Any] = {"role": Role.HELPDESK, "note": "They have left.", "at": MONDAY}
    return plans.a_yes(changes.pop("by", "bob"), a_plan(), **(fields | changes))


def an_operator(name: str = "ada", **changes: Any) -> Operator:
    fields: dict[str, Any] = {
        "role": Role.HELPDESK,
        "added_at": MONDAY,
        "expires_at": MONDAY + timedelta(days=90),
    }
    return plans.an_operator(name, **(fields | changes))


def a_journal_entry(**changes: Any) -> JournalEntry:
    """The first request for the first target of ``a_plan``, not answered yet."""
    fields: dict[str, Any] = {
        "number": 1,
        "plan_id": "a1b2c3",
        "target": 1,
        "step": "disable",
        "method": "PATCH",
        "path": "/users/00000000-0000-0000-0000-000000000001",
        "body": {"accountEnabled": False},
        "intended_at": MONDAY,
        "state": SendState.INTENDED,
        "ended_at": None,
        "status": None,
        "error": None,
        "request_id": None,
        "kept": {},
    }
    return JournalEntry(**(fields | changes))


def an_audit_event(**changes: Any) -> AuditEvent:
    fields: dict[str, Any] = {
        "at": MONDAY,
        "actor": "ada",
        "kind": AuditKind.PLAN_PROPOSED,
        "tenant_id": TENANT_ID,
        "plan_id": "a1b2c3",
        "details": {"action": "disable-user", "targets": 1},
    }
    return AuditEvent(**(fields | changes))
