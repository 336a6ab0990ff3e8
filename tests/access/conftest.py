"""One desk for each test, over a copy of an empty database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.access.desk import Desk


@pytest.fixture(scope="session")
def empty_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a database of the right version: made once, copied for each test."""
    directory = tmp_path_factory.mktemp("empty")
    Desk(directory).store.close()
    return directory / "data"


@contextmanager
def desk_over(empty_data: Path, directory: Path) -> Iterator[Desk]:
    """Give a desk over a copy of the empty database."""
    shutil.copytree(empty_data, directory / "data")
    opened = Desk(directory)
    yield opened
    opened.store.close()


@pytest.fixture
def desk(empty_data: Path, tmp_path: Path) -> Iterator[Desk]:
    with desk_over(empty_data, tmp_path) as opened:
        yield opened
