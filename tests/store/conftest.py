"""Databases for tests: SQLite in a file, PostgreSQL on a throw-away server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from posture.store.database import Store, prepare_store
from posture.usecases.ports import OpenUnit
from tests.ports.memory_store import MemoryStore
from tests.store.postgresql import Cluster, running_cluster, server_programs

PATIENCE = timedelta(milliseconds=200)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    programs = server_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with running_cluster(programs) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/posture.db"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.url(cluster.new_database())


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = prepare_store(url, patience=PATIENCE)
    yield opened
    opened.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_unit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenUnit]:
    """Open units of work on every implementation of the port."""
    if request.param == "memory":
        yield MemoryStore().open_unit
        return
    cluster: Cluster | None = request.getfixturevalue("cluster") if request.param == "postgresql" else None
    opened = prepare_store(cluster.url(cluster.new_database()) if cluster else f"sqlite:///{tmp_path}/posture.db")
    yield opened.open_unit
    opened.close()
