"""Where the files of one tenant lie, and which of its snapshots is the latest.

<data_dir>/tenants/<tenant_id>/
  spool.lock              held while a scan runs
  spool/                  the unfinished snapshot: journal and one .ndjson for each table
  snapshots/<taken_at>-<id>/
    manifest.json         written last; a directory without it is not a snapshot
    tables/*.parquet      tables that checks may read
    partial/*.parquet     what came of tables that did not come whole
  damaged/<snapshot>/     snapshots whose manifest nobody can read, set aside for people to look at
  spill/                  what DuckDB puts aside when memory runs short
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

MANIFEST = "manifest.json"
_UNFINISHED = "."


@dataclass(frozen=True, kw_only=True)
class TenantFiles:
    """The files of one tenant. ``root`` is ``<data_dir>/tenants/<tenant_id>``."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "spool.lock"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    @property
    def damaged(self) -> Path:
        return self.root / "damaged"

    @property
    def spill(self) -> Path:
        return self.root / "spill"

    def published(self) -> list[Path]:
        """Return the directories of all published snapshots, the latest first.

        The order is that of ``taken_at``, which the names begin with; there is no pointer that could be wrong.
        """
        if not self.snapshots.is_dir():
            return []
        found = (path for path in self.snapshots.iterdir() if not path.name.startswith(_UNFINISHED))
        return sorted((path for path in found if (path / MANIFEST).is_file()), reverse=True)

    def place_of(self, *, taken_at: datetime, spool_id: str) -> Path:
        """Return where the snapshot of a spool is published; the same for the same spool, however often."""
        return self.snapshots / f"{taken_at.astimezone(UTC):%Y%m%dT%H%M%S%f}Z-{spool_id}"

    def unfinished_place(self, place: Path) -> Path:
        return place.with_name(f"{_UNFINISHED}{place.name}")

    def clear_unfinished(self) -> None:
        """Delete what killed processes left. Only the holder of the lock may."""
        if self.snapshots.is_dir():
            for path in self.snapshots.iterdir():
                if path.name.startswith(_UNFINISHED):
                    shutil.rmtree(path)

    def set_aside(self, place: Path) -> Path:
        """Move a snapshot to where nothing looks for it, and return that place. Only the holder of the lock may."""
        self.damaged.mkdir(mode=0o700, exist_ok=True)
        return place.rename(self.damaged / place.name)

    def retire(self, *, keep: int, in_use: Collection[Path]) -> None:
        """Delete all but the newest ``keep`` snapshots and those in use. Only the holder of the lock may."""
        for place in self.published()[keep:]:
            if place not in in_use:
                # A rename is one step: no half-deleted directory can be taken for a snapshot.
                shutil.rmtree(place.rename(self.unfinished_place(place)))


def files_of_all(data_dir: Path) -> list[TenantFiles]:
    """Return the files of every tenant that has some, also of those that the settings no longer have."""
    tenants = data_dir / "tenants"
    found = sorted(tenants.iterdir()) if tenants.is_dir() else []
    return [TenantFiles(root=root) for root in found if root.is_dir()]


def files_of(data_dir: Path, tenant_id: str) -> TenantFiles:
    """Return the files of a tenant; ``tenant_id`` becomes a directory name and must be fit for it."""
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}", tenant_id):
        raise ValueError(f"{tenant_id!r} cannot be the id of a tenant")
    return TenantFiles(root=data_dir.resolve() / "tenants" / tenant_id.lower())


def publish_directory(unfinished: Path, place: Path) -> None:
    """Make a directory visible under its final name in one step, after all of it has reached the disk."""
    for path in sorted(unfinished.rglob("*"), reverse=True):
        _sync(path)
    _sync(unfinished)
    unfinished.rename(place)
    _sync(place.parent)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open a directory; its renames are journaled
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
