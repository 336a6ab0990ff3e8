"""Schedules as JSON values with their schemas."""

from __future__ import annotations

from posture.domain.job_kind import JobKind
from posture.domain.schedule import CatchUp, Cron, Interval, Schedule, SchedulePause, Timing
from posture.domain.schedule_line import ScheduleLine
from posture.report.job_json import job_json, job_schema
from posture.report.json_types import COUNT, TEXT, TEXT_OR_NULL, TIME, Schema, list_of, object_of, one_of, or_null
from posture.report.scan_json import json_time


def schedule_line_json(line: ScheduleLine) -> dict[str, object]:
    """Return a schedule in one of its tenants."""
    return {
        **_schedule_json(line.schedule),
        "tenant": line.tenant,
        "tenant_id": line.tenant_id,
        "next_at": json_time(line.next_at) if line.next_at else None,
        "pause": pause_json(line.pause) if line.pause else None,
        "latest": job_json(line.latest) if line.latest else None,
    }


def schedule_line_schema() -> Schema:
    """Return the JSON Schema of ``schedule_line_json``."""
    cron = object_of(cron=TEXT, zone=TEXT)
    interval = object_of(every_seconds=COUNT, anchor=TIME)
    return object_of(
        name=TEXT,
        job=one_of(JobKind),
        tags={"description": "narrow the checks of a scan", **list_of(TEXT)},
        when={"description": "in words", **TEXT},
        timing={"anyOf": [cron, interval]},
        jitter_seconds=COUNT,
        misfire_seconds=COUNT,
        catch_up=one_of(CatchUp),
        is_built_in={"description": "true if the settings do not mention it", "type": "boolean"},
        tenant={"description": "null if it is about no single tenant", **TEXT_OR_NULL},
        tenant_id=TEXT_OR_NULL,
        next_at={"description": "jitter included; null while it is paused", **or_null(TIME)},
        pause=or_null(pause_schema()),
        latest={"description": "its newest job here; null if it had none", **or_null(job_schema())},
    )


def pause_json(pause: SchedulePause) -> dict[str, object]:
    """Return a pause; ``tenant_id`` is null if it holds in every tenant."""
    return {
        "schedule": pause.schedule,
        "tenant_id": pause.tenant_id,
        "by": pause.by,
        "reason": pause.reason,
        "at": json_time(pause.at),
    }


def pause_schema() -> Schema:
    """Return the JSON Schema of ``pause_json``."""
    tenant = {"description": "null if it holds in every tenant", **TEXT_OR_NULL}
    return object_of(schedule=TEXT, tenant_id=tenant, by=TEXT, reason=TEXT, at=TIME)


def _schedule_json(schedule: Schedule) -> dict[str, object]:
    return {
        "name": schedule.name,
        "job": schedule.job.value,
        "tags": list(schedule.tags),
        "when": schedule.sentence,
        "timing": _timing_json(schedule.timing),
        "jitter_seconds": int(schedule.jitter.total_seconds()),
        "misfire_seconds": int(schedule.misfire.total_seconds()),
        "catch_up": schedule.catch_up.value,
        "is_built_in": schedule.is_built_in,
    }


def _timing_json(timing: Timing) -> dict[str, object]:
    match timing:
        case Cron():
            return {"cron": timing.cron, "zone": timing.zone}
        case Interval():
            return {"every_seconds": int(timing.every.total_seconds()), "anchor": json_time(timing.anchor)}
