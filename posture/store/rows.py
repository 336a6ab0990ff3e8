"""Rows of the database ↔ values of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import RowMapping

from posture.domain.check import CheckId
from posture.domain.exemption import Exemption, RecordedExemption
from posture.domain.finding import Finding, FindingChange, FindingState, Resolution
from posture.domain.finding_view import FindingEvent
from posture.domain.judgement import CheckOutcome, CheckResult, Counts, Resource, SkipKind, SkipReason
from posture.domain.numbers import Numbers
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.run import Run, RunState
from posture.domain.severity import Severity
from posture.store.columns import storable_text

Row = dict[str, Any]

# PostgreSQL takes 2,700 bytes in an index, and a character may have four.
_KEY_LENGTH: Final = 200


def finding_row(finding: Finding) -> Row:
    return {
        "tenant_id": finding.tenant_id,
        "fingerprint": finding.fingerprint,
        "check_id": finding.check,
        "resource_type": finding.resource.type,
        "resource_id": finding.resource.id,
        "resource_name": finding.resource.name,
        "identity": dict(finding.identity),
        "severity": finding.severity.value,
        "severity_rank": finding.severity.rank,
        "message": finding.message,
        "evidence": dict(finding.evidence),
        "state": finding.state.value,
        "resolution": finding.resolution.value if finding.resolution else None,
        "first_failed_at": finding.first_failed_at,
        "last_failed_at": finding.last_failed_at,
        "judged_at": finding.judged_at,
        "times_opened": finding.times_opened,
    }


def listing_row(finding: Finding) -> Row:
    """Return what lists are made by, in lower case as Python has it. Long keys are cut, for indexes take no more: who
    finds a resource by its key compares the whole id as well."""
    name = finding.resource.name or ""
    texts = (finding.resource.id, name, finding.message)
    return {
        "resource_key": resource_key(finding.resource.id),
        "resource_order": storable_text(name or finding.resource.id).casefold()[:_KEY_LENGTH],
        "search_text": "\n".join(storable_text(text).casefold() for text in texts),
    }


def resource_key(resource_id: str) -> str:
    """Return the id of a resource as rows are found by it."""
    return storable_text(resource_id).lower()[:_KEY_LENGTH]


def finding_from(row: RowMapping) -> Finding:
    return Finding(
        fingerprint=row["fingerprint"],
        tenant_id=row["tenant_id"],
        check=CheckId(row["check_id"]),
        resource=Resource(type=row["resource_type"], id=row["resource_id"], name=row["resource_name"]),
        identity=row["identity"],
        severity=Severity(row["severity"]),
        message=row["message"],
        evidence=row["evidence"],
        state=FindingState(row["state"]),
        resolution=Resolution(row["resolution"]) if row["resolution"] else None,
        first_failed_at=row["first_failed_at"],
        last_failed_at=row["last_failed_at"],
        judged_at=row["judged_at"],
        times_opened=row["times_opened"],
    )


def event_from(row: RowMapping) -> FindingEvent:
    return FindingEvent(change=FindingChange(row["change"]), run_id=row["run_id"], at=row["at"])


def run_row(run: Run) -> Row:
    return {
        "id": run.id,
        "tenant_id": run.tenant_id,
        "tenant_name": run.tenant_name,
        "taken_at": run.taken_at,
        "finished_at": run.finished_at,
        "state": run.state.value,
        "aborted_because": run.aborted_because,
    }


def run_from(row: RowMapping) -> Run:
    return Run(
        id=row["id"],
        tenant_id=row["tenant_id"],
        tenant_name=row["tenant_name"],
        taken_at=row["taken_at"],
        finished_at=row["finished_at"],
        state=RunState(row["state"]),
        aborted_because=row["aborted_because"],
    )


def numbers_row(numbers: Numbers) -> Row:
    return {
        "passed": numbers.passed,
        "failed": numbers.failed,
        "unknown": numbers.unknown,
        "not_judged": numbers.not_judged,
    }


def numbers_from(row: RowMapping) -> Numbers | None:
    """Return the numbers that a run's row holds; None if it holds none."""
    if row["passed"] is None:
        return None
    return Numbers(passed=row["passed"], failed=row["failed"], unknown=row["unknown"], not_judged=row["not_judged"])


def table_row(run: Run, position: int, table: TableOutcome) -> Row:
    return {
        "run_id": run.id,
        "position": position,
        "table_name": table.table,
        "outcome": table.outcome.value,
        "rows": table.rows,
        "requests": table.requests,
        "seconds": table.seconds,
        "as_of": table.as_of,
        "reason": table.reason,
        "missing": table.missing,
    }


def table_from(row: RowMapping) -> TableOutcome:
    return TableOutcome(
        table=row["table_name"],
        outcome=Outcome(row["outcome"]),
        rows=row["rows"],
        requests=row["requests"],
        seconds=row["seconds"],
        as_of=row["as_of"],
        reason=row["reason"],
        missing=row["missing"],
    )


def check_row(run: Run, position: int, result: CheckResult) -> Row:
    skipped = result.skipped
    return {
        "run_id": run.id,
        "position": position,
        "check_id": result.check,
        "severity": result.severity.value,
        "outcome": result.outcome.value,
        "skip_kind": skipped.kind.value if skipped else None,
        "skip_detail": skipped.detail if skipped else None,
        "error": result.error,
    } | counts_row(result.counts)


def counts_row(counts: Counts | None) -> Row:
    return {
        "passed": counts.passed if counts else None,
        "failed": counts.failed if counts else None,
        "unknown": counts.unknown if counts else None,
        "not_applicable": counts.not_applicable if counts else None,
        "exempted": counts.exempted if counts else None,
    }


def check_from(row: RowMapping) -> CheckResult:
    return CheckResult(
        check=CheckId(row["check_id"]),
        severity=Severity(row["severity"]),
        outcome=CheckOutcome(row["outcome"]),
        skipped=_skip_reason_from(row),
        error=row["error"],
        counts=counts_from(row),
    )


def _skip_reason_from(row: RowMapping) -> SkipReason | None:
    if row["skip_kind"] is None:
        return None
    return SkipReason(kind=SkipKind(row["skip_kind"]), detail=row["skip_detail"])


def counts_from(row: RowMapping) -> Counts | None:
    if row["passed"] is None:
        return None
    return Counts(
        passed=row["passed"],
        failed=row["failed"],
        unknown=row["unknown"],
        not_applicable=row["not_applicable"],
        exempted=row["exempted"],
    )


def exemption_from(row: RowMapping) -> RecordedExemption:
    ended_at = row["ended_at"]
    exemption = Exemption(
        tenant=row["tenant"],
        check=CheckId(row["check_id"]) if row["check_id"] else None,
        resource_id=row["resource_id"],
        owner=row["owner"],
        reason=row["reason"],
        ends_at=min(row["ends_at"], ended_at) if ended_at else row["ends_at"],
        origin=f"posture exempt, number {row['number']}",
    )
    return RecordedExemption(number=row["number"], exemption=exemption, added_at=row["added_at"], ended_at=ended_at)


def exemption_row(exemption: Exemption) -> Mapping[str, Any]:
    """Return the row without its number and times; ``origin`` is not kept, the number says it."""
    return {
        "tenant": exemption.tenant,
        "check_id": exemption.check,
        "resource_id": exemption.resource_id,
        "owner": exemption.owner,
        "reason": exemption.reason,
        "ends_at": exemption.ends_at,
    }
