"""An implementation of the port of acting as the contract suite sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from posture.domain.audit import ChainedEvent
from posture.domain.finding import Finding
from posture.usecases.ports.acting import OpenActingUnit


@dataclass(frozen=True, kw_only=True)
class ActingStore:
    """One implementation of the port, and what tests need besides."""

    open_unit: OpenActingUnit
    keep_finding: Callable[[Finding], None]
    links: Callable[[], Sequence[ChainedEvent]]
