"""All snapshots of one tenant: the one being collected, and those that are published."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from weakref import WeakSet

from posture.domain.outcome import TableOutcome
from posture.domain.reading import Page, ResumePoint
from posture.snapshot.connection import Limits
from posture.snapshot.layout import files_of
from posture.snapshot.manifest import is_damaged
from posture.snapshot.publication import publish
from posture.snapshot.reader import PublishedSnapshot
from posture.snapshot.spool import SpoolFiles, holding, writing_to
from posture.tables.table import Table, WantedTable

KEEP_AT_LEAST: Final = 2
"""The latest snapshot and the one before it, which checks about change read."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TenantSnapshots:
    """The snapshots of one tenant below ``data_dir``. ``keep`` is how many published ones are kept."""

    def __init__(
        self,
        data_dir: Path,
        *,
        tenant_id: str,
        dictionary: Sequence[Table],
        keep: int = KEEP_AT_LEAST,
        limits: Limits | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._files = files_of(data_dir, tenant_id)
        self._tenant_id = tenant_id
        self._dictionary = dictionary
        self._keep = max(keep, KEEP_AT_LEAST)
        self._limits = limits or Limits()
        self._now = now
        self._open: WeakSet[PublishedSnapshot] = WeakSet()

    @contextmanager
    def open_spool(self, wanted: Sequence[WantedTable], *, now: datetime) -> Iterator[OpenSpool]:
        """Go on with the spool of a killed scan if it asked for the same and is fresh; else start clean.

        A published snapshot whose manifest is damaged is set aside first: as the one before, it would end the scan.

        Raises:
            ScanInProgress: another process holds the spool.
            SnapshotError: the data directory cannot be written.
        """
        with holding(self._files):
            with writing_to(self._files.root):
                self._files.clear_unfinished()
                set_aside = [self._files.set_aside(place) for place in self._files.published() if is_damaged(place)]
            kept = self._kept(wanted, now)
            try:
                yield OpenSpool(kept, wanted, publish=self._publish, set_aside=set_aside)
            finally:
                kept.close()

    def latest(self) -> PublishedSnapshot | None:
        """Open the latest published snapshot; None if there is none.

        Raises:
            SnapshotError: its manifest cannot be read.
        """
        published = self._files.published()
        return self._opened(published[0]) if published else None

    def _kept(self, wanted: Sequence[WantedTable], now: datetime) -> SpoolFiles:
        """Open the spool; one that was already published, before its process was killed, is thrown away."""
        kept = SpoolFiles(self._files.spool, wanted=wanted, now=now)
        if not self._files.place_of(taken_at=kept.taken_at, spool_id=kept.spool_id).exists():
            return kept
        kept.discard()
        return SpoolFiles(self._files.spool, wanted=wanted, now=now)

    def _publish(self, kept: SpoolFiles, wanted: Sequence[WantedTable]) -> PublishedSnapshot:
        place = publish(
            kept,
            wanted,
            files=self._files,
            tenant_id=self._tenant_id,
            limits=self._limits,
            published_at=self._now(),
        )
        snapshot = self._opened(place)
        self._retire()
        kept.discard()
        return snapshot

    def _opened(self, place: Path) -> PublishedSnapshot:
        older = [other for other in self._files.published() if other.name < place.name]
        snapshot = PublishedSnapshot(
            place,
            before=older[0] if older else None,
            dictionary=self._dictionary,
            limits=self._limits,
            spill=self._files.spill,
        )
        self._open.add(snapshot)
        return snapshot

    def _retire(self) -> None:
        in_use = {place for snapshot in self._open for place in (snapshot.directory, snapshot.before) if place}
        with writing_to(self._files.snapshots):
            self._files.retire(keep=self._keep, in_use=in_use)


class OpenSpool:
    """The unfinished snapshot of one tenant, held by this process."""

    def __init__(
        self,
        kept: SpoolFiles,
        wanted: Sequence[WantedTable],
        *,
        publish: Callable[[SpoolFiles, Sequence[WantedTable]], PublishedSnapshot],
        set_aside: Sequence[Path],
    ) -> None:
        self._kept = kept
        self._wanted = wanted
        self._names = frozenset(table.table.name for table in wanted)
        self._publish = publish
        self._set_aside = set_aside

    @property
    def taken_at(self) -> datetime:
        return self._kept.taken_at

    @property
    def set_aside(self) -> Sequence[Path]:
        """Where damaged snapshots of earlier scans are now."""
        return self._set_aside

    @property
    def resume_points(self) -> Mapping[str, ResumePoint]:
        return self._kept.resume_points

    @property
    def finished(self) -> Mapping[str, TableOutcome]:
        """Tables whose reading already ended, from an earlier process or this one."""
        return self._kept.finished

    def append(self, page: Page) -> None:
        """Keep a page of a table that was wanted.

        Raises:
            SnapshotError: it cannot be written; nothing of it is kept.
        """
        self._require_wanted(page.table)
        self._kept.append(page)

    def restart(self, table: str) -> None:
        """Forget what came of a table so far."""
        self._require_wanted(table)
        self._kept.restart(table)

    def finish(self, outcome: TableOutcome) -> None:
        """Keep how the reading of a table ended."""
        self._require_wanted(outcome.table)
        self._kept.finish(outcome)

    def publish(self) -> PublishedSnapshot:
        """Write the typed tables, make them the latest snapshot in one step, and open it.

        A table whose items do not fit its columns is published as failed.

        Raises:
            SnapshotError: it cannot be written; what was published before stays as it is.
        """
        return self._publish(self._kept, self._wanted)

    def _require_wanted(self, table: str) -> None:
        if table not in self._names:
            raise ValueError(f"the snapshot was not opened for table {table!r}")
