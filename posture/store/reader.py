"""What people ask of the database: findings, their history, runs; and what its other readers tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from posture.domain.exemption import RecordedExemption
from posture.domain.finding import Finding
from posture.domain.finding_view import FindingEvent, FindingFilter
from posture.domain.gauges import Gauges
from posture.domain.run import Run, RunState, RunSummary
from posture.store.access_reader import AccessReader
from posture.store.audit_reader import AuditReader
from posture.store.finding_pages import FindingPages
from posture.store.gauges import read_gauges
from posture.store.overview_reader import OverviewReader
from posture.store.plan_reader import PlanReader
from posture.store.rows import check_from, event_from, exemption_from, finding_from, run_from, table_from
from posture.store.run_pages import RunPages
from posture.store.tables import EXEMPTIONS, FINDING_CHANGES, FINDINGS, RUN_CHECKS, RUN_TABLES, RUNS
from posture.store.telling_reader import TellingReader
from posture.store.work_reader import WorkReader

_PAGE = 500


class Reader:
    """One view of the database: all its answers are of the moment of the first one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def acting(self) -> PlanReader:
        """What there is about plans, operators and stops."""
        return PlanReader(self._connection)

    @property
    def telling(self) -> TellingReader:
        """What there is about deliveries, channels and notices."""
        return TellingReader(self._connection)

    @property
    def work(self) -> WorkReader:
        """What there is about schedules and jobs."""
        return WorkReader(self._connection)

    @property
    def access(self) -> AccessReader:
        """What there is about sign-ins and examinations."""
        return AccessReader(self._connection)

    @property
    def finding_pages(self) -> FindingPages:
        """Findings, page by page."""
        return FindingPages(self._connection)

    @property
    def overview(self) -> OverviewReader:
        """What the first page counts."""
        return OverviewReader(self._connection)

    @property
    def run_pages(self) -> RunPages:
        """Runs, page by page."""
        return RunPages(self._connection)

    @property
    def audit(self) -> AuditReader:
        return AuditReader(self._connection)

    def gauges(self, *, tenants: Mapping[str, str], now: datetime) -> Gauges:
        """Count everything; see ``read_gauges``."""
        return read_gauges(self._connection, tenants=tenants, now=now)

    def findings(self, wanted: FindingFilter) -> Iterator[Finding]:
        """Yield findings, the worst first, of equal ones that which failed last; streamed."""
        ordered = (
            select(FINDINGS)
            .where(*_conditions(wanted))
            .order_by(
                FINDINGS.c.severity_rank.desc(),
                FINDINGS.c.last_failed_at.desc(),
                FINDINGS.c.fingerprint,
            )
            .limit(wanted.limit)
            .execution_options(yield_per=_PAGE)
        )
        for row in self._connection.execute(ordered).mappings():
            yield finding_from(row)

    def count(self, wanted: FindingFilter) -> int:
        """Return how many findings match, whatever the limit says."""
        matching = select(func.count()).select_from(FINDINGS).where(*_conditions(wanted))
        return self._connection.execute(matching).scalar_one()

    def by_prefix(self, prefix: str, *, tenant_ids: Sequence[str], limit: int = 10) -> Sequence[Finding]:
        """Return the tenants' findings whose fingerprint begins like this; the caller tells if there are several."""
        beginning = (
            select(FINDINGS)
            .where(
                FINDINGS.c.fingerprint.startswith(prefix.lower(), autoescape=True),
                FINDINGS.c.tenant_id.in_(tenant_ids),
            )
            .order_by(FINDINGS.c.fingerprint)
            .limit(limit)
        )
        return [finding_from(row) for row in self._connection.execute(beginning).mappings()]

    def history(self, finding: Finding) -> Sequence[FindingEvent]:
        """Return what happened to a finding, oldest first."""
        lines = (
            select(FINDING_CHANGES)
            .where(FINDING_CHANGES.c.fingerprint == finding.fingerprint)
            .order_by(FINDING_CHANGES.c.number)
        )
        return [event_from(row) for row in self._connection.execute(lines).mappings()]

    def runs(self, tenant_id: str | None, *, limit: int) -> Sequence[Run]:
        """Return runs, the newest first, unfinished ones too; of one tenant or, with None, of all."""
        newest = select(RUNS).order_by(RUNS.c.number.desc()).limit(limit)
        if tenant_id is not None:
            newest = newest.where(RUNS.c.tenant_id == tenant_id)
        return [run_from(row) for row in self._connection.execute(newest).mappings()]

    def latest_run(self, tenant_id: str) -> RunSummary | None:
        """Return the newest run of a tenant that has ended, aborted or not; None if there is none."""
        return self._summary(
            select(RUNS)
            .where(RUNS.c.tenant_id == tenant_id, RUNS.c.state != RunState.RUNNING.value)
            .order_by(RUNS.c.number.desc())
            .limit(1)
        )

    def run(self, run_id: str) -> RunSummary | None:
        return self._summary(select(RUNS).where(RUNS.c.id == run_id))

    def exemptions_stamp(self) -> tuple[int, int]:
        """Return what changes whenever an exemption is added or ended: none is changed otherwise, or deleted."""
        counted = select(func.count(), func.count(EXEMPTIONS.c.ended_at)).select_from(EXEMPTIONS)
        added, ended = self._connection.execute(counted).one()
        return added, ended

    def exemptions(self) -> Sequence[RecordedExemption]:
        """Return the exemptions of all tenants in the order they were added, those that no longer count too."""
        rows = self._connection.execute(select(EXEMPTIONS).order_by(EXEMPTIONS.c.number)).mappings()
        return [exemption_from(row) for row in rows]

    def _summary(self, one_run: Select[*tuple[object, ...]]) -> RunSummary | None:
        row = self._connection.execute(one_run).mappings().one_or_none()
        if row is None:
            return None
        tables = select(RUN_TABLES).where(RUN_TABLES.c.run_id == row["id"]).order_by(RUN_TABLES.c.position)
        checks = select(RUN_CHECKS).where(RUN_CHECKS.c.run_id == row["id"]).order_by(RUN_CHECKS.c.position)
        return RunSummary(
            run=run_from(row),
            tenant_display_name=row["tenant_display_name"],
            tables=tuple(table_from(line) for line in self._connection.execute(tables).mappings()),
            checks=tuple(check_from(line) for line in self._connection.execute(checks).mappings()),
        )


def _conditions(wanted: FindingFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.tenant_ids:
        yield FINDINGS.c.tenant_id.in_(wanted.tenant_ids)
    if wanted.checks:
        yield FINDINGS.c.check_id.in_(wanted.checks)
    if wanted.at_least is not None:
        yield FINDINGS.c.severity_rank >= wanted.at_least.rank
    if wanted.state is not None:
        yield FINDINGS.c.state == wanted.state.value
    if wanted.resource:
        yield or_(
            FINDINGS.c.resource_id.icontains(wanted.resource, autoescape=True),
            FINDINGS.c.resource_name.icontains(wanted.resource, autoescape=True),
        )
