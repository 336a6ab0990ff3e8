"""Runs with their tables and checks, findings with their history, exemptions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_runs()
    _create_run_tables()
    _create_run_checks()
    _create_findings()
    _create_finding_changes()
    _create_exemptions()


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("tenant_name", sa.Text(), nullable=False),
        sa.Column("tenant_display_name", sa.Text()),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("aborted_because", sa.Text()),
        sa.PrimaryKeyConstraint("number", name="pk_runs"),
        sa.UniqueConstraint("id", name="uq_runs_id"),
    )
    op.create_index("ix_runs_tenant_id_taken_at", "runs", ["tenant_id", "taken_at"])


def _create_run_tables() -> None:
    op.create_table(
        "run_tables",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("missing", sa.Text()),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_tables_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "table_name", name="pk_run_tables"),
    )


def _create_run_checks() -> None:
    op.create_table(
        "run_checks",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("check_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("skip_kind", sa.String()),
        sa.Column("skip_detail", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("passed", sa.BigInteger()),
        sa.Column("failed", sa.BigInteger()),
        sa.Column("unknown", sa.BigInteger()),
        sa.Column("not_applicable", sa.BigInteger()),
        sa.Column("exempted", sa.BigInteger()),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_checks_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "check_id", name="pk_run_checks"),
    )


def _create_findings() -> None:
    op.create_table(
        "findings",
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("check_id", sa.String(), nullable=False),
        sa.Column("resource_type", sa.String(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("resource_name", sa.Text()),
        sa.Column("identity", sa.JSON(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("severity_rank", sa.SmallInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("resolution", sa.String()),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times_opened", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_findings"),
    )
    op.create_index("ix_findings_tenant_check_state", "findings", ["tenant_id", "check_id", "state", "fingerprint"])


def _create_finding_changes() -> None:
    op.create_table(
        "finding_changes",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("run_id", sa.String()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_finding_changes_run_id"),
        sa.ForeignKeyConstraint(["fingerprint"], ["findings.fingerprint"], name="fk_finding_changes_fingerprint"),
        sa.PrimaryKeyConstraint("number", name="pk_finding_changes"),
    )
    op.create_index("ix_finding_changes_fingerprint", "finding_changes", ["fingerprint"])


def _create_exemptions() -> None:
    op.create_table(
        "exemptions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("check_id", sa.String()),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name="pk_exemptions"),
    )
