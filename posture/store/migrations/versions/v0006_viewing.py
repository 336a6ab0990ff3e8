"""What lists and numbers are made by: keys of findings, counts of checks, numbers of runs, and their indexes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_BATCH = 1000
_KEY_LENGTH = 200
_COUNTS = ("passed", "failed", "unknown", "not_applicable", "exempted")
_NUMBERS = ("passed", "failed", "unknown", "not_judged")


def upgrade() -> None:
    _widen_findings()
    _fill_findings()
    _create_indexes_of_findings()
    _count_open_findings()
    _widen_changes()
    _widen_runs()
    _widen_standings()
    _fill_numbers()
    op.create_index("ix_audit_events_kind_number", "audit_events", ["kind", "number"])
    op.create_index("ix_audit_events_tenant_id_number", "audit_events", ["tenant_id", "number"])


def _widen_findings() -> None:
    sorted_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("findings", sa.Column("resource_key", sorted_text, nullable=False, server_default=""))
    op.add_column("findings", sa.Column("resource_order", sorted_text, nullable=False, server_default=""))
    op.add_column("findings", sa.Column("search_text", sa.Text(), nullable=False, server_default=""))


def _fill_findings() -> None:
    connection = op.get_bind()
    fill = sa.text(
        "update findings set resource_key = :key, resource_order = :ordered, search_text = :searched"
        " where fingerprint = :fingerprint"
    )
    for rows in _batches_of_findings(connection):
        connection.execute(fill, [_listed(row) for row in rows])


def _batches_of_findings(connection: sa.Connection) -> Iterator[Sequence[sa.Row[Any]]]:
    page = sa.text(
        "select fingerprint, resource_id, resource_name, message from findings"
        " where fingerprint > :after order by fingerprint limit :limit"
    )
    after = ""
    while rows := connection.execute(page, {"after": after, "limit": _BATCH}).all():
        yield rows
        after = rows[-1].fingerprint


def _listed(row: sa.Row[Any]) -> dict[str, str]:
    name = row.resource_name or ""
    return {
        "fingerprint": row.fingerprint,
        "key": row.resource_id.lower()[:_KEY_LENGTH],
        "ordered": (name or row.resource_id).casefold()[:_KEY_LENGTH],
        "searched": "\n".join(text.casefold() for text in (row.resource_id, name, row.message)),
    }


def _create_indexes_of_findings() -> None:
    narrowed_by = ["state", "tenant_id", "check_id"]
    indexes = {
        "ix_findings_resource_key": ["resource_key"],
        "ix_findings_counted": ["state", "tenant_id", "check_id", "severity_rank", "fingerprint"],
        "ix_findings_by_severity": ["severity_rank", "first_failed_at", "fingerprint", *narrowed_by],
        "ix_findings_by_first_failed": ["first_failed_at", "fingerprint", "severity_rank", *narrowed_by],
        "ix_findings_by_resource": ["resource_order", "fingerprint", "severity_rank", *narrowed_by],
        "ix_findings_by_check": ["check_id", "fingerprint", "severity_rank", "state", "tenant_id"],
    }
    for name, columns in indexes.items():
        op.create_index(name, "findings", columns)


def _count_open_findings() -> None:
    op.create_table(
        "open_findings",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("check_id", sa.String(), nullable=False),
        sa.Column("severity_rank", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("findings", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "check_id", "severity_rank", name="pk_open_findings"),
    )
    op.execute(
        "insert into open_findings (tenant_id, check_id, severity_rank, findings)"
        " select tenant_id, check_id, severity_rank, count(*) from findings where state = 'open'"
        " group by tenant_id, check_id, severity_rank"
    )


def _widen_changes() -> None:
    for name in ("tenant_id", "check_id"):
        op.add_column("finding_changes", sa.Column(name, sa.String()))
    op.execute(_OF_THE_FINDING)
    columns = ["at", "tenant_id", "check_id", "change"]
    op.create_index("ix_finding_changes_at_tenant_id_check_id_change", "finding_changes", columns)


def _widen_runs() -> None:
    for name in _NUMBERS:
        op.add_column("runs", sa.Column(name, sa.Integer()))
    op.create_index("ix_runs_tenant_id_number", "runs", ["tenant_id", "number"])


def _widen_standings() -> None:
    op.add_column("check_standings", sa.Column("first_evaluated_at", sa.DateTime(timezone=True)))
    op.add_column("check_standings", sa.Column("is_off", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("check_standings", sa.Column("severity", sa.String()))
    op.add_column("check_standings", sa.Column("skip_detail", sa.Text()))
    op.add_column("check_standings", sa.Column("error", sa.Text()))
    for name in _COUNTS:
        op.add_column("check_standings", sa.Column(name, sa.BigInteger()))


def _fill_numbers() -> None:
    """Go through the runs on record, the oldest first, as if each had kept its numbers."""
    connection = op.get_bind()
    known: dict[tuple[str, str], dict[str, Any]] = {}
    for run in connection.execute(sa.text("select id, tenant_id, taken_at, state from runs order by number")).all():
        _learn(connection, known, run)
        if run.state in ("complete", "incomplete"):
            counted = Counter(_mark(one) for (tenant_id, _), one in known.items() if tenant_id == run.tenant_id)
            numbers = {name: counted[name] for name in _NUMBERS}
            connection.execute(sa.update(_table("runs", *_NUMBERS)).where(sa.column("id") == run.id).values(numbers))
    for (tenant_id, check_id), standing in known.items():
        keep = sa.update(_table("check_standings", *standing)).values(standing)
        connection.execute(keep.where(sa.column("tenant_id") == tenant_id, sa.column("check_id") == check_id))


def _learn(connection: sa.Connection, known: dict[tuple[str, str], dict[str, Any]], run: sa.Row[Any]) -> None:
    results = sa.text("select * from run_checks where run_id = :id")
    for row in connection.execute(results, {"id": run.id}).mappings().all():
        standing = known.setdefault((run.tenant_id, row["check_id"]), {})
        standing["is_off"] = row["skip_kind"] == "switched_off"
        if standing["is_off"]:
            continue
        standing |= {name: row[name] for name in ("severity", "skip_detail", "error")}
        standing["outcome"] = row["outcome"]
        if row["outcome"] == "evaluated":
            standing |= {name: row[name] for name in _COUNTS}
            standing.setdefault("first_evaluated_at", run.taken_at)


def _mark(standing: dict[str, Any]) -> str:
    if standing["is_off"]:
        return "off"
    if standing["outcome"] != "evaluated":
        return "not_judged"
    if standing["failed"]:
        return "failed"
    return "unknown" if standing["unknown"] else "passed"


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))


_OF_THE_FINDING = """
    update finding_changes
    set
      tenant_id = (select tenant_id from findings where findings.fingerprint = finding_changes.fingerprint),
      check_id = (select check_id from findings where findings.fingerprint = finding_changes.fingerprint)
    """
