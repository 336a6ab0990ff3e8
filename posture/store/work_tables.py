"""The tables of working on schedule: jobs, slots, how far was looked, pauses. A change here needs a migration."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, text

from posture.store.columns import DirectoryText, UtcTime
from posture.store.tables import METADATA

_IS_RUNNING: Final = text("state = 'running'")

# ``number`` tells the order in which jobs were recorded. ``lock`` is that of the domain: of jobs that share one, the
# database itself lets only one run. ``handed_over_at`` is NULL until the engine has it, and when it waits once more.
JOBS: Final = Table(
    "jobs",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("tenant_id", String),
    Column("queue", String, nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("asked_by", DirectoryText),
    Column("priority", Integer, nullable=False),
    Column("lock", String, nullable=False),
    Column("slot_schedule", String),
    Column("slot_due_at", UtcTime),
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("enqueued_at", UtcTime, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("handed_over_at", UtcTime),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("worker", String),
    Column("progress", DirectoryText),
    Column("result", JSON(none_as_null=True)),
    Column("error", DirectoryText),
    Index(None, "state", "priority", "number"),
    Index(None, "kind", "ended_at"),
    Index(None, "tenant_id", "number"),
    Index(None, "slot_schedule", "tenant_id", "number"),
    Index("uq_jobs_lock", "lock", unique=True, sqlite_where=_IS_RUNNING, postgresql_where=_IS_RUNNING),
)

# ``tenant_id`` is empty where a schedule is about no single tenant, here and below: NULL would be unique every time.
# ``job_id`` is NULL if the slot was missed and not caught up.
SLOTS: Final = Table(
    "slots",
    METADATA,
    Column("schedule", String, primary_key=True),
    Column("tenant_id", String, primary_key=True),
    Column("due_at", UtcTime, primary_key=True),
    Column("job_id", String, ForeignKey("jobs.id")),
    Column("noticed_at", UtcTime, nullable=False),
    Index(None, "job_id"),
    Index(None, "noticed_at"),
)

# Up to when the due times of a schedule were looked at in a tenant: what comes later makes slots.
LOOKS: Final = Table(
    "looks",
    METADATA,
    Column("schedule", String, primary_key=True),
    Column("tenant_id", String, primary_key=True),
    Column("until", UtcTime, nullable=False),
)

PAUSES: Final = Table(
    "pauses",
    METADATA,
    Column("schedule", String, primary_key=True),
    Column("tenant_id", String, primary_key=True),
    Column("by", DirectoryText, nullable=False),
    Column("reason", DirectoryText, nullable=False),
    Column("at", UtcTime, nullable=False),
)
