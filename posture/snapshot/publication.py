"""From a spool to a published snapshot, in one visible step."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from posture.domain.outcome import Outcome, TableOutcome
from posture.snapshot.connection import Limits
from posture.snapshot.layout import TenantFiles, publish_directory
from posture.snapshot.manifest import SCHEMA, Manifest, TableEntry, write_manifest
from posture.snapshot.spool import SpoolFiles, writing_to
from posture.snapshot.views import partial_file, table_file
from posture.snapshot.writer import Items, ParquetWriter
from posture.tables.table import WantedTable, is_readable


def publish(
    kept: SpoolFiles,
    wanted: Sequence[WantedTable],
    *,
    files: TenantFiles,
    tenant_id: str,
    limits: Limits,
    published_at: datetime,
) -> Path:
    """Write what a spool holds as a snapshot and return its directory. The spool is left as it is.

    Raises:
        SnapshotError: it cannot be written; what was published before stays as it is.
    """
    place = files.place_of(taken_at=kept.taken_at, spool_id=kept.spool_id)
    unfinished = files.unfinished_place(place)
    with writing_to(files.root):
        try:
            (unfinished / "tables").mkdir(parents=True)
            (unfinished / "partial").mkdir()
            manifest = Manifest(
                schema=SCHEMA,
                tenant_id=tenant_id,
                taken_at=kept.taken_at,
                published_at=published_at,
                tables=_write_tables(kept, wanted, directory=unfinished, limits=limits, spill=files.spill),
            )
            write_manifest(manifest, unfinished)
            publish_directory(unfinished, place)
        finally:
            # Half a snapshot takes the room that the next attempt needs. After a success nothing is there.
            shutil.rmtree(unfinished, ignore_errors=True)
    return place


def _write_tables(
    kept: SpoolFiles, wanted: Sequence[WantedTable], *, directory: Path, limits: Limits, spill: Path
) -> tuple[TableEntry, ...]:
    with ParquetWriter(limits=limits, spill=spill) as writer:
        return tuple(_write_table(kept, table, directory=directory, writer=writer) for table in wanted)


def _write_table(kept: SpoolFiles, wanted: WantedTable, *, directory: Path, writer: ParquetWriter) -> TableEntry:
    """Write one table if anything came of it, and return what to say about it."""
    name = wanted.table.name
    outcome = kept.finished.get(name) or _cut_short(kept, name)
    targets = {
        Outcome.COMPLETE: table_file(directory, name),
        Outcome.PARTIAL: partial_file(directory, name),
    }
    target = targets.get(outcome.outcome)
    if target is None:
        outcome = replace(outcome, rows=0)
    else:
        path, sizes = kept.items_of(name)
        outcome = writer.write(wanted, outcome, items=Items(path=path, largest=sizes.largest_page), target=target)
        if outcome.outcome is Outcome.FAILED:
            target.unlink(missing_ok=True)
    return TableEntry(
        outcome=outcome,
        is_readable=is_readable(wanted.table, outcome),
        columns={column.name: column.type for column in wanted.columns},
    )


def _cut_short(kept: SpoolFiles, table: str) -> TableOutcome:
    """Return the outcome of a table whose reading has not ended: whatever came of it is partial."""
    resume = kept.resume_points.get(table)
    return TableOutcome(
        table=table,
        outcome=Outcome.PARTIAL,
        rows=resume.rows if resume else 0,
        requests=resume.requests if resume else 0,
        seconds=0.0,
        as_of=kept.taken_at,
        reason="its reading was cut short",
        missing=None,
    )
