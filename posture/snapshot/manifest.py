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


@dataclass(frozen=True, kw_only=True)
class _Version:
    schema: str


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
        content = path.read_bytes()
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error}. Delete {directory} and scan again") from error
    try:
        return _decoded(content, directory)
    except _DAMAGE as error:
        raise SnapshotError(f"{path} is damaged: {error}. The next scan sets {directory} aside") from error


def is_damaged(directory: Path) -> bool:
    """Say whether the manifest of a snapshot's directory can be read by no version of posture."""
    try:
        _decoded((directory / MANIFEST).read_bytes(), directory)
    except _DAMAGE:
        return True
    except (OSError, SnapshotError):
        return False
    return False


_DAMAGE = (msgspec.DecodeError, UnicodeDecodeError)


def _decoded(content: bytes, directory: Path) -> Manifest:
    """Return what a manifest holds. Raises one of ``_DAMAGE``, or SnapshotError for another version's."""
    # The version comes first: what another version wrote may have another shape, and is not damaged for that.
    version = msgspec.json.decode(content, type=_Version).schema
    if version != SCHEMA:
        raise SnapshotError(
            f"{directory / MANIFEST} is of version {version!r}; this posture reads {SCHEMA!r}. "
            f"Use the version that wrote it, or delete {directory} and scan again"
        )
    return msgspec.json.decode(content, type=Manifest)
