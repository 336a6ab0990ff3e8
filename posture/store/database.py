"""The database as the rest of the program sees it: opened once, then asked for transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import URL, Engine

from posture.domain.examination import Examination
from posture.domain.exemption import Exemption, RecordedExemption
from posture.errors import StoreError
from posture.store import examinations, exemptions
from posture.store.acting_unit import SqlActingUnit
from posture.store.engine import connect_engine, parsed_url, writing, writing_at_once
from posture.store.failures import described, failures_told
from posture.store.idempotency import SqlAnswers
from posture.store.job_book import SqlJobBook
from posture.store.migrate import upgrade
from posture.store.outbox import SqlOutbox
from posture.store.plan_locks import FilePlanLocks, SessionPlanLocks
from posture.store.reader import Reader
from posture.store.sign_ins import SqlSignIns
from posture.store.unit_of_work import SqlUnitOfWork
from posture.store.worker_lock import FileWorkerLock

_PATIENCE = timedelta(seconds=30)


class Store:
    """A database of the right version. Every method raises StoreError if the database cannot be used."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._url = url

    @contextmanager
    def open_unit(self, tenant_id: str) -> Iterator[SqlUnitOfWork]:
        """Open a transaction for one tenant: it waits for other writers, commits at the end, rolls back on error."""
        with failures_told(self._url), writing(self._engine, lock=tenant_id) as connection:
            yield SqlUnitOfWork(connection, tenant_id)

    @contextmanager
    def open_acting_unit(self) -> Iterator[SqlActingUnit]:
        """Open a transaction to act: no two of them overlap, in any process; else like ``open_unit``.

        What it wrote survives a power cut: a request that is sent after it was written down must not be forgotten.
        """
        with (
            failures_told(self._url),
            writing(self._engine, lock="acting", survives_power_cut=True) as connection,
        ):
            yield SqlActingUnit(connection)

    @contextmanager
    def open_outbox(self) -> Iterator[SqlOutbox]:
        """Open a transaction to tell people: no two of them overlap, in any process; else like ``open_unit``.

        What it wrote survives a power cut, or the same would be told twice.
        """
        with (
            failures_told(self._url),
            writing(self._engine, lock="outbox", survives_power_cut=True) as connection,
        ):
            yield SqlOutbox(connection)

    @contextmanager
    def open_work(self) -> Iterator[SqlJobBook]:
        """Open a transaction to plan work: no two of them overlap, in any process; else like ``open_unit``."""
        with failures_told(self._url), writing(self._engine, lock="work") as connection:
            yield SqlJobBook(connection)

    @contextmanager
    def open_sign_ins(self) -> Iterator[SqlSignIns]:
        """Open a transaction over sign-ins; else like ``open_unit``."""
        with failures_told(self._url), writing(self._engine, lock="sign-ins") as connection:
            yield SqlSignIns(connection)

    def touch_sign_in(self, id_hash: str, *, at: datetime) -> None:
        """Write down that a sign-in was used, unless it would have to wait for somebody else who writes."""
        with failures_told(self._url), writing_at_once(self._engine, lock="sign-ins") as connection:
            if connection is not None:
                SqlSignIns(connection).touch(id_hash, at=at)

    @contextmanager
    def open_answers(self) -> Iterator[SqlAnswers]:
        """Open a transaction over the answers of the API: no two of them overlap; else like ``open_unit``."""
        with failures_told(self._url), writing(self._engine, lock="answers") as connection:
            yield SqlAnswers(connection)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Open the reading side; what it streams must be used before it is left."""
        with failures_told(self._url), self._engine.connect() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield Reader(connection)

    def add_exemption(self, exemption: Exemption, *, at: datetime, by: str) -> RecordedExemption:
        """Record an exemption; ``exemption.origin`` is replaced by the number it gets. ``by`` added it."""
        with failures_told(self._url), writing(self._engine, lock="exemptions") as connection:
            return exemptions.add(connection, exemption, at=at, by=by)

    def end_exemption(self, number: int, *, at: datetime, by: str) -> RecordedExemption:
        """Let an exemption stop counting at ``at``, because ``by`` said so; one that was ended before keeps its time.

        Raises:
            UsageError: there is no exemption with this number.
        """
        with failures_told(self._url), writing(self._engine, lock="exemptions") as connection:
            return exemptions.end(connection, number, at=at, by=by)

    def add_examination(self, examination: Examination) -> None:
        with failures_told(self._url), writing(self._engine, lock="examinations") as connection:
            examinations.add(connection, examination)

    def forget_examinations(self, before: datetime) -> int:
        """Delete the examinations of before then, but never the newest one of a tenant; return how many."""
        with failures_told(self._url), writing(self._engine, lock="examinations") as connection:
            return examinations.forget(connection, before)

    def plan_locks(self) -> FilePlanLocks | SessionPlanLocks:
        """Return locks on plans that hold for every process that uses this database."""
        if self._engine.dialect.name == "sqlite":
            return FilePlanLocks(Path(self._url.database or ""))
        return SessionPlanLocks(self._engine, self._url)

    def worker_lock(self) -> FileWorkerLock | None:
        """Return the lock of the only worker that an embedded database has; None if it may have many."""
        if self._engine.dialect.name == "sqlite":
            return FileWorkerLock(Path(self._url.database or ""))
        return None

    def close(self) -> None:
        """Close all connections. A later use opens new ones."""
        self._engine.dispose()


def prepare_store(url: str, *, relative_to: Path | None = None, patience: timedelta = _PATIENCE) -> Store:
    """Open a database, creating or upgrading it where needed.

    ``url`` is ``sqlite:///file`` or ``postgresql://…``; a relative file starts at ``relative_to``. ``patience``
    bounds the wait for other processes and for a server.

    Raises:
        StoreError: the URL is wrong, or the database cannot be used or is of a newer version.
    """
    parsed = parsed_url(url, relative_to=relative_to)
    if parsed.get_backend_name() == "sqlite":
        _create_file(Path(parsed.database or ""))
    engine = connect_engine(parsed, patience=patience)
    try:
        with failures_told(parsed):
            upgrade(engine, name=described(parsed))
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, parsed)


def _create_file(path: Path) -> None:
    """Create an empty database that only its owner can read: it names the weak spots of a tenant."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(
            f"the database {path} cannot be created ({error.strerror}): correct store.url, "
            "or give the account that runs posture write access to the directory"
        ) from error
