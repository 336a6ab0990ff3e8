"""Tell of a scan as a whole, in the transaction that ends its run. What it found is told check by check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from posture.domain.check import CheckId
from posture.domain.delivery import UNROUTED_FOR
from posture.domain.exemption import in_force
from posture.domain.finding import FindingChange
from posture.domain.judgement import CheckOutcome, CheckResult
from posture.domain.notice import Notice
from posture.domain.notices_of_scans import (
    CheckStanding,
    OwnCredential,
    check_notice,
    credential_notice,
    exemption_notice,
    first_results_notice,
    run_notice,
)
from posture.domain.outcome import Outcome
from posture.domain.run import Run, RunSummary
from posture.domain.severity import Severity
from posture.domain.verdict import Verdict
from posture.usecases.events import JudgementMade
from posture.usecases.ports import UnitOfWork
from posture.usecases.scan_request import ScanRequest


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a scan made of its snapshot. ``failures`` counts what failed in a check and is not exempted;
    ``standings`` are how the checks stood before.
    """

    results: tuple[CheckResult, ...]
    failures: Mapping[CheckId, Mapping[Severity, int]]
    standings: Mapping[CheckId, CheckStanding]
    credentials: tuple[OwnCredential, ...]


NOTHING_EVALUATED: Final = Evaluation(results=(), failures={}, standings={}, credentials=())


def tell_of_scan(
    summary: RunSummary, evaluation: Evaluation, *, request: ScanRequest, unit: UnitOfWork, now: datetime
) -> None:
    """Record what there is to tell about a run that ends; its summary must not be saved yet.

    What has waited too long is forgotten here: where nothing is ever sent, nobody else would do it.
    """
    run = summary.run
    notices = [
        _of_run(summary, before=unit.previous_run(run)),
        *_of_checks(run, evaluation, request),
        *_of_credentials(run, evaluation, request, now),
        *_of_exemptions(run, request, unit, now),
    ]
    unit.add_notices([notice for notice in notices if notice is not None])
    unit.forget_unrouted(now - UNROUTED_FOR)


def tell_of_interrupted(run: Run, *, unit: UnitOfWork) -> None:
    """End the runs that were killed before this one began, and record what there is to tell about that.

    A first scan that is begun anew tells of its results alone.
    """
    before = unit.previous_run(run)
    for interrupted in unit.end_interrupted(run):
        if before is not None:
            notice = run_notice(interrupted, before=before, tables=(), broken=())
            unit.add_notices([notice] if notice is not None else [])
        before = interrupted


def is_failure(made: JudgementMade) -> bool:
    """Say whether a judgement is among the failures that people are told of: nobody is told of what is exempted."""
    return made.judgement.verdict is Verdict.FAIL and made.change is not FindingChange.EXEMPTED


def is_first_time(standing: CheckStanding | None) -> bool:
    """Say whether a check that stands so has never been evaluated."""
    return standing is None or standing.evaluated_at is None


def _of_run(summary: RunSummary, *, before: Run | None) -> Notice | None:
    unread = (Outcome.PARTIAL, Outcome.FAILED)
    return run_notice(
        summary.run,
        before=before,
        tables=[table.table for table in summary.tables if table.outcome in unread],
        broken=[result.check for result in summary.checks if result.outcome is CheckOutcome.BROKEN],
    )


def _of_checks(run: Run, evaluation: Evaluation, request: ScanRequest) -> Iterator[Notice | None]:
    """Yield the one notice about first results, and one a check; those that the settings skip are not told of."""
    titles = {compiled.check.id: compiled.check.title for compiled in request.checks}
    results = [(result, evaluation.standings.get(result.check)) for result in evaluation.results]
    asked = [(result, before) for result, before in results if result.check in titles]
    new = [result for result, before in asked if _is_new(result, before)]
    yield first_results_notice(run, new, failures=evaluation.failures, titles=titles)
    for result, before in asked:
        yield check_notice(run, result, before=before, title=titles[result.check])


def _is_new(result: CheckResult, before: CheckStanding | None) -> bool:
    """Say whether a result is among the first ones: that of a check which could not be evaluated before only now
    that it was."""
    return before is None or (before.evaluated_at is None and result.outcome is CheckOutcome.EVALUATED)


def _of_credentials(run: Run, evaluation: Evaluation, request: ScanRequest, now: datetime) -> Iterator[Notice | None]:
    if request.own is not None:
        for credential in evaluation.credentials:
            yield credential_notice(credential, run, now=now, within=request.own.within)


def _of_exemptions(run: Run, request: ScanRequest, unit: UnitOfWork, now: datetime) -> Iterator[Notice | None]:
    for exemption in in_force([*request.exemptions, *unit.exemptions()], tenant=run.tenant_name, now=now):
        yield exemption_notice(exemption, run, now=now, within=request.exemption_notice)
