"""Databases of the right version with nothing in them: copies of one that was made as every database is made, because
making takes many times as long as copying."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from posture.store.database import Store, prepare_store
from tests.store.postgresql import Cluster


def prepared_file(directory: Path) -> str:
    """Write a database on SQLite into a directory and return its URL."""
    path = directory / "posture.db"
    path.touch(mode=0o600)
    path.write_bytes(_original())
    return f"sqlite:///{path}"


@contextmanager
def prepared_url(kind: str, request: pytest.FixtureRequest, directory: Path) -> Iterator[str]:
    """Give the URL of a database: ``kind`` is sqlite or postgresql. It lasts until it is left."""
    if kind == "sqlite":
        yield prepared_file(directory)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with cluster.prepared_database() as url:
        yield url


@contextmanager
def prepared_store(kind: str, request: pytest.FixtureRequest, directory: Path) -> Iterator[Store]:
    """Open a database; else like ``prepared_url``."""
    with prepared_url(kind, request, directory) as url:
        opened = prepare_store(url)
        yield opened
        opened.close()


@cache
def _original() -> bytes:
    with TemporaryDirectory() as place:
        path = Path(place, "posture.db")
        prepare_store(f"sqlite:///{path}").close()
        return path.read_bytes()
