"""The outbox of notices with what became of them, closed channels, and how checks stand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _create_notices()
    _create_deliveries()
    _create_errands()
    _create_delivery_tries()
    _create_closed_channels()
    _create_check_standings()
    op.execute(_STANDINGS_OF_RUNS)


def _create_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", sa.String()),
        sa.Column("tenant_name", sa.Text()),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("check_id", sa.String()),
        sa.Column("resource_type", sa.String()),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("routed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name="pk_notices"),
        sa.UniqueConstraint("id", name="uq_notices_id"),
    )
    op.create_index("ix_notices_routed_at_number", "notices", ["routed_at", "number"])
    op.create_index("ix_notices_event_number", "notices", ["event", "number"])


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("is_digest", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("note", sa.Text()),
        sa.Column("is_failure_told", sa.Boolean(), nullable=False),
        sa.Column("claimed_by", sa.String()),
        sa.Column("claimed_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name="pk_deliveries"),
        sa.UniqueConstraint("id", name="uq_deliveries_id"),
    )
    op.create_index("ix_deliveries_state_channel_next_try_at", "deliveries", ["state", "channel", "next_try_at"])
    op.create_index("ix_deliveries_channel_number", "deliveries", ["channel", "number"])


def _create_errands() -> None:
    op.create_table(
        "errands",
        sa.Column("notice_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cron", sa.String()),
        sa.Column("zone", sa.String()),
        sa.Column("delivery_id", sa.String()),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name="fk_errands_notice_id"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_errands_delivery_id"),
        sa.PrimaryKeyConstraint("notice_id", "channel", name="pk_errands"),
    )
    op.create_index("ix_errands_channel_delivery_id_due_at", "errands", ["channel", "delivery_id", "due_at"])
    op.create_index("ix_errands_delivery_id", "errands", ["delivery_id"])


def _create_delivery_tries() -> None:
    op.create_table(
        "delivery_tries",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_delivery_tries_delivery_id"),
        sa.PrimaryKeyConstraint("number", name="pk_delivery_tries"),
    )
    op.create_index("ix_delivery_tries_channel_at", "delivery_tries", ["channel", "at"])
    op.create_index("ix_delivery_tries_delivery_id", "delivery_tries", ["delivery_id"])


def _create_closed_channels() -> None:
    op.create_table(
        "closed_channels",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("settings", sa.String(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_closed_channels"),
    )


def _create_check_standings() -> None:
    op.create_table(
        "check_standings",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("check_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("skip_kind", sa.String()),
        sa.Column("evaluated_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("tenant_id", "check_id", name="pk_check_standings"),
    )


# A tenant that was scanned before must not be told everything as if it were scanned for the first time.
_STANDINGS_OF_RUNS = """
    insert into check_standings (tenant_id, check_id, outcome, skip_kind, evaluated_at)
    select tenant_id, check_id, outcome, skip_kind, evaluated_at
    from (
      select
        runs.tenant_id,
        run_checks.check_id,
        run_checks.outcome,
        run_checks.skip_kind,
        max(case when run_checks.outcome = 'evaluated' then runs.taken_at end)
          over (partition by runs.tenant_id, run_checks.check_id) as evaluated_at,
        row_number() over (partition by runs.tenant_id, run_checks.check_id order by runs.number desc) as newest
      from run_checks
      join runs on runs.id = run_checks.run_id
      where run_checks.skip_kind is null or run_checks.skip_kind <> 'switched_off'
    ) as of_runs
    where newest = 1
    """
