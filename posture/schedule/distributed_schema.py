"""The queues of a fleet in the database: Procrastinate's own tables, brought to the version of the installed package.

Procrastinate applies its changes through whoever uses it; which of them a database has seen is kept in the table
``fleet_schema``. What it wants done before and after new workers start is done at once: workers of an older version
are stopped first, as for every upgrade of posture.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from procrastinate.schema import SchemaManager
from psycopg import Connection

from posture.errors import StoreError

_RECORD: Final = """
    create table if not exists fleet_schema (
        change varchar primary key,
        applied_at timestamptz not null default now()
    )"""
_ADD: Final = "insert into fleet_schema (change) values (%s)"
# Not to_regclass: within a transaction it would still not see what another process made meanwhile.
_HAS_TABLE: Final = """
    select exists (select from pg_tables where tablename = %s and schemaname = any (current_schemas(false)))"""
# The store upgrades its tables under the same lock: of all processes that start at once, one changes anything.
_ALONE: Final = "select pg_advisory_xact_lock(hashtext('posture upgrade'))"


def prepare_queues(connection: Connection[Any]) -> None:
    """Create the queues or change them to the newest version; one transaction, done wholly or not at all.

    Raises:
        StoreError: the queues are of a newer version, or of another program.
    """
    wanted = _changes()
    if _applied(connection) == wanted.keys():
        return
    with connection.transaction():
        connection.execute(_ALONE)
        # Another process may have prepared them while this one waited.
        applied = _applied(connection)
        if unknown := sorted(applied - wanted.keys()):
            raise StoreError(
                f"the queues in the database were changed by a newer version of Procrastinate ({unknown[-1]}): "
                "upgrade the package procrastinate, or give posture another database in store.url"
            )
        _bring_up(connection, {name: wanted[name] for name in sorted(wanted.keys() - applied)}, is_new=not applied)


def _bring_up(connection: Connection[Any], missing: dict[str, Path], *, is_new: bool) -> None:
    connection.execute(_RECORD)
    if is_new:
        if _has_table(connection, "procrastinate_jobs"):
            raise StoreError(
                "the database holds queues of another program that uses Procrastinate: "
                "give posture a database of its own in store.url"
            )
        connection.execute(SchemaManager.get_schema())
    for name, path in missing.items():
        if not is_new:
            connection.execute(path.read_text(encoding="utf-8"))
        connection.execute(_ADD, [name])


def _changes() -> dict[str, Path]:
    """Return what Procrastinate changed since its first version: name → file; names sort by age."""
    directory = Path(SchemaManager.get_migrations_path())
    return {path.stem: path for path in sorted(directory.glob("*.sql"))}


def _applied(connection: Connection[Any]) -> set[str]:
    if not _has_table(connection, "fleet_schema"):
        return set()
    return {row[0] for row in connection.execute("select change from fleet_schema")}


def _has_table(connection: Connection[Any], name: str) -> bool:
    row = connection.execute(_HAS_TABLE, [name]).fetchone()
    return row is not None and row[0] is True
