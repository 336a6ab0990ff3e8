"""A clock in a file: every process that reads it agrees what time it is, and a test moves it on."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class FileClock:
    """Goes on by itself from the moment that it was set to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        set_to, set_at = self._path.read_text(encoding="ascii").split()
        return datetime.fromisoformat(set_to) + timedelta(seconds=max(0.0, time.time() - float(set_at)))

    def set(self, moment: datetime) -> None:
        new = self._path.with_suffix(".new")
        new.write_text(f"{moment.astimezone(UTC).isoformat()} {time.time()!r}", encoding="ascii")
        new.replace(self._path)
