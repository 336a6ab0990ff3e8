"""What a database says when it cannot go on → one sentence that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from posture.errors import StoreError

# Extended names start with the plain one: SQLITE_BUSY_SNAPSHOT, SQLITE_IOERR_WRITE. More special ones first.
# Source: https://www.sqlite.org/rescode.html
_SQLITE: Final = {
    "SQLITE_BUSY": "is locked by another process: wait until it is done, then try again",
    "SQLITE_LOCKED": "is locked by another process: wait until it is done, then try again",
    "SQLITE_FULL": "cannot grow because the disk is full: make room, then try again; nothing half-written was kept",
    "SQLITE_READONLY": "is read-only: give the account that runs posture write access to the file and its directory",
    "SQLITE_CORRUPT": "is damaged: restore it from a backup, or move it away and scan again to begin a new one",
    "SQLITE_NOTADB": "is not a database: correct store.url, or move the file away and scan again to begin a new one",
    "SQLITE_CANTOPEN": "cannot be opened: check that the path is a file and that posture may write to its directory",
    "SQLITE_PERM": "cannot be opened: give the account that runs posture access to the file and its directory",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error; check the disk and its free space",
}

# By SQLSTATE or its class. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL: Final = {
    "55P03": "is locked by another process: wait until it is done, then try again",
    "53100": "cannot grow because the server's disk is full: make room, then try again",
    "53300": "has no connection left: wait, or raise max_connections of the server",
    "25006": "is read-only: connect to the primary server in store.url",
    "3D000": "does not exist: create it, or correct store.url",
    "42501": "refuses this user: grant it CREATE and USAGE on the schema",
    "28": "refuses this user or password: correct store.url",
    "57P": "was shut down: start the server, then try again",
}

_REFUSED_IN_WORDS: Final = {
    "authentication failed": _POSTGRESQL["28"],
    "no password supplied": _POSTGRESQL["28"],
    "does not exist": _POSTGRESQL["3D000"],
    "too many": _POSTGRESQL["53300"],
}


@contextmanager
def failures_told(url: URL) -> Iterator[None]:
    """Turn what the database layer raises inside into StoreError; a password never gets into its sentence."""
    try:
        yield
    except NoConnection as error:
        raise StoreError(f"{described(url)} is asked too much at once: wait, then try again") from error
    except (DBAPIError, sqlite3.Error) as error:
        # Anything else from SQLAlchemy is a bug of ours and keeps its traceback.
        cause = (error.orig or error) if isinstance(error, DBAPIError) else error
        raise StoreError(f"{described(url)} {_sentence(cause, url)}") from error


def described(url: URL) -> str:
    """Return a database's name for people, without user and password."""
    if url.get_backend_name() == "sqlite":
        return f"the database {url.database}"
    return f"the database {url.database} on {url.host or 'this machine'}"


def _sentence(cause: BaseException, url: URL) -> str:
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    # The driver does not quote the password; should a later version do so, it still is not told.
    words = " ".join(str(cause).split())
    return _of_postgresql(cause, words.replace(url.password, "***") if url.password else words)


def _of_sqlite(cause: sqlite3.Error) -> str:
    name = getattr(cause, "sqlite_errorname", "")
    for prefix, sentence in _SQLITE.items():
        if name.startswith(prefix):
            return sentence
    return f"failed ({name or type(cause).__name__}): try again, and report it if it stays"


def _of_postgresql(cause: BaseException, words: str) -> str:
    state: str = getattr(cause, "sqlstate", None) or ""
    for prefix, sentence in _POSTGRESQL.items():
        if state.startswith(prefix):
            return sentence
    if state and not state.startswith("08"):
        return f"failed (SQLSTATE {state}): try again, and report it if it stays"
    # What the server says before a session exists carries no SQLSTATE, only words, and those may be translated.
    for part, sentence in _REFUSED_IN_WORDS.items():
        if part in words:
            return sentence
    return f"does not answer: start the server, or correct host and port in store.url (the driver says: {words})"
