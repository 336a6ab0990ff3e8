"""The tables of the web page and the API: who is signed in, what was answered to which key, what tenants allow.

A change here needs a migration.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from posture.store.columns import UtcTime
from posture.store.tables import METADATA

# Of the random id in the cookie here is only the hash: whoever reads the database cannot sign in with it.
SIGN_INS: Final = Table(
    "sign_ins",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id_hash", String, nullable=False, unique=True),
    Column("operator_number", Integer, ForeignKey("operators.number"), nullable=False),
    Column("signed_in_at", UtcTime, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("used_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("sign_out_hint", Text),
    Index(None, "operator_number"),
    Index(None, "ends_at"),
)

# ``request`` is the hash of what was asked; ``status`` is NULL while nobody knows what is answered.
IDEMPOTENCY_KEYS: Final = Table(
    "idempotency_keys",
    METADATA,
    Column("operator_number", Integer, ForeignKey("operators.number"), primary_key=True, autoincrement=False),
    Column("key", String, primary_key=True),
    Column("request", String, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("status", Integer),
    Column("headers", JSON(none_as_null=True)),
    Column("body", Text),
    Index(None, "begun_at"),
)

EXAMINATIONS: Final = Table(
    "examinations",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("tenant_id", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("reader", JSON, nullable=False),
    Column("remediator", JSON(none_as_null=True)),
    Index(None, "tenant_id", "at"),
)
