"""Working on schedule with one configuration: the use cases bound to the book of jobs and to an engine."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

from posture.config import TenantSettings
from posture.domain.job import DEFAULT_QUEUE, Job
from posture.domain.job_kind import JobKind
from posture.domain.judgement import Value
from posture.domain.schedule import Schedule, SchedulePause, pause_of
from posture.domain.schedule_line import ScheduleLine
from posture.domain.slot import SlotKey, start_of
from posture.errors import NotThere
from posture.schedule.local import LocalEngine
from posture.schedule.timetable import ScheduleTimetable
from posture.usecases import pause_schedule as pausing
from posture.usecases.enqueue import Wanted, cancel_job, enqueue, follow_queues, hand_over
from posture.usecases.notice_slots import LookDone, TenantToWorkOn, notice_slots
from posture.usecases.ports import Clock, Engine, OpenJobBook

if TYPE_CHECKING:
    from posture.bootstrap.application import Application


class _Records(TypedDict):
    """Where jobs stand, and what time it is."""

    open_book: OpenJobBook
    clock: Clock


class Working:
    """Everything about schedules and jobs. The engine is built when it is first used."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._timetable = ScheduleTimetable()

    @cached_property
    def engine(self) -> Engine:
        """What brings jobs to workers: threads of one process, or, on PostgreSQL, as many workers as there are."""
        application = self._application
        lock = application.store.worker_lock()
        if lock is None:
            # Here and not above: an embedded database does without it.
            from posture.schedule.distributed import FleetEngine

            url = application.settings.store_url.reveal()
            return FleetEngine(url.replace("postgresql+psycopg://", "postgresql://", 1))

        def hold() -> AbstractContextManager[None]:
            return lock.hold(since=application.clock.now())

        return LocalEngine(open_book=application.store.open_work, hold=hold, clock=application.clock)

    # Schedules

    def schedules(self) -> Sequence[ScheduleLine]:
        """Return every schedule in each of its tenants, in the order of the settings."""
        now = self._application.clock.now()
        lines: list[ScheduleLine] = []
        with self._application.store.reading() as reader:
            pauses = reader.work.pauses()
            for schedule in self._application.settings.schedules:
                latest = reader.work.latest(schedule.name)
                due_at = self._timetable.next_time(schedule.timing, after=now)
                for tenant, name in self._tenants_of(schedule).items():
                    key = SlotKey(schedule=schedule.name, tenant_id=tenant, due_at=due_at)
                    pause = pause_of(pauses, schedule.name, tenant)
                    line = ScheduleLine(
                        schedule=schedule,
                        tenant=name,
                        tenant_id=tenant,
                        next_at=start_of(schedule, key) if pause is None else None,
                        pause=pause,
                        latest=latest.get(tenant),
                    )
                    lines.append(line)
        return lines

    def schedule(self, name: str, *, tenant: TenantSettings | None = None) -> Schedule:
        """Return the schedule of this name, which makes jobs in the tenant if one is given.

        Raises:
            NotThere: there is none, or it makes none there.
        """
        for schedule in self._application.settings.schedules:
            if schedule.name == name:
                if tenant is not None and tenant.tenant_id not in self._tenants_of(schedule):
                    raise NotThere(f'the schedule "{name}" makes no jobs in {tenant.name}')
                return schedule
        known = ", ".join(schedule.name for schedule in self._application.settings.schedules)
        raise NotThere(f'there is no schedule "{name}". There are: {known}')

    def run_schedule(self, name: str, *, tenant: TenantSettings | None, by: str) -> Sequence[Job]:
        """Ask now for what a schedule makes, in one of its tenants or in all. Its slots stay as they are.

        Raises:
            NotThere: no such schedule, or not in this tenant.
        """
        schedule = self.schedule(name, tenant=tenant)
        arguments: dict[str, Value] = {"tags": list(schedule.tags)} if schedule.tags else {}
        ids = [tenant.tenant_id] if tenant is not None else list(self._tenants_of(schedule))
        tenants = {one.tenant_id: one for one in self._application.settings.tenants}
        wanted = [_wanted(schedule.job, None if id is None else tenants[id], arguments) for id in ids]
        return self._enqueue(wanted, asked_by=by)

    def pause(self, name: str, *, tenant: TenantSettings | None, by: str, reason: str) -> SchedulePause:
        """Let a schedule make no jobs in a tenant, or in any; see ``pause_schedule``.

        Raises:
            NotThere: no such schedule, or not in this tenant.
        """
        schedule = self.schedule(name, tenant=tenant)
        return pausing.pause_schedule(schedule, tenant_id=_id(tenant), by=by, reason=reason, **self._records)

    def resume(self, name: str, *, tenant: TenantSettings | None, by: str) -> None:
        """Let a paused schedule make jobs again; see ``resume_schedule``.

        Raises:
            NotThere: no such schedule, or it is not paused like this.
        """
        schedule = self.schedule(name, tenant=tenant)
        pausing.resume_schedule(schedule, tenant_id=_id(tenant), by=by, **self._records)

    # Jobs

    def enqueue(
        self, kind: JobKind, *, tenant: TenantSettings | None, arguments: Mapping[str, Value], asked_by: str
    ) -> Job:
        """Ask for a job and hand it to the engine; see ``enqueue``. Arguments by kind: see ``Job``."""
        (job,) = self._enqueue([_wanted(kind, tenant, arguments)], asked_by=asked_by)
        return job

    def cancel(self, job_id: str, *, by: str) -> Job:
        """Cancel a job that waits; see ``cancel_job``."""
        return cancel_job(job_id, by=by, **self._records)

    # For workers

    def notice(self) -> LookDone:
        """Look at the clock: record the slots that have come, each with its job; see ``notice_slots``. What waits
        follows its tenant to the queue that the settings name now."""
        tenants = [
            TenantToWorkOn(name=tenant.name, tenant_id=tenant.tenant_id, queue=tenant.queue)
            for tenant in self._application.settings.tenants
        ]
        schedules = self._application.settings.schedules
        follow_queues({one.tenant_id: one.queue for one in tenants}, open_book=self._application.store.open_work)
        return notice_slots(schedules, tenants, timetable=self._timetable, **self._records)

    def hand_over(self) -> int:
        """Hand the engine what may begin and was not handed to it yet; return how many jobs."""
        return hand_over(engine=self.engine, **self._records)

    def _enqueue(self, wanted: Sequence[Wanted], *, asked_by: str) -> Sequence[Job]:
        return enqueue(wanted, asked_by=asked_by, engine=self.engine, **self._records)

    def _tenants_of(self, schedule: Schedule) -> Mapping[str | None, str | None]:
        """Return the ids of the tenants in which a schedule makes jobs, with their names; None to None if it is about
        no tenant."""
        if not schedule.job.is_of_tenant:
            return {None: None}
        tenants = self._application.settings.tenants
        wanted: Collection[str] = schedule.tenants or [tenant.name for tenant in tenants]
        return {tenant.tenant_id: tenant.name for tenant in tenants if tenant.name in wanted}

    @property
    def _records(self) -> _Records:
        return {"open_book": self._application.store.open_work, "clock": self._application.clock}


def worker_name() -> str:
    """Return what this process is called in the record of jobs."""
    return f"{socket.gethostname()} {os.getpid()}"


def _id(tenant: TenantSettings | None) -> str | None:
    return None if tenant is None else tenant.tenant_id


def _wanted(kind: JobKind, tenant: TenantSettings | None, arguments: Mapping[str, Value]) -> Wanted:
    queue = DEFAULT_QUEUE if tenant is None else tenant.queue
    return Wanted(kind=kind, tenant_id=_id(tenant), queue=queue, arguments=arguments)
