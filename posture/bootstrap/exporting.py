"""Findings of a tenant written as files, for whoever collects files: JSON and CSV, the old ones kept for a while."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from posture.config import TenantSettings
from posture.domain.finding_view import FindingFilter
from posture.errors import SnapshotError
from posture.report.finding_json import finding_json
from posture.report.finding_rows import FINDING_COLUMNS, finding_row
from posture.report.rows import write_csv

if TYPE_CHECKING:
    from posture.bootstrap.application import Application

_NAME: Final = "findings-{at:%Y%m%dT%H%M%SZ}"


def export_findings(application: Application, tenant: TenantSettings) -> tuple[Path, int]:
    """Write the findings of a tenant to its directory below ``export.directory``, and delete exports beyond those to
    keep; return the path of the JSON file and how many findings it holds.

    A file is there as a whole or not at all.

    Raises:
        SnapshotError: the directory cannot be written.
        StoreError: the database cannot be used.
    """
    settings = application.settings.export
    directory = settings.directory / tenant.name
    stem = _NAME.format(at=application.clock.now())
    wanted = FindingFilter(tenant_ids=(tenant.tenant_id,))
    written = 0

    def write_lines(out: IO[str]) -> None:
        nonlocal written
        with application.finding_views(wanted) as views:
            out.write("[")
            for view in views:
                out.write(",\n " if written else "\n ")
                out.write(json.dumps(finding_json(view), ensure_ascii=True))
                written += 1
            out.write("\n]\n")

    def write_table(out: IO[str]) -> None:
        with application.finding_views(wanted) as views:
            write_csv(FINDING_COLUMNS, (finding_row(view, tenant=tenant.name) for view in views), out)

    with _written_to(directory):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(directory / f"{stem}.json", write_lines)
        _write(directory / f"{stem}.csv", write_table)
        _forget(directory, kept=settings.kept)
    return directory / f"{stem}.json", written


def _write(path: Path, write: Callable[[IO[str]], None]) -> None:
    """Write a file that only its owner can read, beside its name, and give it the name when it is whole."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as out:  # noqa: PTH123 - by its descriptor
            write(out)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _forget(directory: Path, *, kept: int) -> None:
    """Delete the oldest exports: their names begin with the time, so they sort by it."""
    for kind in ("json", "csv"):
        for old in sorted(directory.glob(f"findings-*.{kind}"))[:-kept]:
            old.unlink(missing_ok=True)


@contextmanager
def _written_to(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SnapshotError(
            f"findings cannot be exported to {directory} ({error.strerror or error}): make room, correct "
            "export.directory, or give the account that runs posture write access"
        ) from error
