"""Letting the page go first where a worker shares its machine: people wait for a page, and nobody for a scan."""

from __future__ import annotations

import os
from typing import Final

_NICENESS: Final = 10


def give_way() -> None:
    """Let other processes have the processor first from now on. Alone on a machine, this process loses nothing."""
    if hasattr(os, "nice"):  # Windows has another way, and no fleets of workers
        os.nice(_NICENESS)
