"""One transaction over the records of one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.domain.notice import Notice
from posture.domain.notices_of_scans import CheckStanding
from posture.domain.run import INTERRUPTED, Run, RunState, RunSummary
from posture.store import notices as notice_book
from posture.store import standings
from posture.store.batches import upsert
from posture.store.findings import SqlFindingBook
from posture.store.rows import check_row, exemption_from, run_from, run_row, table_row
from posture.store.tables import EXEMPTIONS, RUN_CHECKS, RUN_TABLES, RUNS

_RUN_KEY: Final = ("id",)


class SqlUnitOfWork:
    """Everything one use case writes, kept or dropped together."""

    def __init__(self, connection: Connection, tenant_id: str) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._findings = SqlFindingBook(connection, tenant_id)

    @property
    def findings(self) -> SqlFindingBook:
        return self._findings

    def save_run(self, run: Run) -> None:
        """Insert or update."""
        upsert(self._connection, RUNS, [run_row(run)], key=_RUN_KEY)

    def end_interrupted(self, run: Run) -> Sequence[Run]:
        """Give an end to the other runs of its tenant that still seem to go on, and return them as they are now."""
        goes_on = (RUNS.c.tenant_id == run.tenant_id, RUNS.c.state == RunState.RUNNING, RUNS.c.id != run.id)
        found = self._connection.execute(select(RUNS).where(*goes_on).order_by(RUNS.c.number)).mappings().all()
        ended = {"state": RunState.ABORTED, "aborted_because": INTERRUPTED, "finished_at": run.taken_at}
        self._connection.execute(update(RUNS).where(*goes_on).values(ended))
        return [
            replace(run_from(row), state=RunState.ABORTED, aborted_because=INTERRUPTED, finished_at=run.taken_at)
            for row in found
        ]

    def save_summary(self, summary: RunSummary) -> None:
        """Insert or update a run with its tables and checks, in their order; an earlier list of them is replaced.

        How its checks stand now is kept beside it.
        """
        run = summary.run
        row = run_row(run) | {"tenant_display_name": summary.tenant_display_name}
        upsert(self._connection, RUNS, [row], key=_RUN_KEY)
        for table in (RUN_TABLES, RUN_CHECKS):
            self._connection.execute(delete(table).where(table.c.run_id == run.id))
        tables = [table_row(run, position, table) for position, table in enumerate(summary.tables)]
        if tables:
            self._connection.execute(insert(RUN_TABLES), tables)
        checks = [check_row(run, position, result) for position, result in enumerate(summary.checks)]
        if checks:
            self._connection.execute(insert(RUN_CHECKS), checks)
        standings.keep(self._connection, summary)

    def previous_run(self, run: Run) -> Run | None:
        """Return the last run of its tenant that ended, aborted or not, but for the run itself; None if there is
        none."""
        newest = (
            select(RUNS)
            .where(RUNS.c.tenant_id == run.tenant_id, RUNS.c.state != RunState.RUNNING, RUNS.c.id != run.id)
            .order_by(RUNS.c.number.desc())
            .limit(1)
        )
        row = self._connection.execute(newest).mappings().one_or_none()
        return run_from(row) if row is not None else None

    def standings(self) -> Mapping[CheckId, CheckStanding]:
        """Return how each check stood after the last run of the tenant that was asked to evaluate it."""
        return standings.of_tenant(self._connection, self._tenant_id)

    def add_notices(self, notices: Sequence[Notice]) -> None:
        """Record what people may be told of; what is on record already is left alone."""
        notice_book.add(self._connection, notices)

    def forget_unrouted(self, before: datetime) -> None:
        """Delete what happened in the tenant before then and no route was looked up for."""
        notice_book.forget_unrouted(self._connection, self._tenant_id, before)

    def exemptions(self) -> Sequence[Exemption]:
        """Return the recorded exemptions of all tenants, ended ones too: when they count is the domain's to say."""
        rows = self._connection.execute(select(EXEMPTIONS).order_by(EXEMPTIONS.c.number)).mappings()
        return [exemption_from(row).exemption for row in rows]
