"""Databases with queues, and workers of a fleet in threads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.postgresql import Cluster, running_cluster, server_programs


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    programs = server_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with running_cluster(programs) as running:
        yield running


@pytest.fixture
def database(cluster: Cluster) -> str:
    """The URL of an empty database on PostgreSQL."""
    return cluster.url(cluster.new_database())
