"""Fill a snapshot: read every wanted table, keep what comes, publish it in one step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.reading import Page, Restart
from posture.domain.tenant import TenantFacts
from posture.tables.table import WantedTable
from posture.usecases.events import PageKept, ScanEvent, SnapshotPublished, TableDone, TableRestarted
from posture.usecases.ports import GraphReader, Snapshot, Spool


def collect_snapshot(
    wanted: Sequence[WantedTable], *, facts: TenantFacts, graph: GraphReader, spool: Spool
) -> Iterator[ScanEvent]:
    """Read what the spool does not hold yet, publish, and yield what happens; the last event has the snapshot.

    Of what a killed scan left, only whole tables are kept: whatever stood in the way of the others may be gone.

    Raises:
        SnapshotError: the data directory cannot be written; the snapshot before stays as it is.
    """
    for name, outcome in spool.finished.items():
        if outcome.outcome is not Outcome.COMPLETE:
            spool.restart(name)
    yield from (TableDone(outcome=outcome, was_kept=True) for outcome in spool.finished.values())
    missing = [table for table in wanted if table.table.name not in spool.finished]
    for part in graph.read_tables(missing, facts=facts, resume=spool.resume_points):
        yield _keep(part, spool)
    yield SnapshotPublished(snapshot=spool.publish())


def _keep(part: Page | Restart | TableOutcome, spool: Spool) -> ScanEvent:
    if isinstance(part, Page):
        spool.append(part)
        return PageKept(table=part.table, rows=part.resume.rows, requests=part.resume.requests)
    if isinstance(part, Restart):
        spool.restart(part.table)
        return TableRestarted(table=part.table, reason=part.reason)
    spool.finish(part)
    return TableDone(outcome=part, was_kept=False)


def published(event: ScanEvent) -> Snapshot | None:
    """Return the snapshot if this is the event that has one."""
    return event.snapshot if isinstance(event, SnapshotPublished) else None
