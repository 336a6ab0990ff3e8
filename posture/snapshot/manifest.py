"""The manifest of a snapshot: what it holds, and how the reading of each table ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from posture.domain.outcome import TableOutcome
from posture.errors import SnapshotError
from posture.snapshot.layout import MANIFEST

SCHEMA: Final = "posture.snapshot/1"


@dataclass(frozen=True, kw_only=True)
class TableEntry:
    """One source table. ``columns`` maps the columns that were read to their DuckDB types.

    ``is_readable`` says whether checks may read it: it is complete, or known to be empty for want of a licence.
    """

    outcome: TableOutcome
    is_readable: bool
    columns: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    schema: str
    tenant_id: str
    taken_at: datetime
    published_at: datetime
    tables: tuple[TableEntry, ...]


def write_manifest(manifest: Manifest, directory: Path) -> None:
    """Write the manifest into a snapshot's directory. Raises OSError."""
    (directory / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")


def read_manifest(directory: Path) -> Manifest:
    """Return the manifest of a snapshot's directory.

    Raises:
        SnapshotError: it cannot be read, or another version of posture wrote it.
    """
    path = directory / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SnapshotError(f"{path} cannot be read: {error}. Delete {directory} and scan again") from error
    if manifest.schema != SCHEMA:
        raise SnapshotError(
            f"{path} is of version {manifest.schema!r}; this posture reads {SCHEMA!r}. "
            f"Use the version that wrote it, or delete {directory} and scan again"
        )
    return manifest
