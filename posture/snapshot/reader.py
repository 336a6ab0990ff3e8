"""A published snapshot, open for reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import Lock

import duckdb

from posture.definitions.compiled import CompiledCheck
from posture.domain.outcome import TableOutcome
from posture.errors import SnapshotError
from posture.snapshot.connection import Limits, connect, lock
from posture.snapshot.judge import JudgedCheck, judging
from posture.snapshot.manifest import Manifest, read_manifest
from posture.snapshot.query import Answer, ask
from posture.snapshot.views import create_derived, create_partial, create_previous, create_tables
from posture.tables.table import Table


class PublishedSnapshot:
    """One snapshot and the one before it. Immutable; checks and people see it through locked connections.

    Raises:
        SnapshotError: its files cannot be read.
    """

    def __init__(
        self,
        directory: Path,
        *,
        before: Path | None,
        dictionary: Sequence[Table],
        limits: Limits,
        spill: Path,
    ) -> None:
        self.directory = directory
        self.before = before
        self._dictionary = dictionary
        self._limits = limits
        self._spill = spill
        self._manifest = read_manifest(directory)
        self._previous = read_manifest(before) if before else None

    @property
    def taken_at(self) -> datetime:
        return self._manifest.taken_at

    @property
    def published_at(self) -> datetime:
        return self._manifest.published_at

    @property
    def outcomes(self) -> Mapping[str, TableOutcome]:
        """Map each source table that was wanted to how its reading ended."""
        return _outcomes(self._manifest)

    @property
    def previous_outcomes(self) -> Mapping[str, TableOutcome] | None:
        """The same of the snapshot before; None if there is none."""
        return _outcomes(self._previous) if self._previous else None

    @property
    def columns_read(self) -> Mapping[str, Sequence[str]]:
        """Map each source table to its columns in this snapshot: only what enabled checks read is collected."""
        return {entry.outcome.table: tuple(entry.columns) for entry in self._manifest.tables}

    def judge(self, compiled: CompiledCheck) -> AbstractContextManager[JudgedCheck]:
        """Evaluate a check whose tables are all readable.

        Raises:
            CheckBroken: the SQL failed, ran out of memory or time, or returned a thing twice.
        """
        checking = self._for_checks_of_change if compiled.reads.previous else self._for_checks
        checking.require(compiled.reads.derived, seconds=self._limits.seconds)
        return judging(checking.connection, compiled, now=self.taken_at, seconds=self._limits.seconds)

    def query(self, sql: str) -> Answer:
        """Answer a person's query. Unlike checks, it may also read the schema ``partial``.

        Raises:
            QueryRefused: it is not one SELECT, it is wrong, or it asks for what is not allowed.
        """
        people = self._for_people
        people.require(people.derived, seconds=None)
        return ask(people.connection, sql, seconds=self._limits.seconds, hidden=self._spill.parent)

    def close(self) -> None:
        """Give back the memory. The snapshot may be used again; it then opens anew."""
        for name in ("_for_checks", "_for_checks_of_change", "_for_people"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.connection.close()

    @cached_property
    def _for_checks(self) -> _Opened:
        return self._connect(for_people=False, with_previous=False)

    @cached_property
    def _for_checks_of_change(self) -> _Opened:
        # Of its own: laying out the snapshot before takes as long as a dozen checks, and few look at it.
        return self._connect(for_people=False, with_previous=True)

    @cached_property
    def _for_people(self) -> _Opened:
        return self._connect(for_people=True, with_previous=True)

    def _connect(self, *, for_people: bool, with_previous: bool) -> _Opened:
        connection = connect(self._limits, spill=self._spill)
        readable = [*self.directory.glob("tables/*.parquet")]
        try:
            if with_previous and self.before and self._previous:
                create_previous(connection, self._dictionary, directory=self.before, manifest=self._previous)
                readable += self.before.glob("tables/*.parquet")
            derived = create_tables(connection, self._dictionary, directory=self.directory, manifest=self._manifest)
            if for_people:
                create_partial(connection, directory=self.directory)
                readable += self.directory.glob("partial/*.parquet")
            lock(connection, readable=readable)
        except duckdb.Error as error:
            connection.close()
            raise SnapshotError(f"{self.directory} cannot be read: {error}. Delete it and scan again") from error
        return _Opened(connection, derived)


class _Opened:
    """A locked connection. ``derived`` are the derived tables that can be made in it, each after those it reads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, derived: Sequence[str]) -> None:
        self.connection = connection
        self.derived = derived
        self._made: set[str] = set()
        self._lock = Lock()

    def require(self, names: Sequence[str], *, seconds: float | None) -> None:
        """Make these derived tables, those that can be made and were not made before; see ``create_derived``."""
        with self._lock:
            for name in names:
                if name in self.derived and name not in self._made:
                    create_derived(self.connection, name, seconds=seconds)
                    self._made.add(name)


def _outcomes(manifest: Manifest) -> dict[str, TableOutcome]:
    return {entry.outcome.table: entry.outcome for entry in manifest.tables}
