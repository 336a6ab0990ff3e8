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
    Text,
)

from posture.store.columns import DirectoryText, SortedText, UtcTime

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
    # How many of the tenant's checks had each mark after it; NULL unless it came to its end.
    Column("passed", Integer),
    Column("failed", Integer),
    Column("unknown", Integer),
    Column("not_judged", Integer),
    Index(None, "tenant_id", "taken_at"),
    Index(None, "tenant_id", "number"),
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

_NARROWED_BY: Final = ("state", "tenant_id", "check_id")

# A fingerprint is made of the tenant too, so it alone is the key.
# ``severity_rank`` repeats ``severity`` as a number that can be compared and sorted by. ``resource_key`` is the
# resource's id as exemptions compare it, ``resource_order`` what a list by resources is sorted by, ``search_text``
# where words are looked for; all three in lower case as Python has it, for no two databases agree on that.
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
    Column("resource_key", SortedText, nullable=False, server_default=""),
    Column("resource_order", SortedText, nullable=False, server_default=""),
    Column("search_text", Text, nullable=False, server_default=""),
    # The fingerprint is in it for the pages of the open findings of one check.
    Index("ix_findings_tenant_check_state", "tenant_id", "check_id", "state", "fingerprint"),
    Index(None, "resource_key"),
    # For counting. This one and the next ones hold everything that lists are narrowed by: what does not match is
    # passed over without a look at its row.
    Index("ix_findings_counted", "state", "tenant_id", "check_id", "severity_rank", "fingerprint"),
    Index("ix_findings_by_severity", "severity_rank", "first_failed_at", "fingerprint", *_NARROWED_BY),
    Index("ix_findings_by_first_failed", "first_failed_at", "fingerprint", "severity_rank", *_NARROWED_BY),
    Index("ix_findings_by_resource", "resource_order", "fingerprint", "severity_rank", *_NARROWED_BY),
    Index("ix_findings_by_check", "check_id", "fingerprint", "severity_rank", "state", "tenant_id"),
)

# How many findings are open, kept by whoever saves findings: to count them each time takes longer the more there are.
OPEN_FINDINGS: Final = Table(
    "open_findings",
    METADATA,
    Column("tenant_id", String, primary_key=True),
    Column("check_id", String, primary_key=True),
    Column("severity_rank", SmallInteger, primary_key=True, autoincrement=False),
    Column("findings", BigInteger, nullable=False),
)

# Rows are only ever added. Tenant and check are those of the finding: changes are counted by them.
FINDING_CHANGES: Final = Table(
    "finding_changes",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("fingerprint", String, ForeignKey("findings.fingerprint"), nullable=False),
    Column("change", String, nullable=False),
    Column("run_id", String, ForeignKey("runs.id")),
    Column("at", UtcTime, nullable=False),
    Column("tenant_id", String),
    Column("check_id", String),
    Index(None, "fingerprint"),
    Index(None, "at", "tenant_id", "check_id", "change"),
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
