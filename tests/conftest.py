"""What holds for every test."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from tests.store.postgresql import Cluster, running_cluster, server_programs


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One throw-away PostgreSQL for all tests of a process."""
    programs = server_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with running_cluster(programs) as running:
        yield running


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over the tests themselves, which stay to the end; it looks at everything else
    less often. A test may make many objects, and that took a twentieth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_sessionfinish() -> None:
    """Write down what was measured while pytest-xdist still waits: a process that it ends has ten seconds for that,
    which on a busy machine are not enough."""
    if "coverage" in sys.modules and (measuring := sys.modules["coverage"].Coverage.current()) is not None:
        measuring.save()
