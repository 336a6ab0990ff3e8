"""The lock of the one worker process that an embedded database has; it ends with the process, however that ends."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from posture.domain.printable import printable
from posture.errors import StoreError, WorkerRunning


class FileWorkerLock:
    """A locked file in the directory of locks beside an SQLite database, and one that says who holds it."""

    def __init__(self, database: Path) -> None:
        directory = database.with_name(f"{database.name}.locks")
        self._database = database
        self._lock = directory / "worker.lock"
        # A file of its own: whoever tries the lock empties it.
        self._holder = directory / "worker.json"

    @contextmanager
    def hold(self, *, since: datetime) -> Iterator[None]:
        """Hold the database as its worker.

        Raises:
            WorkerRunning: another process holds it; the sentence says which.
            StoreError: the directory of the locks cannot be written.
        """
        lock = FileLock(self._lock, timeout=0)
        try:
            self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise WorkerRunning(
                f"another worker works on the database {self._database} ({self._described()}): stop it first, or use "
                "PostgreSQL in store.url, which takes as many workers as you like"
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._write_holder(since)
            yield
        finally:
            with suppress(OSError):
                self._holder.unlink(missing_ok=True)
            lock.release()

    def _write_holder(self, since: datetime) -> None:
        holder = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "since": since.isoformat(timespec="seconds"),
        }
        try:
            self._holder.write_text(json.dumps(holder), encoding="utf-8")
        except OSError as error:
            raise self._unwritable(error) from error

    def _described(self) -> str:
        try:
            holder = json.loads(self._holder.read_text(encoding="utf-8"))
            return printable(f"process {holder['pid']} on {holder['host']}, since {holder['since']}")
        except (OSError, ValueError, KeyError, TypeError):
            # It is just being written or removed.
            return f"it holds {self._lock}"

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"{self._lock.parent} cannot be written ({error.strerror or error}): give the account that runs posture "
            "write access to the directory of the database"
        )
