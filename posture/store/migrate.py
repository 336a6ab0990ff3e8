"""Bring a database to the version of this program, or refuse one that is ahead of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from posture.errors import StoreError
from posture.store.engine import writing

LATEST: Final = "0006"
"""The newest revision in ``migrations/versions``."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, *, name: str) -> None:
    """Create the tables or change them to the newest version; one transaction, done wholly or not at all.

    Raises:
        StoreError: the database was written by a newer version, or belongs to another program.
    """
    with engine.connect() as connection:
        if _revision(connection, name=name) == LATEST:
            return
    if engine.dialect.name == "sqlite":
        _turn_on_write_ahead_log(engine)
    with writing(engine, lock="upgrade") as connection:
        # Another process may have upgraded while this one waited.
        if _revision(connection, name=name) != LATEST:
            _run_migrations(connection, name=name)


def _revision(connection: Connection, *, name: str) -> str | None:
    """Return the revision of a database, None if it is empty."""
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        return connection.execute(text("select version_num from alembic_version")).scalar()
    if tables & {"runs", "findings", "exemptions", "plans", "operators", "audit_events"}:
        raise StoreError(f"{name} belongs to another program: give posture a database of its own in store.url")
    return None


def _turn_on_write_ahead_log(engine: Engine) -> None:
    """Let readers go on while one process writes. The file remembers it; it cannot be set inside a transaction."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _run_migrations(connection: Connection, *, name: str) -> None:
    # Alembic takes a quarter of a second to import, and is needed once per version.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = _revision(connection, name=name)
    if found is not None and found not in known:
        raise StoreError(
            f"{name} was written by a newer version of posture (revision {found}): "
            "install that version, or name another database in store.url"
        )
    command.upgrade(config, LATEST)
