"""The API over a database of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.api.made_up_api import MadeUpApi
from tests.web.office import Office


@pytest.fixture(scope="module")
def shared_office(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Open one page for all tests of a file; each has operators of its own, and counts nothing."""
    directory = tmp_path_factory.mktemp("shared")
    shutil.copytree(empty_database, directory / "data")
    opened = Office(directory)
    yield opened
    opened.close()


@pytest.fixture
def made_up(shared_office: Office) -> MadeUpApi:
    """Return the API with a route that does what the test asks for."""
    return MadeUpApi(shared_office)
