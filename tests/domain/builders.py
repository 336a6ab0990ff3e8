"""Values of the domain for tests; name only what the test is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.domain.finding import Finding, FindingState, fingerprint
from posture.domain.judgement import CheckOutcome, CheckResult, Counts, Judgement, Resource
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.run import Run, RunState
from posture.domain.severity import Severity
from posture.domain.verdict import Verdict

TENANT = "11111111-1111-1111-1111-111111111111"
CHECK = CheckId("inactive-users")
MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def a_resource(**changes: Any) -> Resource:
    fields: dict[str, Any] = {"type": "user", "id": "00000000-0000-0000-0000-000000000001", "name": "Ada"}
    return Resource(**(fields | changes))


def a_finding(**changes: Any) -> Finding:
    """An open finding, first seen on Monday; its fingerprint follows from what it is about."""
    fields: dict[str, Any] = {
        "tenant_id": TENANT,
        "check": CHECK,
        "resource": a_resource(),
        "identity": {},
        "severity": Severity.MEDIUM,
        "message": "Ada has not signed in for 120 days.",
        "evidence": {"days": 120},
        "state": FindingState.OPEN,
        "resolution": None,
        "first_failed_at": MONDAY,
        "last_failed_at": MONDAY,
        "judged_at": MONDAY,
        "times_opened": 1,
    } | changes
    print_of = fingerprint(
        check=fields["check"],
        tenant_id=fields["tenant_id"],
        resource_id=fields["resource"].id,
        identity=fields["identity"],
    )
    return Finding(**({"fingerprint": print_of} | fields))


def a_judgement(**changes: Any) -> Judgement:
    """A failing judgement about the same thing as ``a_finding``."""
    finding = a_finding()
    fields: dict[str, Any] = {
        "check": finding.check,
        "resource": finding.resource,
        "identity": finding.identity,
        "verdict": Verdict.FAIL,
        "severity": finding.severity,
        "message": finding.message,
        "evidence": finding.evidence,
        "fingerprint": finding.fingerprint,
    }
    return Judgement(**(fields | changes))


def an_exemption(**changes: Any) -> Exemption:
    fields: dict[str, Any] = {
        "tenant": "contoso",
        "check": CHECK,
        "resource_id": a_resource().id,
        "owner": "it-security@example.com",
        "reason": "Used once a year for the audit.",
        "ends_at": MONDAY,
        "origin": "exemptions.yaml:2:5",
    }
    return Exemption(**(fields | changes))


def a_run(**changes: Any) -> Run:
    fields: dict[str, Any] = {
        "id": "run-1",
        "tenant_id": TENANT,
        "tenant_name": "contoso",
        "taken_at": MONDAY,
        "finished_at": None,
        "state": RunState.RUNNING,
        "aborted_because": None,
    }
    return Run(**(fields | changes))


def a_table_outcome(**changes: Any) -> TableOutcome:
    fields: dict[str, Any] = {
        "table": "users",
        "outcome": Outcome.COMPLETE,
        "rows": 2000,
        "requests": 3,
        "seconds": 1.5,
        "as_of": MONDAY,
        "reason": None,
        "missing": None,
    }
    return TableOutcome(**(fields | changes))


def a_check_result(**changes: Any) -> CheckResult:
    fields: dict[str, Any] = {
        "check": CHECK,
        "severity": Severity.MEDIUM,
        "outcome": CheckOutcome.EVALUATED,
        "skipped": None,
        "error": None,
        "counts": Counts(passed=1, failed=2, unknown=3, not_applicable=4, exempted=5),
    }
    return CheckResult(**(fields | changes))
