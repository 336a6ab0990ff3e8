"""A schedule in a list, in one of its tenants: when it comes next, and what became of the last time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from posture.domain.job import Job
from posture.domain.schedule import Schedule, SchedulePause


@dataclass(frozen=True, kw_only=True)
class ScheduleLine:
    """``tenant`` and ``tenant_id`` are None if the schedule is about no single tenant. ``next_at`` is when its next
    job may begin, jitter included; None while it is paused. ``latest`` is its newest job here, None if it had none.
    """

    schedule: Schedule
    tenant: str | None
    tenant_id: str | None
    next_at: datetime | None
    pause: SchedulePause | None
    latest: Job | None
