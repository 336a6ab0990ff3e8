"""Runs as people look at them: pages of lines, and the run before one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, RowMapping, func, select

from posture.domain.page import Page
from posture.domain.run import Run, RunState
from posture.domain.run_line import RunLine
from posture.store import numbered_pages
from posture.store.batches import in_batches
from posture.store.rows import numbers_from
from posture.store.standings import CAME_TO_THEIR_END
from posture.store.tables import RUN_TABLES, RUNS


class RunPages:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, tenant_ids: Collection[str] | None, *, cursor: str | None, limit: int) -> Page[RunLine]:
        """Return one page of runs, the newest first; of all tenants with None.

        Raises:
            UsageError: the cursor is not of a list of runs.
        """
        conditions = () if tenant_ids is None else (RUNS.c.tenant_id.in_(sorted(tenant_ids)),)
        page = numbered_pages.numbers(self._connection, RUNS, *conditions, cursor=cursor, limit=limit)
        rows = self._connection.execute(numbered_pages.rows_of(RUNS, page)).mappings().all()
        return numbered_pages.filled(page, self._lines(rows))

    def line(self, run_id: str) -> RunLine | None:
        rows = self._connection.execute(select(RUNS).where(RUNS.c.id == run_id)).mappings().all()
        return next(iter(self._lines(rows)), None)

    def latest(self, tenant_ids: Collection[str]) -> Mapping[str, RunLine]:
        """Return the newest run of each tenant that has one, also one that goes on, by tenant id."""
        newest = (
            select(func.max(RUNS.c.number)).where(RUNS.c.tenant_id.in_(sorted(tenant_ids))).group_by(RUNS.c.tenant_id)
        )
        rows = self._connection.execute(select(RUNS).where(RUNS.c.number.in_(newest))).mappings().all()
        return {line.tenant_id: line for line in self._lines(rows)}

    def display_names(self, tenant_ids: Collection[str]) -> Mapping[str, str]:
        """Return what each tenant called itself in its newest run that asked, by tenant id."""
        newest = (
            select(func.max(RUNS.c.number))
            .where(RUNS.c.tenant_id.in_(sorted(tenant_ids)), RUNS.c.tenant_display_name.is_not(None))
            .group_by(RUNS.c.tenant_id)
        )
        named = select(RUNS.c.tenant_id, RUNS.c.tenant_display_name).where(RUNS.c.number.in_(newest))
        return {row.tenant_id: row.tenant_display_name for row in self._connection.execute(named)}

    def id_before(self, run: Run) -> str | None:
        """Return the id of the last run of its tenant before it that came to its end; None if there is none."""
        number = select(RUNS.c.number).where(RUNS.c.id == run.id).scalar_subquery()
        before = (
            select(RUNS.c.id)
            .where(RUNS.c.tenant_id == run.tenant_id, RUNS.c.state.in_(CAME_TO_THEIR_END), RUNS.c.number < number)
            .order_by(RUNS.c.number.desc())
            .limit(1)
        )
        return self._connection.execute(before).scalar()

    def _lines(self, rows: Sequence[RowMapping]) -> list[RunLine]:
        costs = self._costs([row["id"] for row in rows])
        return [_line(row, *costs.get(row["id"], (0, 0))) for row in rows]

    def _costs(self, run_ids: Sequence[str]) -> Mapping[str, tuple[int, int]]:
        """Return requests and rows of all tables together, by run."""
        costs: dict[str, tuple[int, int]] = {}
        for batch in in_batches(run_ids):
            summed = (
                select(RUN_TABLES.c.run_id, func.sum(RUN_TABLES.c.requests), func.sum(RUN_TABLES.c.rows))
                .where(RUN_TABLES.c.run_id.in_(batch))
                .group_by(RUN_TABLES.c.run_id)
            )
            # PostgreSQL sums large integers as decimals.
            costs |= {run_id: (int(asked), int(got)) for run_id, asked, got in self._connection.execute(summed)}
        return costs


def _line(row: RowMapping, requests: int, received: int) -> RunLine:
    finished_at = row["finished_at"]
    return RunLine(
        id=row["id"],
        tenant=row["tenant_name"],
        tenant_id=row["tenant_id"],
        taken_at=row["taken_at"],
        finished_at=finished_at,
        state=RunState(row["state"]),
        aborted_because=row["aborted_because"],
        requests=requests,
        rows=received,
        seconds=(finished_at - row["taken_at"]).total_seconds() if finished_at is not None else None,
        numbers=numbers_from(row),
    )
