"""Time that a test moves."""

from __future__ import annotations

from datetime import datetime, timedelta

from posture.bootstrap.application import SystemClock


class MovedClock(SystemClock):
    """The real time and what a test adds to it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self._ahead

    def forward(self, by: timedelta) -> None:
        self._ahead += by
