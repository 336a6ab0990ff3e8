"""DuckDB connections: one kind for our own SQL over our own files, one for SQL from anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from threading import Lock, Timer
from time import monotonic
from weakref import ref

import duckdb

from posture.snapshot.column_sql import literal


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one connection may use. ``memory`` and ``spill`` are DuckDB sizes, ``seconds`` is for one statement."""

    memory: str = "1GB"
    spill: str = "4GB"
    threads: int = field(default_factory=lambda: min(4, os.cpu_count() or 1))
    seconds: float = 60.0


def connect(limits: Limits, *, spill: Path) -> duckdb.DuckDBPyConnection:
    """Open an empty in-memory database with our macros. It can reach files until ``lock`` is called."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",  # a table name must never find a Python variable
            "memory_limit": limits.memory,
            "threads": str(limits.threads),
            "temp_directory": str(spill),
            "max_temp_directory_size": limits.spill,
        },
    )
    connection.execute("set timezone = 'UTC'")
    connection.execute(files("posture.snapshot").joinpath("macros.sql").read_text(encoding="utf-8"))
    return connection


def lock(connection: duckdb.DuckDBPyConnection, *, readable: Sequence[Path]) -> None:
    """Take from a connection, for good, every file but ``readable``, the network, extensions and settings."""
    paths = ", ".join(literal(str(path)) for path in readable)
    connection.execute(f"set allowed_paths = [{paths}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


@contextmanager
def time_limit(connection: duckdb.DuckDBPyConnection, *, seconds: float) -> Iterator[None]:
    """Interrupt what the connection runs after so many seconds; it then raises duckdb.InterruptException."""
    timer = Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


class Watchdog:
    """Interrupts a statement of a connection that runs longer than ``seconds``, after twice that at the latest.

    ``time_limit`` is exact but starts a thread each time, which costs as much as a small statement. This one's
    thread looks after many statements and ends when none came for a while.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._lock = Lock()
        self._began: float | None = None
        self._is_used = False
        self._is_awake = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Run statements under the limit; an interrupted one raises duckdb.InterruptException."""
        with self._lock:
            self._began = monotonic()
            self._is_used = True
            if not self._is_awake:
                self._sleep()
        try:
            yield
        finally:
            with self._lock:
                self._began = None

    def _sleep(self) -> None:
        self._is_awake = True
        # The thread must not hold what DuckDB wants to free first when the interpreter ends.
        timer = Timer(self._seconds, _look, args=[ref(self)])
        timer.daemon = True
        timer.start()

    def look(self) -> None:
        """Interrupt a statement that has had its time, and look again later if there may be others."""
        with self._lock:
            if self._began is not None and monotonic() - self._began >= self._seconds:
                self._connection.interrupt()
            if self._is_used:
                self._is_used = self._began is not None
                self._sleep()
            else:
                self._is_awake = False


def _look(watchdog: ref[Watchdog]) -> None:
    alive = watchdog()
    if alive is not None:
        alive.look()
