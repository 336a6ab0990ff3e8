"""Seeded chance and the tenant's calendar: every id, date and choice of the made-up company comes from here."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

DAY_SECONDS = 86_400


class Chance:
    """A seeded source of ids, dates and choices around one fixed moment.

    Dates are given in days before (``ago``) or after (``ahead``) that moment and come back as Graph writes
    them: UTC with ``Z``, without fraction or with up to seven digits of one.

    Raises:
        ValueError: ``now`` has no time zone.
    """

    def __init__(self, *, seed: int, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("now must carry a time zone, for example datetime.now(UTC)")
        # A demonstration needs the same company every time, not unpredictable numbers.
        self.rng = random.Random(seed)  # noqa: S311
        self.now = now.astimezone(UTC).replace(microsecond=0)

    def guid(self) -> str:
        """Return a lower-case GUID with the version and variant bits of a random one."""
        digits = f"{self.rng.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def odds(self, share: float) -> bool:
        """Return True in ``share`` (0 to 1) of the calls."""
        return self.rng.random() < share

    def ago(self, days: float) -> str:
        """Return the moment ``days`` before now."""
        return written(self.now - timedelta(seconds=int(days * DAY_SECONDS)))

    def ahead(self, days: float) -> str:
        """Return the moment ``days`` after now."""
        return self.ago(-days)

    def ago_exact(self, days: float) -> str:
        """Return the moment ``days`` before now with Graph's seven fractional digits, trailing zeros dropped."""
        fraction = f"{self.rng.randrange(1, 10_000_000):07d}".rstrip("0")
        return f"{self.ago(days)[:-1]}.{fraction}Z"

    def spread(self, low: float, high: float) -> float:
        """Return a number of days between ``low`` and ``high``."""
        return low + (high - low) * self.rng.random()


def written(moment: datetime) -> str:
    """Return a moment in UTC as Graph writes a DateTimeOffset without fraction."""
    return f"{moment.isoformat()[:19]}Z"
