"""What people ask about schedules and jobs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from posture.domain.job import Job, JobState
from posture.domain.page import Page
from posture.domain.schedule import SchedulePause
from posture.domain.stalled_queue import STALLED_AFTER, StalledQueue
from posture.store import jobs, numbered_pages, slots
from posture.store.work_rows import job_from
from posture.store.work_tables import JOBS


class WorkReader:
    """The reading side of working on schedule."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def job(self, job_id: str) -> Job | None:
        return jobs.by_id(self._connection, job_id)

    def jobs(
        self,
        *,
        tenant_ids: Collection[str] | None = None,
        kinds: Collection[str] = (),
        states: Collection[str] = (),
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[tuple[int, Job]]:
        """Return jobs with their numbers, the newest first: of these tenants, or with None of all and of none.

        Empty ``kinds`` and ``states`` take all. ``before`` is the number that the page before ended with.
        """
        conditions: list[ColumnElement[bool]] = []
        if tenant_ids is not None:
            conditions.append(JOBS.c.tenant_id.in_(sorted(tenant_ids)))
        if kinds:
            conditions.append(JOBS.c.kind.in_(sorted(kinds)))
        if states:
            conditions.append(JOBS.c.state.in_(sorted(states)))
        if before is not None:
            conditions.append(JOBS.c.number < before)
        newest = select(JOBS).where(*conditions).order_by(JOBS.c.number.desc()).limit(limit)
        return [(row["number"], job_from(row)) for row in self._connection.execute(newest).mappings()]

    def page(self, tenant_ids: Collection[str] | None, *, cursor: str | None, limit: int) -> Page[Job]:
        """Return one page of jobs, the newest first: of these tenants, or with None of all and of none.

        Raises:
            UsageError: the cursor is not of a list of jobs.
        """
        conditions = () if tenant_ids is None else (JOBS.c.tenant_id.in_(sorted(tenant_ids)),)
        found = numbered_pages.numbers(self._connection, JOBS, *conditions, cursor=cursor, limit=limit)
        rows = self._connection.execute(numbered_pages.rows_of(JOBS, found)).mappings()
        return numbered_pages.filled(found, [job_from(row) for row in rows])

    def latest(self, schedule: str) -> Mapping[str | None, Job]:
        """Return the latest job that each tenant has of a schedule."""
        newest = (
            select(func.max(JOBS.c.number)).where(JOBS.c.slot_schedule == schedule).group_by(JOBS.c.tenant_id)
        ).scalar_subquery()
        found = self._connection.execute(select(JOBS).where(JOBS.c.number.in_(newest))).mappings()
        return {job.tenant_id: job for job in map(job_from, found)}

    def counts(self) -> Mapping[tuple[str, JobState], int]:
        """Return how many jobs there are, by kind and state."""
        counted = select(JOBS.c.kind, JOBS.c.state, func.count()).group_by(JOBS.c.kind, JOBS.c.state)
        return {(kind, JobState(state)): number for kind, state, number in self._connection.execute(counted)}

    def oldest_waiting(self, now: datetime) -> datetime | None:
        """Return since when the job waits that has waited longest of those that might have begun; None if there is
        none."""
        ready = select(func.min(JOBS.c.not_before)).where(
            JOBS.c.state == JobState.WAITING.value, JOBS.c.not_before <= now
        )
        return self._connection.execute(ready).scalar()

    def stalled_queues(self, tenant_ids: Collection[str] | None, *, now: datetime) -> Sequence[StalledQueue]:
        """Return the queues in which jobs wait that might have begun a while ago, and none runs, the longest first.
        Only jobs of these tenants are counted, or with None all; what runs counts for whomever it does."""
        running = select(JOBS.c.queue).where(JOBS.c.state == JobState.RUNNING.value)
        ready = [JOBS.c.state == JobState.WAITING.value, JOBS.c.not_before <= now, JOBS.c.queue.not_in(running)]
        if tenant_ids is not None:
            ready.append(JOBS.c.tenant_id.in_(sorted(tenant_ids)))
        since = func.min(JOBS.c.not_before)
        found = (
            select(JOBS.c.queue, func.count(), since)
            .where(*ready)
            .group_by(JOBS.c.queue)
            .having(since <= now - STALLED_AFTER)
            .order_by(since, JOBS.c.queue)
        )
        return [
            StalledQueue(queue=queue, waiting=waiting, since=earliest)
            for queue, waiting, earliest in self._connection.execute(found)
        ]

    def looked_until(self, schedule: str) -> Mapping[str | None, datetime]:
        """Return up to when the due times of a schedule were looked at, by tenant."""
        return slots.looked_until(self._connection, schedule)

    def pauses(self) -> Sequence[SchedulePause]:
        return slots.pauses(self._connection)
