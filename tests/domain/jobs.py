"""Schedules, slots and jobs for tests; name only what the test is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from posture.domain.job import Job, new_job
from posture.domain.job_kind import JobKind
from posture.domain.schedule import CatchUp, Cron, Schedule, SchedulePause
from posture.domain.slot import SlotKey

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONTOSO = "11111111-2222-4333-8444-555555555555"
FABRIKAM = "22222222-2222-4333-8444-555555555555"
HOUR = timedelta(hours=1)


def a_schedule(**changes: Any) -> Schedule:
    """A scan of every tenant each hour, without jitter, that catches up nothing."""
    fields: dict[str, Any] = {
        "name": "hourly",
        "job": JobKind.SCAN,
        "tenants": (),
        "tags": (),
        "timing": Cron(cron="0 * * * *", zone="UTC"),
        "jitter": timedelta(0),
        "misfire": timedelta(minutes=30),
        "catch_up": CatchUp.NONE,
        "is_built_in": False,
    }
    return Schedule(**(fields | changes))


def a_slot(**changes: Any) -> SlotKey:
    fields: dict[str, Any] = {"schedule": "hourly", "tenant_id": CONTOSO, "due_at": NOON}
    return SlotKey(**(fields | changes))


def a_job(id: str = "j1", kind: JobKind = JobKind.SCAN, **changes: Any) -> Job:
    """A scan of Contoso that an operator asked for at noon, and that waits."""
    job = new_job(
        id,
        kind,
        tenant_id=CONTOSO if kind.is_of_tenant else None,
        queue="default",
        arguments={},
        asked_by="ada",
        slot=None,
        now=NOON,
        not_before=NOON,
    )
    return replace(job, **changes)


def a_pause(**changes: Any) -> SchedulePause:
    fields: dict[str, Any] = {
        "schedule": "hourly",
        "tenant_id": None,
        "by": "ada",
        "reason": "maintenance",
        "at": NOON,
    }
    return SchedulePause(**(fields | changes))
