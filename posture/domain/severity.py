"""How bad a failing judgement is, if it is true."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """Ordered from harmless to worst by ``rank``."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return tuple(Severity).index(self)

    def is_at_least(self, other: Severity) -> bool:
        return self.rank >= other.rank
