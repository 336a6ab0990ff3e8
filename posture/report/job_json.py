"""Jobs as JSON values with their schema."""

from __future__ import annotations

from posture.domain.job import Job, JobState
from posture.domain.job_kind import JobKind
from posture.domain.stalled_queue import StalledQueue
from posture.report.json_types import COUNT, TEXT, TEXT_OR_NULL, TIME, Schema, object_of, one_of, or_null
from posture.report.scan_json import json_time


def job_json(job: Job) -> dict[str, object]:
    """Return a job; ``schedule`` and ``due_at`` are null if somebody asked for it."""
    return {
        "id": job.id,
        "kind": job.kind.value,
        "tenant_id": job.tenant_id,
        "arguments": dict(job.arguments),
        "asked_by": job.asked_by,
        "schedule": job.slot.schedule if job.slot else None,
        "due_at": json_time(job.slot.due_at) if job.slot else None,
        "queue": job.queue,
        "priority": job.priority,
        "state": job.state.value,
        "tries": job.tries,
        "failures": job.failures,
        "enqueued_at": json_time(job.enqueued_at),
        "not_before": json_time(job.not_before),
        "started_at": json_time(job.started_at) if job.started_at else None,
        "ended_at": json_time(job.ended_at) if job.ended_at else None,
        "progress": job.progress,
        "result": dict(job.result) if job.result is not None else None,
        "error": job.error,
    }


def job_schema() -> Schema:
    """Return the JSON Schema of ``job_json``."""
    return object_of(
        id=TEXT,
        kind=one_of(JobKind),
        tenant_id={"description": "null if it is about no single tenant", **TEXT_OR_NULL},
        arguments={"type": "object", "description": "by name; which ones depends on the kind"},
        asked_by={"description": "name of an operator; null if a schedule asked", **TEXT_OR_NULL},
        schedule={"description": "null if somebody asked for it", **TEXT_OR_NULL},
        due_at=or_null(TIME),
        queue=TEXT,
        priority={"description": "what is higher goes first", "type": "integer"},
        state=one_of(JobState),
        tries={"description": "how often it was begun", **COUNT},
        failures={"description": "how often it ended in trouble", **COUNT},
        enqueued_at=TIME,
        not_before={"description": "it is not begun earlier", **TIME},
        started_at=or_null(TIME),
        ended_at=or_null(TIME),
        progress={"description": "how far a running one is", **TEXT_OR_NULL},
        result={
            "description": "by name; which ones depends on the kind; null before its end",
            **or_null({"type": "object"}),
        },
        error={"description": "the last trouble", **TEXT_OR_NULL},
    )


def stalled_queue_json(queue: StalledQueue) -> dict[str, object]:
    """Return a queue in which jobs wait and none runs."""
    return {"queue": queue.queue, "waiting": queue.waiting, "since": json_time(queue.since)}


def stalled_queue_schema() -> Schema:
    """Return the JSON Schema of ``stalled_queue_json``."""
    return object_of(
        queue=TEXT,
        waiting={"description": "jobs that might have begun", **COUNT},
        since={"description": "when the first of them might have begun", **TIME},
    )
