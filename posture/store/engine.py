"""Connections to SQLite and PostgreSQL that behave alike: explicit transactions, bounded waits, no secrets told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from posture.errors import StoreError

_ADVICE = "write store.url as sqlite:///path/to/posture.db or postgresql://user:password@host/database"
# The web server answers in up to forty threads, each of which may have one open to read and one to write. They are
# opened when they are needed; those of a server are closed again, because it has only so many for everybody.
_MOST_CONNECTIONS: Final = 80
_KEPT_CONNECTIONS: Final = 10
_BEGIN: Final = "posture_begin"
_SYNCHRONOUS: Final = "posture_synchronous"


def parsed_url(text: str, *, relative_to: Path | None) -> URL:
    """Return the URL of a database that posture can use; a relative SQLite path starts at ``relative_to``.

    Raises:
        StoreError: the URL cannot be read, or names no database that posture can use. The sentence does not
            repeat the URL, because it may hold a password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Without "from": the original quotes parts of the text.
        raise StoreError(f"store.url cannot be read: {_ADVICE}") from None
    if url.drivername == "sqlite":
        return _sqlite_url(url, relative_to)
    if url.drivername in ("postgresql", "postgresql+psycopg") and url.database:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername.startswith("postgresql"):
        raise StoreError(f"store.url names no database or another driver than psycopg: {_ADVICE}")
    raise StoreError(f"store.url asks for {url.drivername!r}, which is not supported: {_ADVICE}")


def _sqlite_url(url: URL, relative_to: Path | None) -> URL:
    if not url.database or url.database == ":memory:" or url.query or url.host:
        raise StoreError(f"store.url names no file, or has options: {_ADVICE}")
    return url.set(database=str((relative_to or Path()) / url.database))


def connect_engine(url: URL, *, patience: timedelta) -> Engine:
    """Return an engine for ``url``; nothing is opened yet. ``patience`` bounds the wait for another process.

    Raises:
        StoreError: the driver for PostgreSQL is not installed.
    """
    serializer = partial(json.dumps, allow_nan=False, separators=(",", ":"))
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url,
            json_serializer=serializer,
            hide_parameters=True,
            pool_size=_MOST_CONNECTIONS,
            max_overflow=0,
            pool_timeout=patience.total_seconds(),
        )
        event.listen(engine, "connect", partial(_prepare_sqlite, patience=patience))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    milliseconds = int(patience / timedelta(milliseconds=1))
    arguments = {
        "options": f"-c lock_timeout={milliseconds}",
        "connect_timeout": max(2, int(patience.total_seconds())),
    }
    try:
        return create_engine(
            url,
            json_serializer=serializer,
            hide_parameters=True,
            pool_size=_KEPT_CONNECTIONS,
            max_overflow=_MOST_CONNECTIONS - _KEPT_CONNECTIONS,
            pool_timeout=max(2, patience.total_seconds()),
            pool_pre_ping=True,
            connect_args=arguments,
        )
    except ImportError as error:
        raise StoreError("PostgreSQL needs the package psycopg: pip install 'psycopg[binary]'") from error


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry, *, patience: timedelta) -> None:
    # SQLAlchemy's "begin" event says BEGIN; the driver's own implicit one would come too late to be IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(patience / timedelta(milliseconds=1))}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if _BEGIN not in options:
        connection.exec_driver_sql("BEGIN DEFERRED")
        return
    # With a write-ahead log, NORMAL may lose the last commits in a power cut, but never corrupts.
    # Source: https://www.sqlite.org/pragma.html#pragma_synchronous
    connection.exec_driver_sql(f"PRAGMA synchronous = {options.get(_SYNCHRONOUS, 'NORMAL')}")
    connection.exec_driver_sql(f"BEGIN {options[_BEGIN]}")


@contextmanager
def writing(engine: Engine, *, lock: str, survives_power_cut: bool = False) -> Iterator[Connection]:
    """Open a transaction that is alone from its first read on, so that what it read is still true when it writes.

    SQLite knows one writer for the whole file; in PostgreSQL only those with the same ``lock`` exclude each other.
    With ``survives_power_cut`` what was committed is on the disk, which PostgreSQL sees to anyway.
    """
    options = {_BEGIN: "IMMEDIATE", _SYNCHRONOUS: "FULL" if survives_power_cut else "NORMAL"}
    with engine.execution_options(**options).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"posture {lock}"))))
        yield connection


@contextmanager
def writing_at_once(engine: Engine, *, lock: str) -> Iterator[Connection | None]:
    """Open a transaction as ``writing`` does; None where it would have to wait until somebody else has written.

    That is so in SQLite, where a scan writes for seconds. In PostgreSQL nobody holds such a lock for long.
    """
    if engine.dialect.name != "sqlite":
        with writing(engine, lock=lock) as connection:
            yield connection
        return
    with engine.execution_options(**{_BEGIN: "IMMEDIATE"}).connect() as connection:
        if not _begins_at_once(connection):
            yield None
            return
        yield connection
        connection.commit()


def _begins_at_once(connection: Connection) -> bool:
    cursor = connection.connection.cursor()
    patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
    cursor.execute("PRAGMA busy_timeout = 0")
    try:
        connection.begin()
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorname", "") != "SQLITE_BUSY":
            raise
        return False
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {patience}")
        cursor.close()
    return True
