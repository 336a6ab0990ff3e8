"""Jobs and the slots of schedules that made them, how far due times were looked at, and pauses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _create_jobs()
    _create_slots()
    _create_looks()
    _create_pauses()


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String()),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.Text()),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("lock", sa.String(), nullable=False),
        sa.Column("slot_schedule", sa.String()),
        sa.Column("slot_due_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("enqueued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True)),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("worker", sa.String()),
        sa.Column("progress", sa.Text()),
        sa.Column("result", sa.JSON()),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("number", name="pk_jobs"),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
    )
    op.create_index("ix_jobs_state_priority_number", "jobs", ["state", "priority", "number"])
    op.create_index("ix_jobs_kind_ended_at", "jobs", ["kind", "ended_at"])
    op.create_index("ix_jobs_tenant_id_number", "jobs", ["tenant_id", "number"])
    op.create_index("ix_jobs_slot_schedule_tenant_id_number", "jobs", ["slot_schedule", "tenant_id", "number"])
    is_running = sa.text("state = 'running'")
    op.create_index(
        "uq_jobs_lock", "jobs", ["lock"], unique=True, sqlite_where=is_running, postgresql_where=is_running
    )


def _create_slots() -> None:
    op.create_table(
        "slots",
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job_id", sa.String()),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_slots_job_id"),
        sa.PrimaryKeyConstraint("schedule", "tenant_id", "due_at", name="pk_slots"),
    )
    op.create_index("ix_slots_job_id", "slots", ["job_id"])
    op.create_index("ix_slots_noticed_at", "slots", ["noticed_at"])


def _create_looks() -> None:
    op.create_table(
        "looks",
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "tenant_id", name="pk_looks"),
    )


def _create_pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "tenant_id", name="pk_pauses"),
    )
