"""Schedules: when a job is due, from the settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from posture.domain.job_kind import JobKind


class CatchUp(StrEnum):
    """What becomes of due times that came while no worker ran, longer ago than the schedule's misfire time."""

    NONE = "none"
    LATEST = "latest"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Cron:
    """Five fields, as cron reads them, on a clock in ``zone`` (a name of the IANA)."""

    cron: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Every so often, counted from ``anchor``, an aware moment. Changes of the clocks do not move it."""

    every: timedelta
    anchor: datetime


Timing = Cron | Interval


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When jobs of a kind are due. ``tenants`` are names, empty for all; ``tags`` narrows the checks of a scan.

    ``jitter`` is how much later than due a job may begin, spread over the tenants. What is noticed within ``misfire``
    after it was due is in time. ``is_built_in``: posture has it of itself, the settings say nothing about it.
    """

    name: str
    job: JobKind
    tenants: tuple[str, ...]
    tags: tuple[str, ...]
    timing: Timing
    jitter: timedelta
    misfire: timedelta
    catch_up: CatchUp
    is_built_in: bool

    @property
    def sentence(self) -> str:
        """Return when it is due, in words: ``0 2 * * * in Europe/Berlin``, ``every 15 minutes``."""
        if isinstance(self.timing, Cron):
            return f"{self.timing.cron} in {self.timing.zone}"
        return f"every {_in_words(self.timing.every)}"


@dataclass(frozen=True, kw_only=True)
class SchedulePause:
    """A schedule makes no jobs in a tenant, or in any (``tenant_id`` None), until it is resumed."""

    schedule: str
    tenant_id: str | None
    by: str
    reason: str
    at: datetime


def pause_of(pauses: Iterable[SchedulePause], schedule: str, tenant_id: str | None) -> SchedulePause | None:
    """Return the pause that holds for a schedule in a tenant, that of all tenants first; None if there is none."""
    found = [one for one in pauses if one.schedule == schedule and one.tenant_id in (None, tenant_id)]
    return min(found, key=lambda pause: pause.tenant_id is not None, default=None)


def _in_words(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % size == 0:
            return unit if seconds == size else f"{seconds // size} {unit}s"
    return f"{seconds} seconds"
