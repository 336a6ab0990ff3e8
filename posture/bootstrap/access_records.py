"""Runs, jobs, the audit, channels, operators and examinations, as an operator sees them."""

from __future__ import annotations

from collections.abc import Sequence

from posture.bootstrap.access_limits import LimitedAccess
from posture.bootstrap.views import AuditChain, ChannelLine, RunDetail
from posture.domain.audit import GENESIS, AuditKind, ChainedEvent
from posture.domain.delivery import UNDELIVERED, UNDELIVERED_FOR, is_failing
from posture.domain.delivery_view import DeliveryFilter, DeliveryView
from posture.domain.examination import Examination
from posture.domain.job import Job
from posture.domain.operator import Operator
from posture.domain.page import Page
from posture.domain.run_line import RunLine
from posture.domain.schedule_line import ScheduleLine
from posture.domain.stalled_queue import StalledQueue
from posture.errors import NotThere
from posture.store.columns import is_storable


class AccessRecords(LimitedAccess):
    """Runs and jobs are named by their whole ids. Lists are pages, the newest first; a cursor that is not of the list
    raises UsageError."""

    def runs(self, *, tenant: str | None = None, cursor: str | None = None, limit: int = 50) -> Page[RunLine]:
        """Return one page of runs.

        Raises:
            NotThere: no such tenant.
        """
        self._require("runs")
        tenant_ids = self._visible_ids(tenant)
        with self._application.store.reading() as reader:
            return reader.run_pages.page(tenant_ids, cursor=cursor, limit=limit)

    def run(self, run_id: str) -> RunDetail:
        """Return one run by its whole id.

        Raises:
            NotThere: there is none, or not for this operator.
        """
        self._require("run")
        with self._application.store.reading() as reader:
            summary = reader.run(run_id) if is_storable(run_id) else None
            line = reader.run_pages.line(run_id) if summary is not None else None
            if summary is None or line is None or not self._sees_tenant_id(line.tenant_id):
                raise NotThere(f"there is no run {run_id}")
            before = reader.run_pages.id_before(summary.run)
            return RunDetail(line=line, summary=summary, before=reader.run(before) if before is not None else None)

    def audit(
        self,
        *,
        kind: AuditKind | None = None,
        tenant: str | None = None,
        plan: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ChainedEvent]:
        """Return one page of the audit. Who is limited to tenants sees what is about those.

        Raises:
            NotThere: no such tenant.
        """
        self._require("audit")
        tenant_ids = self._visible_ids(tenant)
        if plan is not None and not is_storable(plan):
            return Page(items=(), next_cursor=None, previous_cursor=None)
        with self._application.store.reading() as reader:
            return reader.audit.page(tenant_ids=tenant_ids, kind=kind, plan_id=plan, cursor=cursor, limit=limit)

    def audit_chain(self) -> AuditChain:
        """Return whether the audit was tampered with. It reads all of it."""
        self._require("audit_chain")
        with self._application.store.reading() as reader:
            head, broken = reader.audit.head(), reader.audit.first_break()
        return AuditChain(events=head.number if head else 0, hash=head.hash if head else GENESIS, broken=broken)

    def schedules(self) -> Sequence[ScheduleLine]:
        """Return every schedule in each of its tenants, in the order of the settings. Those that are about no single
        tenant are there for whoever is for all of them."""
        self._require("schedules")
        return [line for line in self._application.working.schedules() if self._sees_tenant_id(line.tenant_id)]

    def jobs(self, *, cursor: str | None = None, limit: int = 50) -> Page[Job]:
        """Return one page of jobs. Those that are about no single tenant are there for whoever is for all of them."""
        self._require("jobs")
        with self._application.store.reading() as reader:
            return reader.work.page(self._visible_ids(None), cursor=cursor, limit=limit)

    def job(self, job_id: str) -> Job:
        """Return one job by its whole id.

        Raises:
            NotThere: there is none, or not for this operator.
        """
        self._require("job")
        with self._application.store.reading() as reader:
            found = reader.work.job(job_id) if is_storable(job_id) else None
        if found is None or not self._sees_tenant_id(found.tenant_id):
            raise NotThere(f"there is no job {job_id}")
        return found

    def stalled_queues(self) -> Sequence[StalledQueue]:
        """Return the queues in which jobs wait and none runs, the longest first: perhaps no worker takes them."""
        self._require("stalled_queues")
        now = self._application.clock.now()
        with self._application.store.reading() as reader:
            return reader.work.stalled_queues(self._visible_ids(None), now=now)

    def channels(self) -> Sequence[ChannelLine]:
        """Return the channels of the settings, and what is on record about them."""
        self._require("channels")
        application = self._application
        with application.store.reading() as reader:
            closed = reader.telling.closed_channels()
            undelivered = reader.telling.deliveries(DeliveryFilter(states=UNDELIVERED))
            waiting = {errands.channel: errands for errands in reader.telling.waiting()}
        since = application.clock.now() - UNDELIVERED_FOR
        failing = [view.delivery for view in undelivered if is_failing(view.delivery, since=since)]
        return [
            ChannelLine(
                name=channel.name,
                kind=channel.kind,
                closed=closed.get(channel.name),
                failing=[delivery for delivery in failing if delivery.channel == channel.name],
                waiting=waiting[channel.name].notices if channel.name in waiting else 0,
                next_due_at=waiting[channel.name].next_due_at if channel.name in waiting else None,
            )
            for channel in application.settings.notify.channels
        ]

    def deliveries(self, *, cursor: str | None = None, limit: int = 50) -> Page[DeliveryView]:
        """Return one page of deliveries."""
        self._require("deliveries")
        with self._application.store.reading() as reader:
            return reader.telling.page(cursor=cursor, limit=limit)

    def operators(self) -> Sequence[Operator]:
        """Return the operators in the order they were added, those who ended too. An administrator who is limited to
        tenants sees those who are for no others."""
        self._require("operators")
        return self._visible_operators()

    def examinations(self) -> Sequence[Examination]:
        """Return the latest examination of each tenant that was examined."""
        self._require("examinations")
        ids = [tenant.tenant_id for tenant in self._visible_tenants()]
        with self._application.store.reading() as reader:
            return reader.access.examinations(ids)
