"""DuckDB connections: one kind for our own SQL over our own files, one for SQL from anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from threading import Timer

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
