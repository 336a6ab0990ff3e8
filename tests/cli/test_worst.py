"""The worst findings of a scan, kept in little memory."""

from __future__ import annotations

from posture.cli.scan import exit_code, gravest
from posture.cli.worst import WorstFindings
from posture.domain.check import CheckId
from posture.domain.finding import FindingChange
from posture.domain.judgement import Judgement, Resource
from posture.domain.run import Run, RunState, RunSummary
from posture.domain.severity import Severity
from posture.domain.verdict import Verdict
from tests.usecases.builders import MONDAY, TENANT_ID


def a_judgement(
    resource_id: str = "u1",
    *,
    check: str = "mfa-gaps",
    severity: Severity = Severity.HIGH,
    verdict: Verdict = Verdict.FAIL,
) -> Judgement:
    return Judgement(
        check=CheckId(check),
        resource=Resource(type="user", id=resource_id, name=None),
        identity={},
        verdict=verdict,
        severity=severity,
        message="",
        evidence={},
        fingerprint=resource_id,
    )


def a_summary(state: RunState) -> RunSummary:
    run = Run(
        id="r1",
        tenant_id=TENANT_ID,
        tenant_name="contoso",
        taken_at=MONDAY,
        finished_at=MONDAY,
        state=state,
        aborted_because="no token" if state is RunState.ABORTED else None,
    )
    return RunSummary(run=run, tenant_display_name="Contoso", tables=(), checks=())


def test_the_worst_come_first_and_the_first_seen_wins_a_tie() -> None:
    worst = WorstFindings(size=2, per_check=5)

    worst.add(a_judgement("medium", severity=Severity.MEDIUM), FindingChange.NEW)
    worst.add(a_judgement("high-1"), FindingChange.NEW)
    worst.add(a_judgement("high-2"), FindingChange.OPEN)

    assert [judgement.resource.id for judgement in worst.worst()] == ["high-1", "high-2"]


def test_one_noisy_check_does_not_hide_the_others() -> None:
    worst = WorstFindings(size=10, per_check=2)

    for number in range(1000):
        worst.add(a_judgement(f"u{number}"), FindingChange.NEW)
    worst.add(a_judgement("app", check="credential-expired", severity=Severity.LOW), FindingChange.NEW)

    assert [judgement.resource.id for judgement in worst.worst()] == ["u0", "u1", "app"]


def test_exempted_failures_and_other_verdicts_do_not_count() -> None:
    worst = WorstFindings(size=10, per_check=2)

    worst.add(a_judgement("exempted", severity=Severity.CRITICAL), FindingChange.EXEMPTED)
    worst.add(a_judgement("unknown", severity=Severity.CRITICAL, verdict=Verdict.UNKNOWN), None)

    assert worst.worst() == []
    assert worst.by_severity == {}
    assert not worst.reaches(Severity.INFO)


def test_fail_on_asks_for_that_severity_or_worse() -> None:
    worst = WorstFindings(size=10, per_check=2)
    worst.add(a_judgement(severity=Severity.HIGH), FindingChange.NEW)
    done = a_summary(RunState.COMPLETE)

    assert exit_code(done, worst, fail_on=Severity.MEDIUM) == 1
    assert exit_code(done, worst, fail_on=Severity.HIGH) == 1
    assert exit_code(done, worst, fail_on=Severity.CRITICAL) == 0
    assert exit_code(done, worst, fail_on=None) == 0


def test_an_incomplete_run_and_an_aborted_one_have_codes_of_their_own() -> None:
    nothing = WorstFindings(size=1, per_check=1)

    assert exit_code(a_summary(RunState.INCOMPLETE), nothing, fail_on=Severity.INFO) == 3
    assert exit_code(a_summary(RunState.ABORTED), nothing, fail_on=Severity.INFO) == 4


def test_of_several_tenants_the_gravest_counts() -> None:
    assert gravest([0, 3, 1, 4]) == 4
    assert gravest([0, 3, 1]) == 1
    assert gravest([0, 3]) == 3
    assert gravest([0, 0]) == 0
