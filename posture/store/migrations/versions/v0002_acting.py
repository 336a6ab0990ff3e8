"""Plans with their approvals, targets and journal, operators, stops, and the audit that nobody can rewrite unseen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_GENESIS = "0" * 64


def upgrade() -> None:
    _create_plans()
    _create_plan_approvals()
    _create_plan_targets()
    _create_plan_journal()
    _create_plan_images()
    _create_operators()
    _create_stops()
    _create_audit_events()
    _create_audit_head()
    _create_noted_settings()
    _protect_audit_events()


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("tenant_name", sa.Text(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("action_version", sa.String(), nullable=False),
        sa.Column("risk", sa.String(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undoes", sa.String()),
        sa.Column("rule_people", sa.Integer(), nullable=False),
        sa.Column("rule_role", sa.String(), nullable=False),
        sa.Column("rule_seconds", sa.Float(), nullable=False),
        sa.Column("limit_per_run", sa.Integer(), nullable=False),
        sa.Column("limit_per_day", sa.Integer(), nullable=False),
        sa.Column("limit_share", sa.Float(), nullable=False),
        sa.Column("limit_failures", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_because", sa.Text()),
        sa.Column("worker", sa.String()),
        sa.PrimaryKeyConstraint("number", name="pk_plans"),
        sa.UniqueConstraint("id", name="uq_plans_id"),
    )
    op.create_index("ix_plans_tenant_id_action", "plans", ["tenant_id", "action"])
    op.create_index("ix_plans_tenant_id_state_number", "plans", ["tenant_id", "state", "number"])


def _create_plan_approvals() -> None:
    op.create_table(
        "plan_approvals",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("account", sa.Text()),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name="fk_plan_approvals_plan_id"),
        sa.PrimaryKeyConstraint("plan_id", "position", name="pk_plan_approvals"),
    )


def _create_plan_targets() -> None:
    op.create_table(
        "plan_targets",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("resource_type", sa.String(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("resource_name", sa.Text()),
        sa.Column("check_id", sa.String()),
        sa.Column("fingerprint", sa.String()),
        sa.Column("identity", sa.JSON(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("undoes", sa.Integer()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("because", sa.Text()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name="fk_plan_targets_plan_id"),
        sa.PrimaryKeyConstraint("plan_id", "number", name="pk_plan_targets"),
    )
    op.create_index("ix_plan_targets_fingerprint", "plan_targets", ["fingerprint"])


def _create_plan_journal() -> None:
    op.create_table(
        "plan_journal",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON()),
        sa.Column("intended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column("request_id", sa.Text()),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "target"], ["plan_targets.plan_id", "plan_targets.number"], name="fk_plan_journal_plan_id"
        ),
        sa.PrimaryKeyConstraint("plan_id", "target", "number", name="pk_plan_journal"),
    )


def _create_plan_images() -> None:
    op.create_table(
        "plan_images",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tables", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "target"], ["plan_targets.plan_id", "plan_targets.number"], name="fk_plan_images_plan_id"
        ),
        sa.PrimaryKeyConstraint("plan_id", "target", name="pk_plan_images"),
    )


def _create_operators() -> None:
    op.create_table(
        "operators",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("account", sa.Text()),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name="pk_operators"),
        sa.UniqueConstraint("token_hash", name="uq_operators_token_hash"),
    )


def _create_stops() -> None:
    op.create_table(
        "stops",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.String()),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_stops"),
        sa.UniqueConstraint("tenant_id", name="uq_stops_tenant_id"),
    )


def _create_audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Text()),
        sa.Column("plan_id", sa.Text()),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_at", "audit_events", ["at"])
    op.create_index("ix_audit_events_plan_id", "audit_events", ["plan_id"])


def _create_audit_head() -> None:
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": _GENESIS}])


def _create_noted_settings() -> None:
    op.create_table(
        "noted_settings",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_noted_settings"),
    )


def _protect_audit_events() -> None:
    for statement in _ON_POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _ON_SQLITE:
        op.execute(statement)


_ON_SQLITE = (
    """
    create trigger audit_events_update before update on audit_events
    begin select raise(abort, 'audit events are only ever added'); end
    """,
    """
    create trigger audit_events_delete before delete on audit_events
    begin select raise(abort, 'audit events are only ever added'); end
    """,
    # "insert or replace" deletes without asking the trigger above.
    """
    create trigger audit_events_insert before insert on audit_events
    when exists (select 1 from audit_events where number = new.number)
    begin select raise(abort, 'audit events are only ever added'); end
    """,
)

_ON_POSTGRESQL = (
    """
    create function audit_events_only_added() returns trigger language plpgsql as $$
    begin
      raise exception 'audit events are only ever added';
    end
    $$
    """,
    """
    create trigger audit_events_only_added before update or delete or truncate on audit_events
    for each statement execute function audit_events_only_added()
    """,
)
