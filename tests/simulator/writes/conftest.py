from __future__ import annotations

from pathlib import Path

import pytest

from posture.simulator.tenant import Tenant
from tests.simulator.builders import InProcess
from tests.simulator.writes.company import as_remediator, company


@pytest.fixture
def graph(tmp_path: Path) -> InProcess:
    """The made-up company's remediator, signed in."""
    return as_remediator(tmp_path, company())


@pytest.fixture
def tenant(graph: InProcess) -> Tenant:
    return graph.server.tenants[0]
