"""Asking for jobs, handing them over, cancelling them, pausing schedules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from posture.domain.audit import AuditKind
from posture.domain.job import Job, JobState, begun
from posture.domain.job_kind import JobKind
from posture.errors import NotThere, StoreError, UsageError
from posture.usecases.enqueue import cancel_job, enqueue, hand_over
from posture.usecases.pause_schedule import pause_schedule, resume_schedule
from tests.domain.jobs import CONTOSO, NOON, a_job, a_schedule
from tests.ports.memory_acting import MemoryActing
from tests.usecases.working_desk import Workplace


def ask(workplace: Workplace, kind: JobKind = JobKind.SCAN, **changes: Any) -> Job:
    fields: dict[str, Any] = {"tenant_id": CONTOSO, "queue": "default", "arguments": {}, "asked_by": "ada"}
    return enqueue(
        kind,
        **(fields | changes),
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
    with pytest.raises(UsageError, match="running"):
        cancel_job("j2", by="ada", open_book=workplace.open_work, clock=workplace.clock)
    with pytest.raises(NotThere, match="no job j9"):
        cancel_job("j9", by="ada", open_book=workplace.open_work, clock=workplace.clock)


def test_pausing_and_resuming_are_in_the_audit_with_who_and_why() -> None:
    workplace, acting = Workplace(), MemoryActing()
    records: dict[str, Any] = {
        "open_book": workplace.open_work,
        "open_acting_unit": acting.open_unit,
        "clock": workplace.clock,
    }

    pause_schedule(a_schedule(), tenant_id=CONTOSO, by="ada", reason=" maintenance ", **records)
    resume_schedule(a_schedule(), tenant_id=CONTOSO, by="grace", **records)

    assert workplace.book.paused == {}
    assert [(event.kind, event.actor, event.tenant_id, dict(event.details)) for event in acting.events()] == [
        (AuditKind.SCHEDULE_PAUSED, "ada", CONTOSO, {"schedule": "hourly", "reason": "maintenance"}),
        (AuditKind.SCHEDULE_RESUMED, "grace", CONTOSO, {"schedule": "hourly"}),
    ]
    with pytest.raises(NotThere, match="not paused"):
        resume_schedule(a_schedule(), tenant_id=None, by="grace", **records)
    with pytest.raises(UsageError, match="reason"):
        pause_schedule(a_schedule(), tenant_id=None, by="ada", reason=" ", **records)
