"""One transaction over the records of one tenant."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from posture.domain.exemption import Exemption
from posture.domain.run import INTERRUPTED, Run, RunState, RunSummary
from posture.store.findings import SqlFindingBook
from posture.store.rows import Row, check_row, exemption_from, run_row, table_row
from posture.store.tables import EXEMPTIONS, RUN_CHECKS, RUN_TABLES, RUNS


class SqlUnitOfWork:
    """Everything one use case writes, kept or dropped together."""

    def __init__(self, connection: Connection, tenant_id: str) -> None:
        self._connection = connection
        self._findings = SqlFindingBook(connection, tenant_id)

    @property
    def findings(self) -> SqlFindingBook:
        return self._findings

    def save_run(self, run: Run) -> None:
        """Insert or update."""
        self._upsert_run(run_row(run))

    def end_interrupted(self, run: Run) -> None:
        """Give an end to the other runs of its tenant that still seem to go on."""
        goes_on = (RUNS.c.tenant_id == run.tenant_id) & (RUNS.c.state == RunState.RUNNING) & (RUNS.c.id != run.id)
        ended = {"state": RunState.ABORTED, "aborted_because": INTERRUPTED, "finished_at": run.taken_at}
        self._connection.execute(update(RUNS).where(goes_on).values(ended))

    def save_summary(self, summary: RunSummary) -> None:
        """Insert or update a run with its tables and checks, in their order; an earlier list of them is replaced."""
        run = summary.run
        self._upsert_run(run_row(run) | {"tenant_display_name": summary.tenant_display_name})
        for table in (RUN_TABLES, RUN_CHECKS):
            self._connection.execute(delete(table).where(table.c.run_id == run.id))
        tables = [table_row(run, position, table) for position, table in enumerate(summary.tables)]
        if tables:
            self._connection.execute(insert(RUN_TABLES), tables)
        checks = [check_row(run, position, result) for position, result in enumerate(summary.checks)]
        if checks:
            self._connection.execute(insert(RUN_CHECKS), checks)

    def exemptions(self) -> Sequence[Exemption]:
        """Return the recorded exemptions of all tenants, ended ones too: when they count is the domain's to say."""
        rows = self._connection.execute(select(EXEMPTIONS).order_by(EXEMPTIONS.c.number)).mappings()
        return [exemption_from(row).exemption for row in rows]

    def _upsert_run(self, row: Row) -> None:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(RUNS).values(row)
        changed = {name: statement.excluded[name] for name in row if name != "id"}
        self._connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))
