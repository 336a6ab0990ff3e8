"""One transaction over plans, journal, operators, stops and the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select

from posture.domain.action import ActionId
from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.finding import Finding
from posture.domain.job import Job
from posture.domain.journal import BeforeImage, JournalEntry
from posture.domain.judgement import Value
from posture.domain.notice import Notice
from posture.domain.operator import Operator
from posture.domain.plan import FINAL, Plan, PlanState, Target, TargetState
from posture.domain.switch import Stop
from posture.store import audit, jobs, operators, plans
from posture.store import notices as notice_book
from posture.store.acting_rows import entry_from, entry_row, image_from, image_row, stop_from, stop_row
from posture.store.acting_tables import NOTED_SETTINGS, PLAN_IMAGES, PLAN_JOURNAL, PLAN_TARGETS, PLANS, STOPS
from posture.store.batches import upsert
from posture.store.rows import finding_from
from posture.store.tables import FINDINGS

_STILL_GOING: Final = tuple(state.value for state in PlanState if state not in FINAL)
_ONLY_ROW: Final = 1


class PlanConditions(Protocol):
    """Which plans to list; an empty tuple or None sets no condition."""

    @property
    def tenant_ids(self) -> tuple[str, ...]: ...

    @property
    def states(self) -> tuple[PlanState, ...]: ...

    @property
    def limit(self) -> int | None: ...


class SqlActingUnit:
    """Everything one use case of acting reads and writes, kept or dropped together."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_plan(self, plan: Plan) -> None:
        plans.add(self._connection, plan)

    def plan(self, plan_id: str) -> Plan | None:
        return plans.by_id(self._connection, plan_id)

    def plans_with_prefix(self, prefix: str) -> Sequence[Plan]:
        """Return ten at most, by id."""
        return plans.with_prefix(self._connection, prefix)

    def plans(self, query: PlanConditions) -> Sequence[Plan]:
        """Return plans, the newest first."""
        return plans.listed(self._connection, tenant_ids=query.tenant_ids, states=query.states, limit=query.limit)

    def save_plan(self, plan: Plan, *, was: PlanState) -> bool:
        return plans.move(self._connection, plan, was=was)

    def claim(self, plan: Plan, *, was: PlanState, worker: str) -> bool:
        return plans.move(self._connection, plan, was=was, worker=worker)

    def require_claim(self, plan_id: str, *, worker: str) -> None:
        """Return if the worker still executes the plan.

        Raises:
            ClaimLost: another worker has taken it over, or the plan has ended.
        """
        plans.require_claim(self._connection, plan_id, worker=worker)

    def save_target(self, plan_id: str, target: Target) -> None:
        """Write how a target ended.

        Raises:
            ValueError: the plan has no such target.
        """
        plans.end_target(self._connection, plan_id, target)

    def acted_since(self, tenant_id: str, action: ActionId, since: datetime) -> int:
        """Count the targets that ended since then, inclusive, with something sent, and those still to come."""
        # A request that was only intended may have been sent: it counts.
        sent = exists().where(_of_target())
        ended = and_(PLAN_TARGETS.c.ended_at >= since, sent)
        to_come = and_(PLAN_TARGETS.c.state == TargetState.WAITING.value, PLANS.c.state.in_(_STILL_GOING))
        return self._count_targets(tenant_id, action, or_(ended, to_come))

    def sent_since(self, tenant_id: str, action: ActionId, since: datetime) -> int:
        """Count the targets for which a request was intended, and so perhaps sent, since then, inclusive."""
        return self._count_targets(
            tenant_id, action, exists().where(_of_target(), PLAN_JOURNAL.c.intended_at >= since)
        )

    def write_entry(self, entry: JournalEntry) -> None:
        upsert(self._connection, PLAN_JOURNAL, [entry_row(entry)], key=("plan_id", "target", "number"))

    def entries(self, plan_id: str) -> Sequence[JournalEntry]:
        return entries(self._connection, plan_id)

    def save_image(self, image: BeforeImage) -> None:
        """Insert or update."""
        upsert(self._connection, PLAN_IMAGES, [image_row(image)], key=("plan_id", "target"))

    def image(self, plan_id: str, target: int) -> BeforeImage | None:
        wanted = select(PLAN_IMAGES).where(PLAN_IMAGES.c.plan_id == plan_id, PLAN_IMAGES.c.target == target)
        row = self._connection.execute(wanted).mappings().one_or_none()
        return image_from(row) if row is not None else None

    def finding(self, fingerprint: str) -> Finding | None:
        wanted = select(FINDINGS).where(FINDINGS.c.fingerprint == fingerprint)
        row = self._connection.execute(wanted).mappings().one_or_none()
        return finding_from(row) if row is not None else None

    def stops(self) -> Sequence[Stop]:
        return stops(self._connection)

    def set_stop(self, stop: Stop) -> None:
        if not any(each.tenant_id == stop.tenant_id for each in self.stops()):
            self._connection.execute(insert(STOPS).values(stop_row(stop)))

    def clear_stop(self, tenant_id: str | None) -> None:
        self._connection.execute(delete(STOPS).where(STOPS.c.tenant_id.is_not_distinct_from(tenant_id)))

    def add_operator(self, operator: Operator, *, token_hash: str) -> None:
        """Record an operator; ``token_hash`` is the SHA-256 of the token, in hexadecimal.

        Raises:
            UsageError: there is an active operator of that name, in any case.
        """
        operators.add(self._connection, operator, token_hash=token_hash)

    def operator_by_token(self, token_hash: str) -> Operator | None:
        return operators.by_token(self._connection, token_hash)

    def operator_by_subject(self, subject: str) -> Operator | None:
        """Return who signs in with an OpenID provider as ``issuer|sub``, active or not; the last one added."""
        return operators.by_subject(self._connection, subject)

    def change_operator(self, operator: Operator) -> None:
        """Write role, account, end, tenants and scopes of an operator on record."""
        operators.change(self._connection, operator)

    def operators(self) -> Sequence[Operator]:
        return operators.every(self._connection)

    def revoke_operator(self, name: str, *, at: datetime) -> bool:
        return operators.revoke(self._connection, name, at=at)

    def note_settings(self, digest: str, *, summary: Mapping[str, Value], at: datetime) -> None:
        """Record that the configuration is another one than the last time, if it is."""
        known = select(NOTED_SETTINGS.c.digest).where(NOTED_SETTINGS.c.id == _ONLY_ROW)
        if self._connection.execute(known).scalar() == digest:
            return
        upsert(self._connection, NOTED_SETTINGS, [{"id": _ONLY_ROW, "digest": digest, "noted_at": at}], key=("id",))
        self.record(
            AuditEvent(
                at=at,
                actor="posture",
                kind=AuditKind.SETTINGS_CHANGED,
                tenant_id=None,
                plan_id=None,
                details=summary,
            )
        )

    def add_job(self, job: Job) -> None:
        """Record a job that waits, together with what it follows from; one that is on record is left alone."""
        jobs.add(self._connection, [job])

    def record(self, event: AuditEvent) -> None:
        audit.record(self._connection, event)

    def add_notices(self, notices: Sequence[Notice]) -> None:
        """Record what people may be told of; what is on record already is left alone."""
        notice_book.add(self._connection, notices)

    def _count_targets(self, tenant_id: str, action: ActionId, condition: ColumnElement[bool]) -> int:
        counted = (
            select(func.count())
            .select_from(PLAN_TARGETS.join(PLANS, PLANS.c.id == PLAN_TARGETS.c.plan_id))
            .where(PLANS.c.tenant_id == tenant_id, PLANS.c.action == action, condition)
        )
        return self._connection.execute(counted).scalar_one()


def entries(connection: Connection, plan_id: str) -> Sequence[JournalEntry]:
    """Return the journal of a plan, by target and number."""
    ordered = (
        select(PLAN_JOURNAL)
        .where(PLAN_JOURNAL.c.plan_id == plan_id)
        .order_by(PLAN_JOURNAL.c.target, PLAN_JOURNAL.c.number)
    )
    return [entry_from(row) for row in connection.execute(ordered).mappings()]


def stops(connection: Connection) -> Sequence[Stop]:
    """Return the switches that are off now, the global one first, then in the order they were set."""
    ordered = select(STOPS).order_by(STOPS.c.tenant_id.is_not(None), STOPS.c.number)
    return [stop_from(row) for row in connection.execute(ordered).mappings()]


def _of_target() -> ColumnElement[bool]:
    return and_(
        PLAN_JOURNAL.c.plan_id == PLAN_TARGETS.c.plan_id,
        PLAN_JOURNAL.c.target == PLAN_TARGETS.c.number,
    )
