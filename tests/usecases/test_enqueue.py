"""Asking for jobs, handing them over, cancelling them, pausing schedules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from posture.domain.audit import AuditKind
from posture.domain.job import Job, JobState, begun
from posture.domain.job_kind import JobKind
from posture.errors import NotThere, StoreError, UsageError
from posture.usecases.enqueue import Wanted, cancel_job, enqueue, hand_over
from posture.usecases.pause_schedule import pause_schedule, resume_schedule
from tests.domain.jobs import CONTOSO, NOON, a_job, a_schedule
from tests.usecases.working_desk import Workplace


def ask(workplace: Workplace, kind: JobKind = JobKind.SCAN, **changes: Any) -> Job:
    fields: dict[str, Any] = {"tenant_id": CONTOSO, "queue": "default", "arguments": {}, "asked_by": "ada"}
    fields |= changes
    asked_by = fields.pop("asked_by")
    (job,) = ask_for(workplace, [Wanted(kind=kind, **fields)], asked_by=asked_by)
    return job


def ask_for(workplace: Workplace, wanted: Sequence[Wanted], *, asked_by: str = "ada") -> Sequence[Job]:
    return enqueue(
        wanted,
        asked_by=asked_by,
        open_book=workplace.open_work,
        engine=workplace.engine,
        clock=workplace.clock,
    )


def test_what_is_asked_for_is_on_record_and_handed_over() -> None:
    workplace = Workplace()

    job = ask(workplace)

    assert workplace.book.jobs == {job.id: job}
    assert (job.asked_by, job.slot, job.state) == ("ada", None, JobState.WAITING)
    assert workplace.engine.handed == [job.id]


def test_who_asks_twice_gets_one_job() -> None:
    workplace = Workplace()

    assert ask(workplace) == ask(workplace, asked_by="grace")
    assert ask(workplace, arguments={"tags": ["mfa"]}) != ask(workplace)


def test_who_asks_twice_while_a_slot_waits_for_its_jitter_gets_one_job_all_the_same() -> None:
    workplace = Workplace()
    workplace.add(a_job("tonight", not_before=NOON + timedelta(minutes=10)))

    assert ask(workplace) == ask(workplace)


def test_the_second_who_asks_for_a_plan_gets_one_job_of_their_own() -> None:
    workplace, plan = Workplace(), {"plan": "p1"}

    jobs = [ask(workplace, JobKind.EXECUTE, arguments=plan, asked_by=name) for name in ("ada", "grace", "grace")]

    assert jobs[0] != jobs[1] == jobs[2]


def test_jobs_of_very_many_tenants_are_handed_over_together() -> None:
    workplace = Workplace()
    wanted = [Wanted(kind=JobKind.SCAN, tenant_id=f"t{one}", queue="default", arguments={}) for one in range(1200)]

    jobs = ask_for(workplace, wanted)

    assert [job.tenant_id for job in jobs] == [one.tenant_id for one in wanted]
    assert sorted(workplace.engine.handed) == sorted(workplace.book.jobs) == sorted(job.id for job in jobs)
    assert ask_for(workplace, wanted[:3]) == jobs[:3]


def test_a_plan_asked_for_by_another_person_is_another_job() -> None:
    workplace, plan = Workplace(), {"plan": "p1"}

    jobs = [ask(workplace, JobKind.EXECUTE, arguments=plan, asked_by=name) for name in ("ada", "grace", "ada")]

    assert jobs[0] == jobs[2] != jobs[1]


def test_a_scan_that_waits_for_its_jitter_does_not_keep_somebody_waiting() -> None:
    workplace = Workplace()
    workplace.add(a_job("tonight", not_before=NOON + timedelta(hours=10)))

    assert ask(workplace).id != "tonight"


def test_an_engine_that_is_away_gets_the_job_with_the_next_sweep() -> None:
    workplace = Workplace()
    workplace.engine.is_away = True

    job = ask(workplace)

    assert workplace.engine.handed == []
    workplace.engine.is_away = False
    assert hand_over(open_book=workplace.open_work, engine=workplace.engine, clock=workplace.clock) == 1
    assert workplace.engine.handed == [job.id]
    assert hand_over(open_book=workplace.open_work, engine=workplace.engine, clock=workplace.clock) == 0


def test_without_a_database_nothing_is_asked_for() -> None:
    workplace = Workplace(lost=1)

    with pytest.raises(StoreError):
        ask(workplace)

    assert workplace.book.jobs == {}


def test_what_waits_can_be_cancelled_and_what_runs_cannot() -> None:
    workplace = Workplace()
    workplace.add(a_job("j1"), begun(a_job("j2", JobKind.NOTIFY), worker="w", now=NOON))

    ended = cancel_job("j1", by="ada", open_book=workplace.open_work, clock=workplace.clock)

    assert (ended.state, ended.error) == (JobState.CANCELLED, "cancelled by ada")
    assert [(event.kind, event.actor, event.tenant_id, dict(event.details)) for event in workplace.book.events] == [
        (AuditKind.JOB_CANCELLED, "ada", CONTOSO, {"job": "j1", "kind": "scan"})
    ]
    with pytest.raises(UsageError, match="running"):
        cancel_job("j2", by="ada", open_book=workplace.open_work, clock=workplace.clock)
    with pytest.raises(NotThere, match="no job j9"):
        cancel_job("j9", by="ada", open_book=workplace.open_work, clock=workplace.clock)


def test_pausing_and_resuming_are_in_the_audit_with_who_and_why() -> None:
    workplace = Workplace()
    records: dict[str, Any] = {"open_book": workplace.open_work, "clock": workplace.clock}

    pause_schedule(a_schedule(), tenant_id=CONTOSO, by="ada", reason=" maintenance ", **records)
    resume_schedule(a_schedule(), tenant_id=CONTOSO, by="grace", **records)

    assert workplace.book.paused == {}
    assert [(event.kind, event.actor, event.tenant_id, dict(event.details)) for event in workplace.book.events] == [
        (AuditKind.SCHEDULE_PAUSED, "ada", CONTOSO, {"schedule": "hourly", "reason": "maintenance"}),
        (AuditKind.SCHEDULE_RESUMED, "grace", CONTOSO, {"schedule": "hourly"}),
    ]
    with pytest.raises(NotThere, match="not paused"):
        resume_schedule(a_schedule(), tenant_id=None, by="grace", **records)
    with pytest.raises(UsageError, match="reason"):
        pause_schedule(a_schedule(), tenant_id=None, by="ada", reason=" ", **records)
