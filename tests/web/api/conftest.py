"""The API over a database of its own."""

from __future__ import annotations

import pytest

from tests.web.api.made_up_api import MadeUpApi
from tests.web.office import Office


@pytest.fixture
def made_up(office: Office) -> MadeUpApi:
    """Return the API with a route that does what the test asks for."""
    return MadeUpApi(office)
