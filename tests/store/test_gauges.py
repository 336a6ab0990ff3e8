"""What is counted for those who watch posture from outside."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from posture.domain.delivery import DeliveryState
from posture.domain.finding import FindingState, Resolution
from posture.domain.gauges import Gauges
from posture.domain.job import new_job
from posture.domain.job_kind import JobKind
from posture.domain.judgement import CheckOutcome, CheckResult, Counts, SkipKind, SkipReason
from posture.domain.plan import PlanState
from posture.domain.run import RunState, RunSummary
from posture.domain.severity import Severity
from posture.store.database import Store
from tests.domain.builders import MONDAY, TENANT, a_check_result, a_finding, a_resource, a_run
from tests.domain.plans import a_plan
from tests.domain.telling import a_closed_channel, a_delivery, an_errand

OTHER_TENANT = "22222222-2222-2222-2222-222222222222"
HOUR = timedelta(hours=1)


def gauges(store: Store) -> Gauges:
    with store.reading() as reader:
        return reader.gauges(tenants={TENANT: "contoso"}, now=MONDAY + HOUR)


def counts(*, failed: int = 0, unknown: int = 0) -> Counts:
    return Counts(passed=1, failed=failed, unknown=unknown, not_applicable=0, exempted=2)


def skipped(check: str, kind: SkipKind) -> CheckResult:
    reason = SkipReason(kind=kind, detail="because")
    return replace(
        a_check_result(check=check),
        outcome=CheckOutcome.SKIPPED,
        counts=None,
        skipped=reason,  # type: ignore[arg-type]
    )


def test_an_empty_database_counts_nothing(store: Store) -> None:
    assert gauges(store) == Gauges(
        findings={}, checks={}, jobs={}, plans={}, deliveries={}, closed={}, scans={}, oldest_waiting=timedelta()
    )


def test_open_findings_are_counted_by_severity_and_only_those_of_tenants_that_are_there(store: Store) -> None:
    findings = [
        a_finding(resource=a_resource(id="1"), severity=Severity.HIGH),
        a_finding(resource=a_resource(id="2"), severity=Severity.HIGH),
        a_finding(resource=a_resource(id="3"), severity=Severity.LOW),
        a_finding(resource=a_resource(id="4"), state=FindingState.RESOLVED, resolution=Resolution.PASSED),
    ]
    with store.open_unit(TENANT) as unit:
        unit.findings.save(findings)
    with store.open_unit(OTHER_TENANT) as unit:
        unit.findings.save([a_finding(tenant_id=OTHER_TENANT)])

    assert gauges(store).findings == {("contoso", "high"): 2, ("contoso", "low"): 1}


def test_checks_are_counted_as_people_see_them_and_scans_by_how_they_ended(store: Store) -> None:
    checks = (
        a_check_result(check="passed", counts=counts()),
        a_check_result(check="failed", counts=counts(failed=1, unknown=1)),
        a_check_result(check="unknown", counts=counts(unknown=1)),
        skipped("no-permission", SkipKind.PERMISSION_MISSING),
        skipped("switched-off", SkipKind.SWITCHED_OFF),
    )
    run = a_run(taken_at=MONDAY, state=RunState.COMPLETE)
    with store.open_unit(TENANT) as unit:
        unit.save_summary(RunSummary(run=run, tenant_display_name=None, tables=(), checks=checks))
        unit.save_run(a_run(id="run-2", taken_at=MONDAY + HOUR, state=RunState.RUNNING))

    found = gauges(store)

    assert found.checks == {("contoso", mark): 1 for mark in ("passed", "failed", "unknown", "not_judged")}
    assert found.scans == {("contoso", "complete"): MONDAY}


def test_a_check_whose_last_evaluation_does_not_tell_what_it_did_not_know_is_no_pass(store: Store) -> None:
    run = a_run(taken_at=MONDAY, state=RunState.COMPLETE)
    checks = (a_check_result(check="old", counts=None),)
    with store.open_unit(TENANT) as unit:
        unit.save_summary(RunSummary(run=run, tenant_display_name=None, tables=(), checks=checks))

    assert gauges(store).checks == {("contoso", "unknown"): 1}


def test_plans_that_ended_are_not_counted(store: Store) -> None:
    with store.open_acting_unit() as unit:
        unit.add_plan(a_plan(id="a", tenant_id=TENANT))
        unit.add_plan(a_plan(id="b", tenant_id=TENANT, state=PlanState.REJECTED, ended_at=MONDAY))

    assert gauges(store).plans == {("contoso", "proposed"): 1}


def test_messages_that_wait_and_closed_channels_are_counted(store: Store) -> None:
    with store.open_outbox() as outbox:
        errands = [an_errand(number) for number in (1, 2)]
        outbox.add_notices([errand.notice for errand in errands])
        outbox.route([errand.notice for errand in errands], [(errand, MONDAY) for errand in errands], at=MONDAY)
        outbox.add_delivery(a_delivery(1))
        outbox.add_delivery(a_delivery(2, state=DeliveryState.SENT, ended_at=MONDAY))
        outbox.close_channel(a_closed_channel(name="soc"))

    found = gauges(store)

    assert found.deliveries == {("admins",): 1}
    assert found.closed == {("soc",): 1}


def test_a_job_that_could_have_begun_waits_and_one_that_may_not_yet_does_not(store: Store) -> None:
    with store.open_work() as book:
        for number, not_before in enumerate([MONDAY, MONDAY + 2 * HOUR]):
            book.add(
                new_job(
                    f"job-{number}",
                    JobKind.SCAN,
                    tenant_id=f"tenant-{number}",
                    queue="default",
                    arguments={},
                    asked_by=None,
                    slot=None,
                    now=MONDAY,
                    not_before=not_before,
                )
            )

    found = gauges(store)

    assert found.jobs == {("scan", "waiting"): 2}
    assert found.oldest_waiting == HOUR
