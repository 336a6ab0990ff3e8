from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.builders import InProcess, in_process


@pytest.fixture
def graph(tmp_path: Path) -> InProcess:
    """A signed-in client of a small tenant, without throttling."""
    return in_process(tmp_path)
