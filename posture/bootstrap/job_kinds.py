"""How jobs of each kind are done, with one configuration."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Generator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from posture.bootstrap.exporting import export_findings
from posture.bootstrap.retention import delete_old
from posture.config import TenantSettings
from posture.domain.counted import counted
from posture.domain.delivery import Refused, Sent, TryLater
from posture.domain.job import Job
from posture.domain.job_kind import JobKind
from posture.domain.judgement import CheckOutcome, Value
from posture.domain.operator import Operator
from posture.domain.run import RunState, RunSummary
from posture.errors import ActionRefused, NotAllowedToDecide, UsageError
from posture.usecases.acting_events import ExecutionEnded, ExecutionStarted, TargetEnded
from posture.usecases.events import CheckDone, PageKept, ScanFinished, ScanStarted, SnapshotPublished, TableDone
from posture.usecases.run_job import DoJob, Outcome, Step
from posture.usecases.telling_events import Told
from posture.usecases.unattended import not_by_worker

if TYPE_CHECKING:
    from posture.bootstrap.application import Application

Doing = Generator[Step, None, Outcome]


def job_kinds(application: Application) -> Mapping[JobKind, DoJob]:
    """Return how each kind of job is done."""
    kinds = {
        JobKind.SCAN: _scan,
        JobKind.NOTIFY: _notify,
        JobKind.DIGEST: _notify,
        JobKind.EXECUTE: _execute,
        JobKind.EXPORT: _export,
        JobKind.RETENTION: _forget,
        JobKind.EXAMINE: _examine,
        JobKind.TEST_CHANNEL: _test_channel,
    }
    return {kind: partial(do, application) for kind, do in kinds.items()}


def _scan(application: Application, job: Job) -> Doing:
    tenant = _tenant(application, job)
    selection = application.selection(
        tenant, checks=_texts(job.arguments.get("checks")), tags=_texts(job.arguments.get("tags"))
    )
    # Until the snapshot is published the spool holds all there is; after that, stopping would throw it away.
    is_collecting, progress = True, _ScanProgress()
    for event in application.scan(tenant, selection, all_verdicts=False, run_id=_run_of(job)):
        if isinstance(event, SnapshotPublished):
            is_collecting = False
        if isinstance(event, ScanFinished):
            return _scanned(event.summary)
        yield Step(progress=progress.after(event), may_park=is_collecting)
    raise AssertionError("a scan ends with its summary")


def _run_of(job: Job) -> str:
    """Return the id of the run that a scan makes. A scan that was parked or lost its worker goes on as the same run,
    so that nobody is told that it was aborted; one that is tried again after trouble is another."""
    return hashlib.sha256(f"{job.id} {job.failures}".encode()).hexdigest()[:32]


def _scanned(summary: RunSummary) -> Outcome:
    run = summary.run
    rows = sum(table.rows for table in summary.tables)
    result: dict[str, Value] = {"run": run.id, "state": str(run.state), "rows": rows}
    result["requests"] = sum(table.requests for table in summary.tables)
    result["checks"] = sum(check.outcome is CheckOutcome.EVALUATED for check in summary.checks)
    if run.state is RunState.ABORTED:
        return Outcome(result=result, error=run.aborted_because or "the scan was aborted", may_pass=True)
    return Outcome(result=result)


class _ScanProgress:
    """How far a scan is, in words.

    Judgements say nothing new: they come while the transaction of their check is open, and to write progress down
    would have to wait for its end.
    """

    def __init__(self) -> None:
        self._tables = self._checks = 0
        self._of_tables = self._of_checks = 0

    def after(self, event: object) -> str | None:
        match event:
            case ScanStarted(wanted=wanted, checks=checks):
                self._of_tables, self._of_checks = len(wanted), checks
                return f"reading {counted(len(wanted), 'table')}"
            case PageKept(table=table, rows=rows):
                return f"{table}: {counted(rows, 'row')}; {self._tables} of {self._of_tables} tables read"
            case TableDone():
                self._tables += 1
                return f"{self._tables} of {self._of_tables} tables read"
            case CheckDone():
                self._checks += 1
                return f"{min(self._checks, self._of_checks)} of {counted(self._of_checks, 'check')} evaluated"
        return None


def _notify(application: Application, _job: Job) -> Doing:
    tried: Counter[str] = Counter()
    for event in application.telling.send_pending():
        if isinstance(event, Told):
            tried["sent" if isinstance(event.tried, Sent) else "not_sent"] += 1
        # Never parked: what was claimed for sending would have to wait for its claim to end.
        yield Step(progress=f"{counted(tried.total(), 'message')} tried", may_park=False)
    return Outcome(result={"sent": tried["sent"], "not_sent": tried["not_sent"]})


def _execute(application: Application, job: Job) -> Doing:
    acting = application.acting
    plan = acting.plan(_text(job, "plan"))
    refusal = not_by_worker(acting.action(plan.action).action, plan)
    if refusal is not None:
        raise ActionRefused(refusal)
    ended, all_of_it = 0, len(plan.targets)
    for event in acting.execute(_asked_by(application, job), plan):
        if isinstance(event, ExecutionEnded):
            plan = event.plan
        ended += isinstance(event, TargetEnded)
        if isinstance(event, ExecutionStarted | TargetEnded):
            yield Step(progress=f"{ended} of {counted(all_of_it, 'target')} ended", may_park=ended < all_of_it)
    return Outcome(result={"plan": plan.id, "state": str(plan.state)})


def _asked_by(application: Application, job: Job) -> Operator:
    """Return who asked, as they are on record now: they may have been revoked since.

    Whoever had the name before or took it over later is somebody else.
    """
    for operator in reversed(application.acting.operators()):
        is_older = operator.added_at <= job.enqueued_at
        if job.asked_by is not None and is_older and operator.is_called(job.asked_by):
            return operator
    raise NotAllowedToDecide("nobody on record asked for this execution, so nobody stands behind it")


def _export(application: Application, job: Job) -> Doing:
    yield Step(progress="writing files", may_park=True)
    path, findings = export_findings(application, _tenant(application, job))
    return Outcome(result={"file": str(path), "findings": findings})


def _forget(application: Application, _job: Job) -> Doing:
    yield Step(progress="deleting what is old", may_park=True)
    return Outcome(result=delete_old(application))


def _examine(application: Application, job: Job) -> Doing:
    tenant = _tenant(application, job)
    yield Step(progress="asking the tenant what it allows", may_park=True)
    examination = application.examine(tenant)
    refused = examination.reader.refused
    return Outcome(result={"tenant": tenant.name}, error=refused, may_pass=refused is not None)


def _test_channel(application: Application, job: Job) -> Doing:
    name = _text(job, "channel")
    yield Step(progress="sending a sample", may_park=True)
    tried = application.telling.test(name)
    match tried:
        case Sent(note=note):
            return Outcome(result={"channel": name, "note": note})
        case TryLater(because=because) | Refused(because=because):
            return Outcome(result={"channel": name}, error=because)


def _tenant(application: Application, job: Job) -> TenantSettings:
    if job.tenant_id is None:
        raise UsageError(f"job {job.id} names no tenant")
    return application.tenant_by_id(job.tenant_id)


def _text(job: Job, name: str) -> str:
    value = job.arguments.get(name)
    if not isinstance(value, str):
        raise UsageError(f"job {job.id} names no {name}")
    return value


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
