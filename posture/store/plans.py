"""Plans with their targets and approvals: reading whole ones, and moving them by compare-and-swap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, delete, insert, select, update

from posture.domain.page import Page
from posture.domain.plan import Approval, Plan, PlanState, Target
from posture.errors import ClaimLost
from posture.store import numbered_pages
from posture.store.acting_tables import PLAN_APPROVALS, PLAN_TARGETS, PLANS
from posture.store.batches import in_batches
from posture.store.plan_rows import (
    approval_from,
    approval_row,
    end_row,
    plan_from,
    plan_row,
    progress_row,
    target_from,
    target_row,
)

_MOST_ALIKE: Final = 10

_NEWEST_FIRST: Final = select(PLANS).order_by(PLANS.c.number.desc())


def listed(
    connection: Connection, *, tenant_ids: Sequence[str], states: Sequence[PlanState], limit: int | None
) -> list[Plan]:
    """Return plans, the newest first; an empty sequence or None sets no condition."""
    wanted = _NEWEST_FIRST.limit(limit)
    if tenant_ids:
        wanted = wanted.where(PLANS.c.tenant_id.in_(tenant_ids))
    if states:
        wanted = wanted.where(PLANS.c.state.in_([state.value for state in states]))
    return _whole(connection, wanted)


def page(
    connection: Connection,
    *,
    tenant_ids: Collection[str] | None,
    states: Collection[PlanState],
    cursor: str | None,
    limit: int,
) -> Page[Plan]:
    conditions: list[ColumnElement[bool]] = []
    if tenant_ids is not None:
        conditions.append(PLANS.c.tenant_id.in_(sorted(tenant_ids)))
    if states:
        conditions.append(PLANS.c.state.in_(sorted(states)))
    found = numbered_pages.numbers(connection, PLANS, *conditions, cursor=cursor, limit=limit)
    return numbered_pages.filled(found, _whole(connection, numbered_pages.rows_of(PLANS, found)))


def by_id(connection: Connection, plan_id: str) -> Plan | None:
    return next(iter(_whole(connection, select(PLANS).where(PLANS.c.id == plan_id))), None)


def with_prefix(connection: Connection, prefix: str) -> list[Plan]:
    """Return plans whose id begins like this, ten at most; the caller tells if there are several."""
    alike = PLANS.c.id.startswith(prefix.lower(), autoescape=True)
    return _whole(connection, select(PLANS).where(alike).order_by(PLANS.c.id).limit(_MOST_ALIKE))


def of_finding(connection: Connection, fingerprint: str) -> list[Plan]:
    """Return the plans that have a finding among their targets, the newest first."""
    aimed = select(PLAN_TARGETS.c.plan_id).where(PLAN_TARGETS.c.fingerprint == fingerprint)
    return _whole(connection, _NEWEST_FIRST.where(PLANS.c.id.in_(aimed)))


def add(connection: Connection, plan: Plan) -> None:
    connection.execute(insert(PLANS).values(plan_row(plan)))
    if plan.targets:
        connection.execute(insert(PLAN_TARGETS), [target_row(plan.id, target) for target in plan.targets])
    _write_approvals(connection, plan)


def move(connection: Connection, plan: Plan, *, was: PlanState, worker: str | None = None) -> bool:
    """Write state, approvals and times, and the worker if given, unless the plan has left the state ``was``."""
    claimed = {"worker": worker} if worker is not None else {}
    moved = connection.execute(
        update(PLANS).where(PLANS.c.id == plan.id, PLANS.c.state == was.value).values(progress_row(plan) | claimed)
    )
    if moved.rowcount != 1:
        return False
    connection.execute(delete(PLAN_APPROVALS).where(PLAN_APPROVALS.c.plan_id == plan.id))
    _write_approvals(connection, plan)
    return True


def require_claim(connection: Connection, plan_id: str, *, worker: str) -> None:
    """Return if the worker still executes the plan.

    Raises:
        ClaimLost: another worker has taken it over, or the plan has ended.
    """
    claimed = select(PLANS.c.worker).where(PLANS.c.id == plan_id, PLANS.c.state == PlanState.EXECUTING.value)
    if connection.execute(claimed).scalar() != worker:
        raise ClaimLost(
            f"plan {plan_id} is no longer executed by this process, because another one took it over or it has "
            f"ended: nothing more is sent; posture plans show {plan_id} tells how it goes on"
        )


def end_target(connection: Connection, plan_id: str, target: Target) -> None:
    """Write how a target ended; what was approved of it is never written again.

    Raises:
        ValueError: the plan has no such target.
    """
    this = (PLAN_TARGETS.c.plan_id == plan_id, PLAN_TARGETS.c.number == target.number)
    if connection.execute(update(PLAN_TARGETS).where(*this).values(end_row(target))).rowcount != 1:
        raise ValueError(f"plan {plan_id} has no target {target.number}")


def _write_approvals(connection: Connection, plan: Plan) -> None:
    rows = [approval_row(plan.id, position, approval) for position, approval in enumerate(plan.approvals)]
    if rows:
        connection.execute(insert(PLAN_APPROVALS), rows)


def _whole(connection: Connection, wanted: Select[*tuple[object, ...]]) -> list[Plan]:
    found = connection.execute(wanted).mappings().all()
    return [plan for batch in in_batches(found) for plan in _with_parts(connection, batch)]


def _with_parts(connection: Connection, rows: Sequence[RowMapping]) -> list[Plan]:
    ids = [row["id"] for row in rows]
    targets: dict[str, list[Target]] = defaultdict(list)
    for row in _parts(connection, select(PLAN_TARGETS).order_by(PLAN_TARGETS.c.number), PLAN_TARGETS.c.plan_id, ids):
        targets[row["plan_id"]].append(target_from(row))
    approvals: dict[str, list[Approval]] = defaultdict(list)
    given = select(PLAN_APPROVALS).order_by(PLAN_APPROVALS.c.position)
    for row in _parts(connection, given, PLAN_APPROVALS.c.plan_id, ids):
        approvals[row["plan_id"]].append(approval_from(row))
    return [plan_from(row, targets=targets[row["id"]], approvals=approvals[row["id"]]) for row in rows]


def _parts(
    connection: Connection, ordered: Select[*tuple[object, ...]], key: ColumnElement[str], ids: Sequence[str]
) -> Sequence[RowMapping]:
    return connection.execute(ordered.where(key.in_(ids))).mappings().all()
