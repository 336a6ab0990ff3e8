"""Jobs, slots and pauses in memory, for tests of use cases; they pass the suite of the real ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from posture.domain.audit import AuditEvent
from posture.domain.job import HANDED_OVER_FOR, Job, JobState
from posture.domain.job_kind import JobKind
from posture.domain.schedule import SchedulePause
from posture.domain.slot import SlotKey


@dataclass(kw_only=True)
class MemoryWorking:
    """What was committed. ``jobs`` are in the order in which they were recorded, ``slots`` map to the ids of their
    jobs, ``looks`` are by schedule and tenant."""

    jobs: dict[str, Job] = field(default_factory=dict)
    handed: dict[str, datetime] = field(default_factory=dict)
    slots: dict[SlotKey, str | None] = field(default_factory=dict)
    noticed_at: dict[SlotKey, datetime] = field(default_factory=dict)
    looks: dict[tuple[str, str | None], datetime] = field(default_factory=dict)
    paused: dict[tuple[str, str | None], SchedulePause] = field(default_factory=dict)
    events: list[AuditEvent] = field(default_factory=list)

    @contextmanager
    def open_work(self) -> Iterator[MemoryBook]:
        """Work on a copy that replaces what was committed if nothing is raised."""
        draft = replace(self, **{each.name: copy(getattr(self, each.name)) for each in fields(self)})
        yield MemoryBook(draft)
        for each in fields(self):
            setattr(self, each.name, getattr(draft, each.name))


class MemoryBook:
    def __init__(self, state: MemoryWorking) -> None:
        self._state = state

    def add(self, job: Job) -> None:
        self._state.jobs.setdefault(job.id, job)

    def job(self, job_id: str) -> Job | None:
        return self._state.jobs.get(job_id)

    def like(self, job: Job) -> Job | None:
        def asked(one: Job) -> tuple[object, ...]:
            by = one.asked_by if one.kind is JobKind.EXECUTE else None
            return one.kind, one.tenant_id, one.arguments, by

        soon = (one for one in self._waiting() if one.not_before <= job.not_before)
        return next((one for one in soon if asked(one) == asked(job)), None)

    def is_running(self, lock: str) -> bool:
        return any(job.lock == lock for job in self.running())

    def save(self, job: Job, *, was: Job) -> bool:
        now = self._state.jobs.get(was.id)
        if now is None or (now.state, now.tries, now.worker) != (was.state, was.tries, was.worker):
            return False
        self._state.jobs[job.id] = job
        if job.state is JobState.WAITING:
            self._state.handed.pop(job.id, None)
        return True

    def report(self, job_id: str, progress: str, *, worker: str) -> None:
        job = self._state.jobs[job_id]
        if job.worker == worker and job.state is JobState.RUNNING:
            self._state.jobs[job_id] = replace(job, progress=progress)

    def due(self, *, now: datetime, queues: Collection[str], limit: int) -> Sequence[Job]:
        ready = [
            job
            for job in self._waiting()
            if job.not_before <= now and not self.is_running(job.lock) and (not queues or job.queue in queues)
        ]
        return sorted(ready, key=lambda job: -job.priority)[:limit]

    def follow(self, queues: Mapping[str, str]) -> int:
        moved = [job for job in self._waiting() if queues.get(job.tenant_id or "", job.queue) != job.queue]
        for job in moved:
            self._state.jobs[job.id] = replace(job, queue=queues[job.tenant_id or ""])
            self._state.handed.pop(job.id, None)
        return len(moved)

    def running(self) -> Sequence[Job]:
        return [job for job in self._state.jobs.values() if job.state is JobState.RUNNING]

    def unhanded(self, *, now: datetime, limit: int) -> Sequence[Job]:
        lately = {id for id, at in self._state.handed.items() if at >= now - HANDED_OVER_FOR}
        kept_back = [job for job in self._waiting() if job.id not in lately and job.not_before <= now]
        return sorted(kept_back, key=lambda job: -job.priority)[:limit]

    def mark_handed_over(self, jobs: Sequence[Job], *, at: datetime) -> None:
        for job in jobs:
            now = self._state.jobs[job.id]
            if (now.tries, now.not_before) == (job.tries, job.not_before):
                self._state.handed[job.id] = at

    def looked_until(self, schedule: str) -> Mapping[str | None, datetime]:
        return {tenant: until for (name, tenant), until in self._state.looks.items() if name == schedule}

    def look_until(self, schedule: str, tenants: Collection[str | None], *, until: datetime) -> None:
        self._state.looks |= {(schedule, tenant): until for tenant in tenants}

    def look_again(self, schedule: str, *, since: datetime) -> int:
        for key, job_id in list(self._state.slots.items()):
            if key.schedule == schedule and key.due_at > since and job_id is None:
                del self._state.slots[key]
        beyond = [key for key, until in self._state.looks.items() if key[0] == schedule and until > since]
        self._state.looks |= dict.fromkeys(beyond, since)
        return len(beyond)

    def open_slots(self, slots: Sequence[tuple[SlotKey, Job | None]], *, now: datetime) -> Sequence[Job]:
        made: list[Job] = []
        for key, job in slots:
            if key in self._state.slots:
                continue
            self._state.slots[key] = job.id if job else None
            self._state.noticed_at[key] = now
            if job is not None:
                self.add(job)
                made.append(job)
        return made

    def pauses(self) -> Sequence[SchedulePause]:
        return list(self._state.paused.values())

    def pause(self, pause: SchedulePause) -> None:
        self._state.paused[pause.schedule, pause.tenant_id] = pause

    def resume(self, schedule: str, tenant_id: str | None) -> bool:
        return self._state.paused.pop((schedule, tenant_id), None) is not None

    def forget(self, before: datetime, *, kinds: Collection[str]) -> int:
        old = {
            job.id
            for job in self._state.jobs.values()
            if job.ended_at is not None and job.ended_at < before and job.kind in kinds
        }
        for key, job_id in list(self._state.slots.items()):
            is_idle = job_id is None and self._state.noticed_at[key] < before
            if is_idle or job_id in old:
                del self._state.slots[key]
        for job_id in old:
            del self._state.jobs[job_id]
        return len(old)

    def record(self, event: AuditEvent) -> None:
        self._state.events.append(event)

    def _waiting(self) -> Sequence[Job]:
        return [job for job in self._state.jobs.values() if job.state is JobState.WAITING]
