"""Slots: the due times of a schedule in a tenant, each of which makes one job and never two."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from posture.domain.schedule import CatchUp, Schedule

MOST_CAUGHT_UP: Final = 100
"""So many missed slots of a schedule are caught up at most, the newest ones."""


@dataclass(frozen=True, kw_only=True)
class SlotKey:
    """One due time. ``tenant_id`` None: the schedule is about no single tenant. ``due_at`` is without jitter."""

    schedule: str
    tenant_id: str | None
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class Noticed:
    """What a look at the clock found: due times to run, and those that were missed and are not caught up."""

    run: tuple[datetime, ...]
    missed: tuple[datetime, ...]


def noticed(schedule: Schedule, dues: Sequence[datetime], *, now: datetime) -> Noticed:
    """Return which of the due times that have come since the last look are run.

    Those that are due for no longer than ``schedule.misfire`` always are. Of later ones none is, or the newest if
    nothing newer runs anyway, or all: as ``schedule.catch_up`` says. At most ``MOST_CAUGHT_UP`` run.
    """
    ordered = sorted(dues)
    in_time = [due for due in ordered if now - due <= schedule.misfire]
    late = ordered[: len(ordered) - len(in_time)]
    if schedule.catch_up is CatchUp.ALL:
        caught = late
    elif schedule.catch_up is CatchUp.LATEST and not in_time:
        caught = late[-1:]
    else:
        caught = []
    run = [*caught, *in_time][-MOST_CAUGHT_UP:]
    return Noticed(run=tuple(run), missed=tuple(due for due in ordered if due not in set(run)))


def start_of(schedule: Schedule, key: SlotKey) -> datetime:
    """Return when the job of a slot may begin: its due time and a part of the jitter, which spreads the tenants.

    The part follows from the slot alone, so that every worker finds the same one.
    """
    if not schedule.jitter:
        return key.due_at
    seed = f"{key.schedule}\n{key.tenant_id or ''}\n{key.due_at.timestamp():.0f}"
    share = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") / 2**64
    return key.due_at + timedelta(seconds=int(schedule.jitter.total_seconds() * share))
