"""Evaluate one check on a published snapshot and follow its findings, in one transaction."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from posture.definitions.compiled import CompiledCheck
from posture.domain.exemption import Exemption
from posture.domain.finding import FindingChange
from posture.domain.judgement import (
    CheckOutcome,
    CheckResult,
    Counts,
    SkipKind,
    SkipReason,
)
from posture.domain.verdict import Verdict
from posture.errors import CheckBroken
from posture.tables.table import SourceTable
from posture.usecases.events import CheckDone, JudgementMade, ScanEvent
from posture.usecases.gate import skip_reason
from posture.usecases.judgements import judgements_of
from posture.usecases.ports import Judged, OpenUnit, Snapshot
from posture.usecases.record_findings import Recorder


def evaluate_check(
    compiled: CompiledCheck,
    *,
    snapshot: Snapshot,
    tables: Mapping[str, SourceTable],
    open_unit: OpenUnit,
    exemptions: Mapping[str, tuple[Exemption, ...]],
    tenant_id: str,
    tenant_name: str,
    is_first: bool,
    all_verdicts: bool,
) -> Iterator[ScanEvent]:
    """Yield the judgements of one check, fail and unknown (with ``all_verdicts`` also pass), then its result.

    ``exemptions`` maps a resource id in lower case to what is in force for it. ``is_first`` says that the check was
    never evaluated in the tenant before. A check that cannot be evaluated touches no finding; if it breaks while its
    rows are fetched, judgements may have been yielded whose findings are not kept.
    """
    reason = skip_reason(compiled, tables=tables, outcomes=snapshot.outcomes, previous=snapshot.previous_outcomes)
    if reason is not None:
        yield CheckDone(result=skipped(compiled, reason))
        return
    try:
        # The transaction begins after the SQL of the check, which may run for a minute, and others wait for it. It
        # ends before the exception is caught, so a check that breaks halfway leaves nothing behind.
        with snapshot.judge(compiled) as judged, open_unit(tenant_id) as unit:
            recorder = Recorder(
                compiled=compiled,
                judged=judged,
                unit=unit,
                exemptions=exemptions,
                tenant_id=tenant_id,
                tenant_name=tenant_name,
                taken_at=snapshot.taken_at,
                is_first=is_first,
            )
            exempted = yield from _judgements(compiled, judged, recorder, tenant_id, all_verdicts=all_verdicts)
            counts = _counts(judged, exempted)
    except CheckBroken as error:
        yield CheckDone(result=broken(compiled, str(error)))
        return
    yield CheckDone(result=_result(compiled, CheckOutcome.EVALUATED, counts=counts))


def _judgements(
    compiled: CompiledCheck, judged: Judged, recorder: Recorder, tenant_id: str, *, all_verdicts: bool
) -> Generator[ScanEvent, None, int]:
    """Yield every judgement and return how many failures are exempted."""
    verdicts = tuple(Verdict) if all_verdicts else (Verdict.FAIL, Verdict.UNKNOWN)
    exempted = 0
    for batch in judgements_of(compiled, judged.rows(verdicts), tenant_id=tenant_id):
        for judgement, change in recorder.record(batch):
            exempted += change is FindingChange.EXEMPTED and judgement.verdict is Verdict.FAIL
            yield JudgementMade(judgement=judgement, change=change)
    recorder.resolve_the_rest()
    return exempted


def _counts(judged: Judged, exempted: int) -> Counts:
    counts = judged.counts
    return Counts(
        passed=counts.passed,
        failed=counts.failed - exempted,
        unknown=counts.unknown,
        not_applicable=counts.not_applicable,
        exempted=exempted,
    )


def skipped(compiled: CompiledCheck, reason: SkipReason) -> CheckResult:
    return _result(compiled, CheckOutcome.SKIPPED, reason=reason)


def broken(compiled: CompiledCheck, error: str) -> CheckResult:
    return _result(compiled, CheckOutcome.BROKEN, error=error)


def switched_off(compiled: CompiledCheck) -> CheckResult:
    reason = SkipReason(kind=SkipKind.SWITCHED_OFF, detail="the configuration skips this check")
    return skipped(compiled, reason)


def _result(
    compiled: CompiledCheck,
    outcome: CheckOutcome,
    *,
    reason: SkipReason | None = None,
    error: str | None = None,
    counts: Counts | None = None,
) -> CheckResult:
    return CheckResult(
        check=compiled.check.id,
        severity=compiled.check.severity.default,
        outcome=outcome,
        skipped=reason,
        error=error,
        counts=counts,
    )
