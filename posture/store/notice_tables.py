"""The tables of telling: the outbox of notices, what became of them, and how checks stand. A change here needs a
migration."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, false

from posture.store.columns import DirectoryText, UtcTime
from posture.store.tables import METADATA

# ``number`` tells the order in which notices were recorded. ``routed_at`` is NULL until routes were looked up.
NOTICES: Final = Table(
    "notices",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("event", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("tenant_id", String),
    Column("tenant_name", DirectoryText),
    Column("severity", String, nullable=False),
    Column("check_id", String),
    Column("resource_type", String),
    Column("about", DirectoryText, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("routed_at", UtcTime),
    # Both find what is not routed yet; the second one finds examples of an event.
    Index(None, "routed_at", "number"),
    Index(None, "event", "number"),
)

# ``is_failure_told``: that it was refused or given up was told to other channels.
# Whoever claims a delivery has it until ``claimed_until``.
DELIVERIES: Final = Table(
    "deliveries",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("channel", String, nullable=False),
    Column("is_digest", Boolean, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("note", DirectoryText),
    Column("is_failure_told", Boolean, nullable=False),
    Column("claimed_by", String),
    Column("claimed_until", UtcTime),
    Index(None, "state", "channel", "next_try_at"),
    Index(None, "channel", "number"),
)

# One notice to one channel. ``cron`` and ``zone`` are those of the digest it waits for, NULL if it is told at once.
ERRANDS: Final = Table(
    "errands",
    METADATA,
    Column("notice_id", String, ForeignKey("notices.id"), primary_key=True),
    Column("channel", String, primary_key=True),
    Column("due_at", UtcTime, nullable=False),
    Column("cron", String),
    Column("zone", String),
    Column("delivery_id", String, ForeignKey("deliveries.id")),
    Index(None, "channel", "delivery_id", "due_at"),
    Index(None, "delivery_id"),
)

# Every try, for channels take only so many messages within a time.
DELIVERY_TRIES: Final = Table(
    "delivery_tries",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("delivery_id", String, ForeignKey("deliveries.id"), nullable=False),
    Column("channel", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "channel", "at"),
    Index(None, "delivery_id"),
)

CLOSED_CHANNELS: Final = Table(
    "closed_channels",
    METADATA,
    Column("name", String, primary_key=True),
    Column("settings", String, nullable=False),
    Column("because", DirectoryText, nullable=False),
    Column("at", UtcTime, nullable=False),
)

# How each check stood after the last run that was asked to evaluate it. Counts are those of its last evaluation, NULL
# if there was none. ``is_off``: the settings have switched it off since; all else stays as it was.
CHECK_STANDINGS: Final = Table(
    "check_standings",
    METADATA,
    Column("tenant_id", String, primary_key=True),
    Column("check_id", String, primary_key=True),
    Column("outcome", String, nullable=False),
    Column("skip_kind", String),
    Column("evaluated_at", UtcTime),
    Column("first_evaluated_at", UtcTime),
    Column("is_off", Boolean, nullable=False, server_default=false()),
    Column("severity", String),
    Column("skip_detail", DirectoryText),
    Column("error", DirectoryText),
    Column("passed", BigInteger),
    Column("failed", BigInteger),
    Column("unknown", BigInteger),
    Column("not_applicable", BigInteger),
    Column("exempted", BigInteger),
)
