"""Databases for tests: SQLite in a file, PostgreSQL on a throw-away server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url

from posture.domain.audit import ChainedEvent
from posture.domain.finding import Finding
from posture.store.audit_reader import AuditFilter
from posture.store.database import Store, prepare_store
from posture.usecases.ports import OpenOutbox, OpenUnit
from tests.ports.memory_acting import MemoryActing
from tests.ports.memory_store import MemoryStore
from tests.ports.memory_telling import MemoryTelling
from tests.store.acting_store import ActingStore
from tests.store.prepared import prepared_store, prepared_url

PATIENCE = timedelta(milliseconds=200)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Name a database of the right version with nothing in it, once of each kind."""
    with prepared_url(request.param, request, tmp_path) as named:
        yield named


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = prepare_store(url, patience=PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A plain connection beside the store's own."""
    parsed = make_url(url)
    made = create_engine(parsed.set(drivername="postgresql+psycopg") if "postgresql" in url else parsed)
    yield made
    made.dispose()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_unit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenUnit]:
    """Open units of work on every implementation of the port."""
    if request.param == "memory":
        yield MemoryStore().open_unit
        return
    with prepared_store(request.param, request, tmp_path) as opened:
        yield opened.open_unit


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenOutbox]:
    """Open outboxes on every implementation of the port."""
    if request.param == "memory":
        yield MemoryTelling().open_outbox
        return
    with prepared_store(request.param, request, tmp_path) as opened:
        yield opened.open_outbox


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def acting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ActingStore]:
    """Plans, operators, stops and the audit in every implementation of the port."""
    if request.param == "memory":
        memory = MemoryActing()
        yield ActingStore(
            open_unit=memory.open_unit,
            keep_finding=lambda finding: memory.findings.update({finding.fingerprint: finding}),
            links=lambda: memory.audit,
        )
        return
    with prepared_store(request.param, request, tmp_path) as opened:
        yield _acting_on(opened)


def _acting_on(opened: Store) -> ActingStore:
    def keep_finding(finding: Finding) -> None:
        with opened.open_unit(finding.tenant_id) as unit:
            unit.findings.save([finding])

    def links() -> Sequence[ChainedEvent]:
        with opened.reading() as reader:
            assert reader.audit.first_break() is None
            return list(reader.audit.events(AuditFilter()))

    return ActingStore(open_unit=opened.open_acting_unit, keep_finding=keep_finding, links=links)
