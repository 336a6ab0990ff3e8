"""Locks on plans that end with the process that holds them, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, func, select

from posture.errors import PlanInProgress, StoreError
from posture.store.failures import failures_told

# If the machine that holds a lock loses its power, nobody tells the server: it finds out by asking.
# Source: https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-TCP-KEEPALIVES-IDLE
_KEEPALIVES: Final = {"tcp_keepalives_idle": "15", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}


class FilePlanLocks:
    """Locked files in a directory beside an SQLite database; the system frees them when a process dies."""

    def __init__(self, database: Path) -> None:
        self._directory = database.with_name(f"{database.name}.locks")

    @contextmanager
    def hold(self, plan_id: str) -> Iterator[None]:
        """Hold a plan.

        Raises:
            PlanInProgress: another process, or another worker in this one, holds it.
            StoreError: the directory of the locks cannot be written.
        """
        path = self._directory / f"plan-{quote(plan_id, safe='')}.lock"
        lock = FileLock(path, timeout=0)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise _in_progress(plan_id, holding=f"it holds {path}") from error
        except OSError as error:
            raise StoreError(
                f"{path} cannot be locked ({error.strerror or error}): give the account that runs posture write "
                "access to the directory of the database"
            ) from error
        try:
            yield
        finally:
            lock.release()


class SessionPlanLocks:
    """Advisory locks of PostgreSQL, each on a connection of its own: the server frees them when that ends.

    If the connection breaks while the process lives, its lock is gone and another worker may take the plan over;
    ``require_claim`` in each later transaction then stops the first one. A proxy between posture and the server must
    not share sessions (pgbouncer: ``pool_mode = session``).
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._url = url

    @contextmanager
    def hold(self, plan_id: str) -> Iterator[None]:
        """Hold a plan.

        Raises:
            PlanInProgress: another process, or another worker in this one, holds it.
            StoreError: the server cannot be asked.
        """
        with failures_told(self._url):
            connection = self._engine.connect()
        try:
            with failures_told(self._url):
                is_ours = _try_lock(connection, plan_id)
            if not is_ours:
                raise _in_progress(plan_id, holding="it holds a lock in the database")
            yield
        finally:
            # Closing the session frees the lock, and works on a broken one too.
            connection.invalidate()
            connection.close()


def _try_lock(connection: Connection, plan_id: str) -> bool:
    # Without a transaction: an idle one would keep the server from cleaning up as long as the plan lasts.
    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
    for name, value in _KEEPALIVES.items():
        alone.execute(select(func.set_config(name, value, False)))
    key = func.hashtextextended(f"posture plan {plan_id}", 0)
    return alone.execute(select(func.pg_try_advisory_lock(key))).scalar_one() is True


def _in_progress(plan_id: str, *, holding: str) -> PlanInProgress:
    return PlanInProgress(
        f"another process executes plan {plan_id} ({holding}): wait until it has ended, or stop that process and "
        "execute the plan again"
    )
