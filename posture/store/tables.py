"""The tables of the database. A change here needs a migration; a test compares the two."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
)

from posture.store.columns import DirectoryText, UtcTime

# Constraints have names, so that a later migration can speak of them.
METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# ``number`` tells the order in which runs were recorded. Their times do not: a run that goes on where a killed
# one stopped has the same ``taken_at``.
RUNS: Final = Table(
    "runs",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("tenant_id", String, nullable=False),
    Column("tenant_name", DirectoryText, nullable=False),
    Column("tenant_display_name", DirectoryText),
    Column("taken_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("state", String, nullable=False),
    Column("aborted_because", DirectoryText),
    Index(None, "tenant_id", "taken_at"),
)

RUN_TABLES: Final = Table(
    "run_tables",
    METADATA,
    Column("run_id", String, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("table_name", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("outcome", String, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("reason", DirectoryText),
    Column("missing", DirectoryText),
)

RUN_CHECKS: Final = Table(
    "run_checks",
    METADATA,
    Column("run_id", String, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("check_id", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("severity", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("skip_kind", String),
    Column("skip_detail", DirectoryText),
    Column("error", DirectoryText),
    Column("passed", BigInteger),
    Column("failed", BigInteger),
    Column("unknown", BigInteger),
    Column("not_applicable", BigInteger),
    Column("exempted", BigInteger),
)

# A fingerprint is made of the tenant too, so it alone is the key.
# ``severity_rank`` repeats ``severity`` as a number that can be compared and sorted by.
FINDINGS: Final = Table(
    "findings",
    METADATA,
    Column("fingerprint", String, primary_key=True),
    Column("tenant_id", String, nullable=False),
    Column("check_id", String, nullable=False),
    Column("resource_type", String, nullable=False),
    Column("resource_id", DirectoryText, nullable=False),
    Column("resource_name", DirectoryText),
    Column("identity", JSON, nullable=False),
    Column("severity", String, nullable=False),
    Column("severity_rank", SmallInteger, nullable=False),
    Column("message", DirectoryText, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("resolution", String),
    Column("first_failed_at", UtcTime, nullable=False),
    Column("last_failed_at", UtcTime, nullable=False),
    Column("judged_at", UtcTime, nullable=False),
    Column("times_opened", Integer, nullable=False),
    # The fingerprint is in it for the pages of the open findings of one check.
    Index("ix_findings_tenant_check_state", "tenant_id", "check_id", "state", "fingerprint"),
)

# Rows are only ever added.
FINDING_CHANGES: Final = Table(
    "finding_changes",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("fingerprint", String, ForeignKey("findings.fingerprint"), nullable=False),
    Column("change", String, nullable=False),
    Column("run_id", String, ForeignKey("runs.id")),
    Column("at", UtcTime, nullable=False),
    Index(None, "fingerprint"),
)

EXEMPTIONS: Final = Table(
    "exemptions",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("tenant", DirectoryText, nullable=False),
    Column("check_id", String),
    Column("resource_id", DirectoryText, nullable=False),
    Column("owner", DirectoryText, nullable=False),
    Column("reason", DirectoryText, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)
