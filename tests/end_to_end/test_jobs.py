"""Every kind of job, done with the real use cases against the simulator."""

from __future__ import annotations

import csv
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from posture.bootstrap.job_kinds import job_kinds
from posture.domain.delivery_view import DeliveryFilter
from posture.domain.job import Job, JobState, begun, taken_over
from posture.domain.job_kind import JobKind
from posture.domain.plan import Plan, PlanState, TargetState
from posture.domain.run import RunState
from posture.simulator.faults import Fault, FaultKind
from posture.store.audit_reader import AuditFilter
from posture.usecases.run_job import RunJobs
from tests.usecases.working_desk import Watching

from .acting_company import Office
from .conftest import write_settings

CHANNEL = """
notify:
  channels: [{name: hook, webhook: {url: "https://127.0.0.1:9/never", secret: 0123456789abcdef}}]
  default: {channels: [hook]}
"""


def asked(office: Office, kind: JobKind, *, by: str = "grace", **arguments: Any) -> Job:
    tenant = office.application.tenant_named(None) if kind.is_of_tenant else None
    return office.application.working.enqueue(kind, tenant=tenant, arguments=arguments, asked_by=by)


def run(office: Office, job: Job, *, stop: threading.Event | None = None) -> Job:
    """Let a worker run a job that waits, and return how it stands then."""
    application = office.application
    RunJobs(
        lambda: job_kinds(application),
        worker="w1",
        open_book=application.store.open_work,
        clock=application.clock,
        stop=stop or threading.Event(),
        watch=Watching(),
    ).run(job.id)
    with application.store.reading() as reader:
        after = reader.work.job(job.id)
    assert after is not None
    return after


