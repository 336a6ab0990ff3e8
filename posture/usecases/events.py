"""What happens during a scan, as values that the caller may show. Nothing is called back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from posture.domain.finding import FindingChange
from posture.domain.judgement import CheckResult, Judgement
from posture.domain.outcome import TableOutcome
from posture.domain.run import Run, RunSummary
from posture.domain.tenant import TenantFacts
from posture.tables.table import WantedTable
from posture.usecases.ports import Snapshot


@dataclass(frozen=True, kw_only=True)
class ScanStarted:
    """``wanted`` are the tables that the selected checks read; ``checks`` is how many checks there are.

    ``resumed_tables`` names tables that an earlier, killed scan had finished or begun. ``set_aside`` says where
    damaged snapshots of earlier scans are now.
    """

    run: Run
    facts: TenantFacts
    wanted: Sequence[WantedTable]
    checks: int
    resumed_tables: frozenset[str]
    set_aside: Sequence[Path]


@dataclass(frozen=True, kw_only=True)
class PageKept:
    """One more page is in the spool. ``rows`` and ``requests`` count the table so far."""

    table: str
    rows: int
    requests: int


@dataclass(frozen=True, kw_only=True)
class TableRestarted:
    table: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class TableDone:
    """A table's reading ended. ``was_kept`` tells that an earlier process read it."""

    outcome: TableOutcome
    was_kept: bool


@dataclass(frozen=True, kw_only=True)
class SnapshotPublished:
    snapshot: Snapshot


@dataclass(frozen=True, kw_only=True)
class JudgementMade:
    """One judgement and what it did to its finding; None if there is no finding to speak of."""

    judgement: Judgement
    change: FindingChange | None


@dataclass(frozen=True, kw_only=True)
class CheckDone:
    result: CheckResult


@dataclass(frozen=True, kw_only=True)
class ScanFinished:
    """The last event of every scan."""

    summary: RunSummary


ScanEvent = (
    ScanStarted | PageKept | TableRestarted | TableDone | SnapshotPublished | JudgementMade | CheckDone | ScanFinished
)
