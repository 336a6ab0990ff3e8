"""Queues in which jobs wait and none runs: perhaps no worker takes from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

STALLED_AFTER: Final = timedelta(minutes=2)
"""Workers look every second: a job that might have begun so long ago, with none that runs beside it, is no chance."""


@dataclass(frozen=True, kw_only=True)
class StalledQueue:
    """``waiting`` jobs of a queue might have begun by ``since``, the earliest of these times, and none of it runs."""

    queue: str
    waiting: int
    since: datetime
