"""The tables of acting: plans with their journal, operators, stops, the audit. A change here needs a migration."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
)

from posture.store.columns import DirectoryText, UtcTime
from posture.store.tables import METADATA

# ``number`` tells the order in which plans were proposed. ``worker`` is whoever claimed the plan last.
PLANS: Final = Table(
    "plans",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("tenant_id", String, nullable=False),
    Column("tenant_name", DirectoryText, nullable=False),
    Column("action", String, nullable=False),
    Column("action_version", String, nullable=False),
    Column("risk", String, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("reason", DirectoryText, nullable=False),
    Column("undoes", String),
    Column("rule_people", Integer, nullable=False),
    Column("rule_role", String, nullable=False),
    Column("rule_seconds", Float, nullable=False),
    Column("limit_per_run", Integer, nullable=False),
    Column("limit_per_day", Integer, nullable=False),
    Column("limit_share", Float, nullable=False),
    Column("limit_failures", Integer, nullable=False),
    Column("proposed_by", DirectoryText, nullable=False),
    Column("proposed_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("state", String, nullable=False),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("ended_because", DirectoryText),
    Column("worker", String),
    Index(None, "tenant_id", "state", "number"),
    Index(None, "tenant_id", "action"),
)

PLAN_APPROVALS: Final = Table(
    "plan_approvals",
    METADATA,
    Column("plan_id", String, ForeignKey("plans.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("given_by", DirectoryText, nullable=False),
    Column("account", DirectoryText),
    Column("role", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("note", DirectoryText, nullable=False),
    Column("at", UtcTime, nullable=False),
)

PLAN_TARGETS: Final = Table(
    "plan_targets",
    METADATA,
    Column("plan_id", String, ForeignKey("plans.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("resource_type", String, nullable=False),
    Column("resource_id", DirectoryText, nullable=False),
    Column("resource_name", DirectoryText),
    Column("check_id", String),
    # No foreign key: a plan stays on record whatever becomes of the finding.
    Column("fingerprint", String),
    Column("identity", JSON, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("undoes", Integer),
    Column("state", String, nullable=False),
    Column("because", DirectoryText),
    Column("ended_at", UtcTime),
    Index(None, "fingerprint"),
)

PLAN_JOURNAL: Final = Table(
    "plan_journal",
    METADATA,
    Column("plan_id", String, primary_key=True),
    Column("target", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("step", String, nullable=False),
    Column("method", String, nullable=False),
    Column("path", DirectoryText, nullable=False),
    Column("body", JSON(none_as_null=True)),
    Column("intended_at", UtcTime, nullable=False),
    Column("state", String, nullable=False),
    Column("ended_at", UtcTime),
    Column("status", Integer),
    Column("error", DirectoryText),
    Column("request_id", DirectoryText),
    Column("kept", JSON, nullable=False),
    ForeignKeyConstraint(["plan_id", "target"], ["plan_targets.plan_id", "plan_targets.number"]),
)

PLAN_IMAGES: Final = Table(
    "plan_images",
    METADATA,
    Column("plan_id", String, primary_key=True),
    Column("target", Integer, primary_key=True, autoincrement=False),
    Column("taken_at", UtcTime, nullable=False),
    Column("tables", JSON, nullable=False),
    ForeignKeyConstraint(["plan_id", "target"], ["plan_targets.plan_id", "plan_targets.number"]),
)

# A token is given out once and kept by whoever got it; here is only what it hashes to. ``tenants`` NULL is all of
# them, ``scopes`` NULL all of the role. Several rows of one ``subject``: the last one counts.
OPERATORS: Final = Table(
    "operators",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("name", DirectoryText, nullable=False),
    Column("role", String, nullable=False),
    Column("account", DirectoryText),
    Column("token_hash", String, nullable=False, unique=True),
    Column("added_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("tenants", JSON(none_as_null=True)),
    Column("scopes", JSON(none_as_null=True)),
    Column("subject", DirectoryText),
    Index(None, "subject"),
)

# What is stopped now; who stopped and allowed actions before is told by the audit.
STOPS: Final = Table(
    "stops",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("tenant_id", String, unique=True),
    Column("set_by", DirectoryText, nullable=False),
    Column("reason", DirectoryText, nullable=False),
    Column("at", UtcTime, nullable=False),
)

# Rows are only ever added: triggers refuse the rest, and who removes those is found out by the chain.
AUDIT_EVENTS: Final = Table(
    "audit_events",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", DirectoryText, nullable=False),
    Column("kind", String, nullable=False),
    Column("tenant_id", DirectoryText),
    Column("plan_id", DirectoryText),
    Column("details", JSON, nullable=False),
    Column("previous_hash", String, nullable=False),
    Column("hash", String, nullable=False),
    Index(None, "plan_id"),
    Index(None, "at"),
    # For pages of one kind and of one tenant.
    Index(None, "kind", "number"),
    Index(None, "tenant_id", "number"),
)

# One row: what the chain must end with. Whoever appends holds it until the end of the transaction.
AUDIT_HEAD: Final = Table(
    "audit_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("hash", String, nullable=False),
)
HEAD_ROW: Final = 1

# One row: the configuration that was in force when somebody last acted.
NOTED_SETTINGS: Final = Table(
    "noted_settings",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("digest", String, nullable=False),
    Column("noted_at", UtcTime, nullable=False),
)
