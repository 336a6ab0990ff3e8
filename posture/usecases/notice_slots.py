"""Look at the clock: make a job for each slot that has come, once, whoever notices it."""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from posture.domain.job import DEFAULT_QUEUE, Job, new_job
from posture.domain.schedule import Schedule, pause_of
from posture.domain.slot import MOST_CAUGHT_UP, SlotKey, noticed, start_of
from posture.usecases.ports import Clock, JobBook, OpenJobBook, Timetable

_LOG: Final = logging.getLogger(__name__)
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""The clocks of two workers may be so far apart without anybody's having set one."""
# Missed slots that are not caught up are recorded too, the newest ones, so that people see that they were missed.
_MOST_LOOKED_AT: Final = MOST_CAUGHT_UP + 20


@dataclass(frozen=True, kw_only=True)
class TenantToWorkOn:
    """A tenant of the settings: its name, its id, and the queue that its jobs go to."""

    name: str
    tenant_id: str
    queue: str


@dataclass(frozen=True, kw_only=True)
class LookDone:
    """What a look at the clock came to. ``missed`` counts slots that are not caught up, by schedule; ``next_at`` is
    when the next slot comes, None if there are no schedules."""

    jobs: tuple[Job, ...]
    missed: Mapping[str, int]
    next_at: datetime | None


def notice_slots(
    schedules: Sequence[Schedule],
    tenants: Sequence[TenantToWorkOn],
    *,
    timetable: Timetable,
    open_book: OpenJobBook,
    clock: Clock,
) -> LookDone:
    """Record the slots that have come since the last look, each with its job, and return the new jobs.

    Several workers may look at once: a slot is recorded by one of them. A schedule that was never looked at in a
    tenant begins now. While it is paused its slots go by. If clocks were ahead and have been set back, what comes
    from now on is due again, but for slots that made their job already.

    Raises:
        StoreError: the database cannot be used; what was not recorded is noticed by the next look.
    """
    jobs: list[Job] = []
    missed: dict[str, int] = {}
    for schedule in schedules:
        # One transaction a schedule: a fleet with thousands of tenants must not keep others from the book for long.
        with open_book() as book:
            made, gone = _look(schedule, _tenants_of(schedule, tenants), timetable, book, now=clock.now())
        jobs += made
        if gone:
            missed[schedule.name] = gone
    now = clock.now()
    coming = [timetable.next_time(schedule.timing, after=now) for schedule in schedules]
    return LookDone(jobs=tuple(jobs), missed=missed, next_at=min(coming, default=None))


def _look(
    schedule: Schedule,
    tenants: Mapping[str | None, str],
    timetable: Timetable,
    book: JobBook,
    *,
    now: datetime,
) -> tuple[Sequence[Job], int]:
    """Look at one schedule in its tenants (id → queue); return the new jobs and how many slots were missed."""
    looked = _looked_until(schedule, book, now=now)
    unseen = [tenant for tenant in tenants if tenant not in looked]
    if unseen:
        book.look_until(schedule.name, unseen, until=now)
    pauses = book.pauses()
    slots: list[tuple[SlotKey, Job | None]] = []
    passed: list[str | None] = []
    # Tenants that were looked at last at the same time, nearly always all of them, have the same due times.
    for until, together in _by_look(looked, tenants).items():
        dues = timetable.times(schedule.timing, after=until, until=now, limit=_MOST_LOOKED_AT) if until < now else ()
        if not dues:
            continue
        passed += together
        awake = [tenant for tenant in together if pause_of(pauses, schedule.name, tenant) is None]
        found = noticed(schedule, dues, now=now)
        slots += [(_key(schedule, tenant, due), None) for tenant in awake for due in found.missed]
        slots += _to_run(schedule, awake, tenants, found.run, now=now)
    if passed:
        book.look_until(schedule.name, passed, until=now)
    return book.open_slots(slots, now=now), sum(job is None for _, job in slots)


def _looked_until(schedule: Schedule, book: JobBook, *, now: datetime) -> Mapping[str | None, datetime]:
    looked = book.looked_until(schedule.name)
    ahead = max((until - now for until in looked.values()), default=timedelta())
    if ahead <= _CLOCKS_DIFFER:
        return looked
    # Or nothing would be due until the clock is where it was, which may be next year.
    book.look_again(schedule.name, since=now)
    _LOG.warning(
        "The clock was ahead by %s when the schedule %s was looked at last: it is due from now on",
        ahead,
        schedule.name,
        extra={"action": "clock_set_back", "schedule": schedule.name},
    )
    return book.looked_until(schedule.name)


def _tenants_of(schedule: Schedule, tenants: Sequence[TenantToWorkOn]) -> Mapping[str | None, str]:
    """Return the ids of the tenants in which a schedule makes jobs, with their queues; None alone if it is about no
    tenant."""
    if not schedule.job.is_of_tenant:
        return {None: DEFAULT_QUEUE}
    return {
        tenant.tenant_id: tenant.queue
        for tenant in tenants
        if not schedule.tenants or tenant.name in schedule.tenants
    }


def _by_look(
    looked: Mapping[str | None, datetime], tenants: Mapping[str | None, str]
) -> Mapping[datetime, Sequence[str | None]]:
    grouped: defaultdict[datetime, list[str | None]] = defaultdict(list)
    for tenant in tenants:
        if tenant in looked:
            grouped[looked[tenant]].append(tenant)
    return grouped


def _to_run(
    schedule: Schedule,
    awake: Sequence[str | None],
    queues: Mapping[str | None, str],
    dues: Sequence[datetime],
    *,
    now: datetime,
) -> Iterator[tuple[SlotKey, Job]]:
    for due in dues:
        for tenant in awake:
            key = _key(schedule, tenant, due)
            job = new_job(
                uuid.uuid4().hex,
                schedule.job,
                tenant_id=tenant,
                queue=queues[tenant],
                arguments={"tags": list(schedule.tags)} if schedule.tags else {},
                asked_by=None,
                slot=key,
                now=now,
                not_before=start_of(schedule, key),
            )
            yield key, job


def _key(schedule: Schedule, tenant: str | None, due: datetime) -> SlotKey:
    return SlotKey(schedule=schedule.name, tenant_id=tenant, due_at=due)
