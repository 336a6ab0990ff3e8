"""The unfinished snapshot of one tenant. It survives the death of the process at any moment."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from posture.domain.outcome import TableOutcome
from posture.domain.reading import Page, ResumePoint
from posture.errors import ScanInProgress, SnapshotError
from posture.snapshot.journal import (
    NOTHING_KEPT,
    Began,
    Ended,
    Entry,
    KeptTable,
    PageKept,
    Progress,
    Restarted,
    digest_of,
    encode_entry,
    replay,
)
from posture.snapshot.layout import TenantFiles
from posture.tables.table import WantedTable

OLDEST_SPOOL: Final = timedelta(hours=6)
"""An older spool is thrown away: its first tables would no longer tell of the same time as its last ones."""

_JOURNAL = "journal.ndjson"


@contextmanager
def holding(files: TenantFiles) -> Iterator[None]:
    """Hold the tenant's spool for this process.

    Raises:
        ScanInProgress: another process, or another scan in this one, holds it.
        SnapshotError: the data directory cannot be written.
    """
    with writing_to(files.root):
        # What is below tells of every person in the tenant: nobody else on the machine may look.
        files.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(files.lock, timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise ScanInProgress(
                f"another scan of this tenant is running (it holds {files.lock}): wait until it has ended, "
                "or stop that process"
            ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def writing_to(place: Path) -> Iterator[None]:
    """Turn a failing write into a sentence that says where and what to do."""
    try:
        yield
    except OSError as error:
        raise SnapshotError(
            f"{place} cannot be written: {error.strerror or error}. Make room or give write access there and scan "
            "again; what was published before is unchanged"
        ) from error


class SpoolFiles:
    """One journal and one newline-delimited JSON file for each table. Only the holder of the lock may use it.

    Everything is written at the place that the journal's sum gives, so a write that failed half-way is
    overwritten by the next one.
    """

    def __init__(self, directory: Path, *, wanted: Sequence[WantedTable], now: datetime) -> None:
        self._directory = directory
        self._open_files: dict[Path, int] = {}
        with writing_to(directory):
            self._progress = _kept_progress(directory, wanted=digest_of(wanted), now=now) or self._begin(wanted, now)
            self._cut_to_journal()

    @property
    def spool_id(self) -> str:
        return self._progress.began.spool_id

    @property
    def taken_at(self) -> datetime:
        return self._progress.began.taken_at

    @property
    def resume_points(self) -> Mapping[str, ResumePoint]:
        return {
            name: kept.resume
            for name, kept in self._progress.tables.items()
            if kept.resume is not None and name not in self._progress.finished
        }

    @property
    def finished(self) -> Mapping[str, TableOutcome]:
        return dict(self._progress.finished)

    def items_of(self, table: str) -> tuple[Path, KeptTable]:
        """Return the file of a table, cut to what the journal tells, and the sizes of its content."""
        with writing_to(self._directory):
            path, kept = self._path(table), self._progress.tables.get(table, NOTHING_KEPT)
            os.ftruncate(self._descriptor(path), kept.size)
        return path, kept

    def append(self, page: Page) -> None:
        """Keep a page. After a failure nothing of it is kept.

        Raises:
            SnapshotError: it could not be written.
        """
        kept = self._progress.tables.get(page.table, NOTHING_KEPT)
        with writing_to(self._directory):
            self._write(self._path(page.table), page.items, at=kept.size)
            self._record(PageKept(table=page.table, size=len(page.items), resume=page.resume))

    def restart(self, table: str) -> None:
        """Forget the pages of a table."""
        with writing_to(self._directory):
            self._record(Restarted(table=table))

    def finish(self, outcome: TableOutcome) -> None:
        """Record how the reading of a table ended."""
        with writing_to(self._directory):
            self._record(Ended(outcome=outcome))

    def close(self) -> None:
        while self._open_files:
            os.close(self._open_files.popitem()[1])

    def discard(self) -> None:
        """Delete the spool: what it held has been published."""
        self.close()
        with writing_to(self._directory):
            _wipe(self._directory)

    def _begin(self, wanted: Sequence[WantedTable], now: datetime) -> Progress:
        _wipe(self._directory)
        self._directory.mkdir(parents=True)
        began = Began(spool_id=secrets.token_hex(4), taken_at=now, wanted=digest_of(wanted))
        line = encode_entry(began)
        self._write(self._directory / _JOURNAL, line, at=0)
        return Progress(began=began, length=len(line))

    def _cut_to_journal(self) -> None:
        """Cut every file to what the journal tells; forget a table whose file lost what the journal promised."""
        os.ftruncate(self._descriptor(self._directory / _JOURNAL), self._progress.length)
        for name, kept in list(self._progress.tables.items()):
            descriptor = self._descriptor(self._path(name))
            if os.fstat(descriptor).st_size < kept.size:
                self._record(Restarted(table=name))
            else:
                os.ftruncate(descriptor, kept.size)

    def _record(self, entry: Entry) -> None:
        line = encode_entry(entry)
        self._write(self._directory / _JOURNAL, line, at=self._progress.length)
        self._progress.add(entry)
        self._progress.length += len(line)

    def _path(self, table: str) -> Path:
        return self._directory / f"{table}.ndjson"

    def _descriptor(self, path: Path) -> int:
        if path not in self._open_files:
            self._open_files[path] = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._open_files[path]

    def _write(self, path: Path, content: bytes, *, at: int) -> None:
        descriptor, remaining = self._descriptor(path), memoryview(content)
        os.lseek(descriptor, at, os.SEEK_SET)
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]


def _kept_progress(directory: Path, *, wanted: str, now: datetime) -> Progress | None:
    """Return what a killed scan left, if it asked for the same and not too long ago."""
    journal = directory / _JOURNAL
    progress = replay(journal.read_bytes()) if journal.is_file() else None
    if progress is None or progress.began.wanted != wanted:
        return None
    age = now - progress.began.taken_at
    return progress if timedelta(0) <= age <= OLDEST_SPOOL else None


def discard_if_old(files: TenantFiles, *, now: datetime) -> bool:
    """Delete a spool that no scan would go on with any more, unless one holds it; say whether there was such a one.

    Raises:
        SnapshotError: it cannot be deleted.
    """
    # Looked at before it is held, too: a scan that begins meanwhile would be told that another one runs.
    if not _is_old(files.spool, now=now):
        return False
    with suppress(ScanInProgress), holding(files), writing_to(files.spool):
        if _is_old(files.spool, now=now):
            _wipe(files.spool)
            return True
    return False


def _is_old(directory: Path, *, now: datetime) -> bool:
    try:
        progress = replay((directory / _JOURNAL).read_bytes())
    except OSError:
        return False
    return progress is not None and now - progress.began.taken_at > OLDEST_SPOOL


def _wipe(directory: Path) -> None:
    """Delete a spool, its journal first: without one, nothing of the rest can be taken for kept."""
    (directory / _JOURNAL).unlink(missing_ok=True)
    if directory.is_dir():
        shutil.rmtree(directory)
