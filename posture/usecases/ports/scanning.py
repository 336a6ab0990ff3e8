"""What scanning needs from the world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from posture.definitions.compiled import CompiledCheck
from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.domain.finding import Finding
from posture.domain.judgement import Value, VerdictCounts
from posture.domain.notice import Notice
from posture.domain.notices_of_scans import CheckStanding
from posture.domain.outcome import TableOutcome
from posture.domain.reading import Page, Restart, ResumePoint
from posture.domain.run import Run, RunSummary
from posture.domain.tenant import TenantFacts
from posture.domain.verdict import Verdict
from posture.tables.table import WantedTable


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time, aware and in UTC."""


class GraphReader(Protocol):
    """One tenant through Microsoft Graph, read only."""

    def identify(self) -> TenantFacts:
        """Return what the tenant says about itself.

        Raises:
            TokenRefused: the token endpoint said no.
            TenantUnreachable: nothing answered.
        """

    def read_tables(
        self, wanted: Sequence[WantedTable], *, facts: TenantFacts, resume: Mapping[str, ResumePoint]
    ) -> Iterator[Page | Restart | TableOutcome]:
        """Yield the pages of all tables, interleaved, and exactly one outcome for each, after its last page.

        Whatever goes wrong with one table is its outcome and does not disturb the others. ``Restart`` says
        that what came of a table so far is void. ``resume`` maps a table to where an earlier process stopped.
        """

    def first_pages(self, wanted: Sequence[WantedTable], *, facts: TenantFacts) -> Iterator[TableOutcome]:
        """Try the first page of every table and yield how each went. Costs one small request a table."""


class Snapshot(Protocol):
    """A published snapshot, open for reading."""

    @property
    def taken_at(self) -> datetime: ...

    @property
    def outcomes(self) -> Mapping[str, TableOutcome]:
        """Map each source table that was wanted to how its reading ended."""

    @property
    def previous_outcomes(self) -> Mapping[str, TableOutcome] | None:
        """The same of the snapshot before; None if there is none."""

    def judge(self, compiled: CompiledCheck) -> AbstractContextManager[Judged]:
        """Evaluate a check whose tables are all readable.

        Raises:
            CheckBroken: the SQL failed, ran out of memory or time, or returned a resource twice.
        """


class Judged(Protocol):
    """The rows of one evaluated check."""

    @property
    def counts(self) -> VerdictCounts: ...

    def rows(self, verdicts: Iterable[Verdict]) -> Iterator[Mapping[str, Value]]:
        """Yield the rows with these verdicts, one dict each, streamed: the check's columns as JSON values,
        ``_verdict`` and ``_severity``."""

    def verdicts_of(self, things: Sequence[tuple[str, Mapping[str, Value]]]) -> Sequence[str | None]:
        """Return ``_verdict`` of each thing, given by resource id and identity; None if it has no row.

        "not_applicable" is among the answers.
        """


class Spool(Protocol):
    """The unfinished snapshot of one tenant; survives the death of the process."""

    @property
    def taken_at(self) -> datetime: ...

    @property
    def set_aside(self) -> Sequence[Path]:
        """Where damaged snapshots of earlier scans are now; no scan or query looks there."""

    @property
    def resume_points(self) -> Mapping[str, ResumePoint]: ...

    @property
    def finished(self) -> Mapping[str, TableOutcome]:
        """Tables whose reading already ended, from an earlier process or this one."""

    def append(self, page: Page) -> None: ...

    def restart(self, table: str) -> None: ...

    def finish(self, outcome: TableOutcome) -> None: ...

    def publish(self) -> Snapshot:
        """Write the typed tables, make them the latest snapshot in one step, and open it.

        A table whose items do not fit its columns is published as failed.
        """


class Snapshots(Protocol):
    """All snapshots of one tenant."""

    def open_spool(self, wanted: Sequence[WantedTable], *, now: datetime) -> AbstractContextManager[Spool]:
        """Go on with the spool of a killed scan if it asked for the same and is fresh; else start clean.

        Raises:
            ScanInProgress: another process holds the spool.
        """

    def latest(self) -> Snapshot | None: ...


class FindingBook(Protocol):
    """The findings of one tenant, inside one transaction."""

    def by_fingerprint(self, fingerprints: Sequence[str]) -> Mapping[str, Finding]: ...

    def save(self, findings: Sequence[Finding]) -> None:
        """Insert or update."""

    def open_findings(self, check: CheckId) -> Iterator[Sequence[Finding]]:
        """Yield the open findings of a check, in batches."""


class UnitOfWork(Protocol):
    """One transaction; leaving it without an exception commits, with one rolls back."""

    @property
    def findings(self) -> FindingBook: ...

    def save_run(self, run: Run) -> None: ...

    def end_interrupted(self, run: Run) -> Sequence[Run]:
        """Give an end to the other runs of its tenant that still seem to go on, and return them as they are now: they
        were killed, for only one can."""

    def save_summary(self, summary: RunSummary) -> None:
        """Write a run with its tables and checks, and how its checks stand now."""

    def previous_run(self, run: Run) -> Run | None:
        """Return the last run of its tenant that ended, but for the run itself; None if there is none."""

    def standings(self) -> Mapping[CheckId, CheckStanding]:
        """Return how each check stood after the last run of the tenant that was asked to evaluate it."""

    def exemptions(self) -> Sequence[Exemption]: ...

    def add_notices(self, notices: Sequence[Notice]) -> None:
        """Record what people may be told of; what is on record already is left alone."""

    def forget_unrouted(self, before: datetime) -> None:
        """Delete what happened in the tenant before then and no route was looked up for."""


class OpenUnit(Protocol):
    def __call__(self, tenant_id: str) -> AbstractContextManager[UnitOfWork]: ...


class Bench(Protocol):
    """All tables of the dictionary in memory, on which checks are tried out."""

    def load(
        self,
        rows_by_table: Mapping[str, Sequence[Mapping[str, Value]]],
        *,
        now: datetime,
        previous: Mapping[str, Sequence[Mapping[str, Value]]] | None = None,
    ) -> None:
        """Make these the rows of the tables; a table that is not named is empty, or derived from others."""

    def judge(self, compiled: CompiledCheck) -> Sequence[Mapping[str, Value]]:
        """Return every row of a check, not applicable ones too, with ``_verdict`` and ``_severity``.

        Raises:
            CheckBroken: the SQL failed, or a row has no resource, or two rows judge the same thing.
        """
