"""How bad a failing judgement is, if it is true."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """Ordered from harmless to worst by ``rank``."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return _RANKS[self]

    def is_at_least(self, other: Severity) -> bool:
        return self.rank >= other.rank


# Looked up, because lists of many thousands are sorted by it.
_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}
