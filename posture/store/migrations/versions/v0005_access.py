"""Operators limited to tenants and scopes, sign-ins, answers that are given once, examinations of tenants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _limit_operators()
    _create_sign_ins()
    _create_idempotency_keys()
    _create_examinations()


def _limit_operators() -> None:
    # NULL is no limit: operators of before keep what they had.
    op.add_column("operators", sa.Column("tenants", sa.JSON()))
    op.add_column("operators", sa.Column("scopes", sa.JSON()))
    op.add_column("operators", sa.Column("subject", sa.Text()))
    op.create_index("ix_operators_subject", "operators", ["subject"])


def _create_sign_ins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("operator_number", sa.Integer(), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("sign_out_hint", sa.Text()),
        sa.ForeignKeyConstraint(["operator_number"], ["operators.number"], name="fk_sign_ins_operator_number"),
        sa.PrimaryKeyConstraint("number", name="pk_sign_ins"),
        sa.UniqueConstraint("id_hash", name="uq_sign_ins_id_hash"),
    )
    op.create_index("ix_sign_ins_operator_number", "sign_ins", ["operator_number"])
    op.create_index("ix_sign_ins_ends_at", "sign_ins", ["ends_at"])


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("operator_number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", sa.JSON()),
        sa.Column("body", sa.Text()),
        sa.ForeignKeyConstraint(
            ["operator_number"], ["operators.number"], name="fk_idempotency_keys_operator_number"
        ),
        sa.PrimaryKeyConstraint("operator_number", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_begun_at", "idempotency_keys", ["begun_at"])


def _create_examinations() -> None:
    op.create_table(
        "examinations",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reader", sa.JSON(), nullable=False),
        sa.Column("remediator", sa.JSON()),
        sa.PrimaryKeyConstraint("number", name="pk_examinations"),
    )
    op.create_index("ix_examinations_tenant_id_at", "examinations", ["tenant_id", "at"])
