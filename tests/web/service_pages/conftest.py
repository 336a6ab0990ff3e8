"""The pages of plans, runs, jobs and people over a database in which there is something of everything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.service_pages.reception import Reception


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Reception:
    """Return what is in the database that every test gets a copy of."""
    office = Reception(tmp_path_factory.mktemp("recorded"))
    office.close()
    return office


@pytest.fixture
def reception(recorded: Reception, tmp_path: Path) -> Iterator[Reception]:
    shutil.copytree(recorded.application.settings.data_dir, tmp_path / "data")
    opened = Reception(tmp_path, like=recorded)
    yield opened
    opened.close()
