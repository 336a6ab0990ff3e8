"""Rows of journal, operators, stops and audit ↔ values of the domain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import RowMapping

from posture.domain.audit import AuditEvent, AuditKind, ChainedEvent
from posture.domain.journal import BeforeImage, JournalEntry, SendState
from posture.domain.operator import Operator, Role, Scope, scopes_of
from posture.domain.switch import Stop
from posture.store.rows import Row


def entry_row(entry: JournalEntry) -> Row:
    return {
        "plan_id": entry.plan_id,
        "target": entry.target,
        "number": entry.number,
        "step": entry.step,
        "method": entry.method,
        "path": entry.path,
        "body": dict(entry.body) if entry.body is not None else None,
        "intended_at": entry.intended_at,
        "state": entry.state.value,
        "ended_at": entry.ended_at,
        "status": entry.status,
        "error": entry.error,
        "request_id": entry.request_id,
        "kept": dict(entry.kept),
    }


def entry_from(row: RowMapping) -> JournalEntry:
    return JournalEntry(
        number=row["number"],
        plan_id=row["plan_id"],
        target=row["target"],
        step=row["step"],
        method=row["method"],
        path=row["path"],
        body=row["body"],
        intended_at=row["intended_at"],
        state=SendState(row["state"]),
        ended_at=row["ended_at"],
        status=row["status"],
        error=row["error"],
        request_id=row["request_id"],
        kept=row["kept"],
    )


def image_row(image: BeforeImage) -> Row:
    return {
        "plan_id": image.plan_id,
        "target": image.target,
        "taken_at": image.taken_at,
        "tables": {table: [dict(row) for row in rows] for table, rows in image.tables.items()},
    }


def image_from(row: RowMapping) -> BeforeImage:
    return BeforeImage(
        plan_id=row["plan_id"],
        target=row["target"],
        taken_at=row["taken_at"],
        tables={table: tuple(rows) for table, rows in row["tables"].items()},
    )


def operator_row(operator: Operator, *, token_hash: str) -> Row:
    return {
        "name": operator.name,
        "role": operator.role.value,
        "account": operator.account,
        "token_hash": token_hash,
        "added_at": operator.added_at,
        "expires_at": operator.expires_at,
        "revoked_at": operator.revoked_at,
        "tenants": None if operator.tenants is None else sorted(operator.tenants),
        "scopes": sorted(scope.value for scope in operator.scopes),
        "subject": operator.subject,
    }


def operator_from(row: RowMapping, *, signed_in_at: datetime | None = None) -> Operator:
    """Return an operator on record; ``signed_in_at`` is told by a sign-in."""
    role, scopes, tenants = Role(row["role"]), row["scopes"], row["tenants"]
    return Operator(
        name=row["name"],
        role=role,
        account=row["account"],
        added_at=row["added_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        tenants=None if tenants is None else frozenset(tenants),
        # Whoever was added before there were scopes has all of their role.
        scopes=scopes_of(role) if scopes is None else frozenset(Scope(scope) for scope in scopes),
        subject=row["subject"],
        signed_in_at=signed_in_at,
    )


def stop_row(stop: Stop) -> Row:
    return {"tenant_id": stop.tenant_id, "set_by": stop.by, "reason": stop.reason, "at": stop.at}


def stop_from(row: RowMapping) -> Stop:
    return Stop(tenant_id=row["tenant_id"], by=row["set_by"], reason=row["reason"], at=row["at"])


def audit_row(link: ChainedEvent) -> Row:
    return {
        "number": link.number,
        "at": link.event.at,
        "actor": link.event.actor,
        "kind": link.event.kind.value,
        "tenant_id": link.event.tenant_id,
        "plan_id": link.event.plan_id,
        "details": dict(link.event.details),
        "previous_hash": link.previous_hash,
        "hash": link.hash,
    }


def link_from(row: RowMapping) -> ChainedEvent:
    """Return an event on record.

    Raises:
        TypeError, ValueError: posture has not written this row.
    """
    texts = [row[name] for name in ("actor", "kind", "previous_hash", "hash")]
    texts += [row[name] for name in ("tenant_id", "plan_id") if row[name] is not None]
    # SQLite keeps a value of any type in any column.
    if not all(isinstance(text, str) for text in texts) or not isinstance(row["details"], dict):
        raise TypeError("a column of an audit event holds a value of another type")
    return ChainedEvent(
        number=row["number"],
        event=AuditEvent(
            at=row["at"],
            actor=row["actor"],
            kind=AuditKind(row["kind"]),
            tenant_id=row["tenant_id"],
            plan_id=row["plan_id"],
            details=row["details"],
        ),
        previous_hash=row["previous_hash"],
        hash=row["hash"],
    )
