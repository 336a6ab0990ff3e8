"""Databases with queues, and workers of a fleet in threads."""

from __future__ import annotations

import pytest

from tests.store.postgresql import Cluster


@pytest.fixture
def database(cluster: Cluster) -> str:
    """The URL of an empty database on PostgreSQL."""
    return cluster.url(cluster.new_database())