class StopAfter(threading.Event):
    """A request to stop that comes after so many looks."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def disabled(office: Office, plan: Plan) -> list[bool]:
    ids = {target.resource.id for target in plan.targets}
    return [not user["accountEnabled"] for user in office.tenant.collections["users"] if user["id"] in ids]


@pytest.fixture
def plan(office: Office) -> Plan:
    """An approved plan with three targets."""
    targets = [office.member(number)["id"] for number in range(3)]
    return office.approved("disable-user", *targets)


def test_a_scan_says_which_run_it_was_and_what_it_read(office: Office) -> None:
    job = run(office, asked(office, JobKind.SCAN, tags=["mfa"]))

    assert job.state is JobState.DONE, job.error
    assert job.result is not None
    with office.application.store.reading() as reader:
        summary = reader.run(str(job.result["run"]))
    assert summary is not None
    assert summary.run.state is RunState.COMPLETE
    assert job.result["rows"] == sum(table.rows for table in summary.tables) > 0
    assert 0 < len(summary.checks) < 20


def test_a_scan_that_was_aborted_says_why_and_is_tried_again_later(office: Office) -> None:
    office.server.faults.add(Fault(kind=FaultKind.CONNECTION_RESET, path="", times=None))

    job = run(office, asked(office, JobKind.SCAN))

    assert (job.state, job.failures) == (JobState.WAITING, 1)
    assert job.error
    assert job.result is not None
    assert job.result["state"] == "aborted"
    assert job.not_before > office.clock.now()


def test_a_parked_scan_goes_on_where_it_stopped(office: Office) -> None:
    first = run(office, asked(office, JobKind.SCAN), stop=StopAfter(12))
    assert (first.state, first.tries) == (JobState.WAITING, 0)
    office.clock.forward(timedelta(minutes=1))

    job = run(office, first)

    assert (job.state, job.tries) == (JobState.DONE, 1)
    assert job.result is not None
    with office.application.store.reading() as reader:
        summary = reader.run(str(job.result["run"]))
    assert summary is not None
    assert summary.run.state is RunState.COMPLETE
    assert job.started_at is not None
    assert summary.run.taken_at < job.started_at  # it is of the snapshot that the first one had begun


def test_a_scan_that_was_parked_or_lost_its_worker_stays_the_same_run_and_nobody_is_told_that_it_was_aborted(
    office: Office,
) -> None:
    parked = run(office, asked(office, JobKind.SCAN), stop=StopAfter(12))
    with office.application.store.open_work() as book:
        killed = begun(parked, worker="w0", now=office.clock.now())
        book.save(killed, was=parked)
        book.save(taken_over(killed, now=office.clock.now()), was=killed)

    job = run(office, parked)

    assert job.state is JobState.DONE
    with office.application.store.reading() as reader:
        assert [each.state for each in reader.runs(None, limit=10)].count(RunState.ABORTED) == 0
        assert reader.runs(None, limit=1)[0].id == (job.result or {})["run"]


def test_a_scan_that_is_tried_again_is_another_run(office: Office) -> None:
    office.server.faults.add(Fault(kind=FaultKind.CONNECTION_RESET, path="", times=None))
    aborted = run(office, asked(office, JobKind.SCAN))
    office.server.faults.clear()
    office.clock.forward(timedelta(minutes=5))

    job = run(office, aborted)

    assert job.state is JobState.DONE
    assert (job.result or {})["run"] != (aborted.result or {})["run"]


def test_an_approved_plan_is_executed_in_the_name_of_who_asked(office: Office, plan: Plan) -> None:
    job = run(office, asked(office, JobKind.EXECUTE, by="alan", plan=plan.id))

    assert (job.state, job.result) == (JobState.DONE, {"plan": plan.id, "state": "done"})
    assert disabled(office, plan) == [True] * 3
    with office.application.store.reading() as reader:
        actors = {chained.event.actor for chained in reader.audit.events(AuditFilter(plan_id=plan.id))}
    assert "alan" in actors


def test_a_plan_is_parked_after_a_target_and_goes_on_with_the_next(office: Office, plan: Plan) -> None:
    first = run(office, asked(office, JobKind.EXECUTE, plan=plan.id), stop=StopAfter(1))
    assert first.state is JobState.WAITING
    assert sum(disabled(office, plan)) == 1

    job = run(office, first)

    assert (job.state, job.tries) == (JobState.DONE, 1)
    assert disabled(office, plan) == [True] * 3
    assert len(office.writes) == 3


def test_plans_that_are_executed_at_the_same_time_do_not_see_each_others_rows(office: Office) -> None:
    actions = ["disable-user", "revoke-sessions"] * 3
    plans = [office.approved(action, office.member(number)["id"]) for number, action in enumerate(actions)]

    def execute(plan: Plan) -> Plan:
        return office.execute(plan).plan

    with ThreadPoolExecutor(len(plans)) as pool:
        ended = list(pool.map(execute, plans))

    targets = [target for plan in ended for target in plan.targets]
    assert [(target.state, target.because) for target in targets] == [(TargetState.DONE, None)] * len(plans)


def test_nothing_is_executed_in_the_name_of_somebody_who_was_revoked(office: Office, plan: Plan) -> None:
    job = asked(office, JobKind.EXECUTE, by="alan", plan=plan.id)
    office.application.acting.revoke_operator("alan", by=office.people["ada"])

    job = run(office, job)

    assert job.state is JobState.FAILED
    assert "alan" in (job.error or "")
    assert office.writes == []


def test_nothing_is_executed_that_nobody_on_record_asked_for(office: Office, plan: Plan) -> None:
    job = run(office, asked(office, JobKind.EXECUTE, by="mallory", plan=plan.id))

    assert job.state is JobState.FAILED
    assert "nobody on record" in (job.error or "")
    assert office.writes == []


def test_what_is_shown_once_is_not_made_where_nobody_sees_it(office: Office) -> None:
    plan = office.approved("issue-temporary-access-pass", office.member(0)["id"])

    job = run(office, asked(office, JobKind.EXECUTE, plan=plan.id))

    assert job.state is JobState.FAILED
    assert f"posture plans execute {plan.id[:12]}" in (job.error or "")
    assert office.writes == []
    assert office.application.acting.plan(plan.id).state is PlanState.APPROVED


def test_an_export_holds_every_finding_and_old_exports_are_deleted(office: Office) -> None:
    write_settings(office.directory, office.server, more="export: {directory: ./out, keep: 2}\n")
    office = office.reopened(more="export: {directory: ./out, keep: 2}\n")

    for _ in range(3):
        office.clock.forward(timedelta(seconds=1))
        job = run(office, asked(office, JobKind.EXPORT))
        assert job.state is JobState.DONE, job.error

    kept = sorted(path.suffix for path in (office.directory / "out" / "contoso").iterdir())
    assert kept == [".csv", ".csv", ".json", ".json"]
    assert job.result is not None
    written = Path(str(job.result["file"]))
    findings = json.loads(written.read_text())
    with written.with_suffix(".csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(findings) == len(rows) == job.result["findings"] > 10
    assert {each["fingerprint"] for each in findings} == {row["fingerprint"] for row in rows}
    assert written.stat().st_mode & 0o077 == 0


def test_an_export_that_cannot_be_written_says_what_to_do(office: Office) -> None:
    (office.directory / "out").write_text("a file")
    office = office.reopened(more="export: {directory: ./out}\n")

    job = run(office, asked(office, JobKind.EXPORT))

    assert job.state is JobState.WAITING
    assert "correct export.directory" in (job.error or "")


def test_an_examination_is_kept_for_those_who_cannot_ask(office: Office) -> None:
    job = run(office, asked(office, JobKind.EXAMINE))

    assert job.state is JobState.DONE, job.error
    with office.application.store.reading() as reader:
        (found,) = reader.access.examinations([str(job.tenant_id)])
    assert found.tenant_id == job.tenant_id
    assert found.reader.refused is None


def test_a_test_of_a_channel_that_does_not_work_says_why(office: Office) -> None:
    office = office.reopened(more=CHANNEL)

    job = run(office, asked(office, JobKind.TEST_CHANNEL, channel="hook"))

    assert job.state is JobState.FAILED
    assert job.error
    assert run(office, asked(office, JobKind.TEST_CHANNEL, channel="other")).state is JobState.FAILED


def test_sending_counts_what_was_tried(office: Office) -> None:
    office = office.reopened(more=CHANNEL)

    job = run(office, asked(office, JobKind.NOTIFY))

    assert job.state is JobState.DONE
    assert job.result is not None
    tried = office.application.telling.deliveries(DeliveryFilter())
    assert job.result == {"sent": 0, "not_sent": sum(view.delivery.tries > 0 for view in tried)}


def test_what_is_old_is_deleted_and_what_is_young_stays(office: Office) -> None:
    notified = run(office, asked(office, JobKind.NOTIFY))
    examined = run(office, asked(office, JobKind.EXAMINE))
    run(office, asked(office, JobKind.SCAN), stop=StopAfter(12))
    (spool,) = (office.directory / "data" / "tenants").glob("*/spool")
    office.clock.forward(timedelta(days=3))

    job = run(office, asked(office, JobKind.RETENTION))

    assert job.state is JobState.DONE
    assert job.result is not None
    assert (job.result["jobs"], job.result["spools"]) == (1, 1)
    assert not spool.exists()
    with office.application.store.reading() as reader:
        assert reader.work.job(notified.id) is None
        assert reader.work.job(examined.id) == examined


def test_a_tenant_that_the_settings_have_no_more_fails_its_jobs(office: Office) -> None:
    job = asked(office, JobKind.SCAN)
    with office.application.store.open_work() as book:
        gone = replace(job, id="gone", tenant_id="99999999-2222-4333-8444-555555555555")
        book.add(gone)

    after = run(office, gone)

    assert after.state is JobState.FAILED
    assert "no tenant" in (after.error or "")
