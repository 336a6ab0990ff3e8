"""How the whole of posture stands at one moment, counted for those who watch it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class Gauges:
    """Counts by label: ``findings`` by tenant and severity, ``checks`` by tenant and standing, ``jobs`` by kind and
    state, ``plans`` by tenant and state, ``deliveries`` and ``closed`` by channel.

    ``scans`` maps tenant and state of a run to when the latest such snapshot was taken. ``oldest_waiting`` is how
    long the job waits that should have begun first.
    """

    findings: Mapping[tuple[str, ...], int]
    checks: Mapping[tuple[str, ...], int]
    jobs: Mapping[tuple[str, ...], int]
    plans: Mapping[tuple[str, ...], int]
    deliveries: Mapping[tuple[str, ...], int]
    closed: Mapping[tuple[str, ...], int]
    scans: Mapping[tuple[str, ...], datetime]
    oldest_waiting: timedelta
