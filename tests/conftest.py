"""What holds for every test."""

from __future__ import annotations

import sys


def pytest_sessionfinish() -> None:
    """Write down what was measured while pytest-xdist still waits: a process that it ends has ten seconds for that,
    which on a busy machine are not enough."""
    if "coverage" in sys.modules and (measuring := sys.modules["coverage"].Coverage.current()) is not None:
        measuring.save()
