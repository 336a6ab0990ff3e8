"""What people ask workers for, on the page and through the API: scans, examinations, schedules, messages."""

from __future__ import annotations

from collections.abc import Sequence

from posture.bootstrap.access_limits import LimitedAccess
from posture.config import TenantSettings
from posture.domain.delivery import Delivery
from posture.domain.job import Job
from posture.domain.job_kind import JobKind
from posture.domain.judgement import Value
from posture.domain.schedule import SchedulePause
from posture.errors import NotThere, UsageError


class AccessWork(LimitedAccess):
    """Nothing of this is done here: it becomes a job. A schedule that is about no single tenant, or that is meant in
    all of its tenants, is for operators without limits."""

    def scan_now(self, tenant: str, *, tags: Sequence[str] = (), checks: Sequence[str] = ()) -> Job:
        """Enqueue a scan of a tenant, of all its checks or of some; if the same one waits already, return that.

        Raises:
            NotThere: no such tenant, check or tag.
        """
        self._require("scan_now")
        where, catalog = self._tenant(tenant), self._application.catalog
        try:
            catalog.select(only=checks, tags=tags)
        except UsageError as error:
            raise NotThere(str(error)) from error
        arguments: dict[str, Value] = {}
        if tags:
            arguments["tags"] = [*tags]
        if checks:
            arguments["checks"] = [*checks]
        return self._enqueue(JobKind.SCAN, where, arguments)

    def examine_now(self, tenant: str) -> Job:
        """Enqueue an examination of a tenant; if one waits already, return that.

        Raises:
            NotThere: no such tenant.
        """
        self._require("examine_now")
        return self._enqueue(JobKind.EXAMINE, self._tenant(tenant), {})

    def run_schedule(self, name: str, *, tenant: str | None = None) -> Sequence[Job]:
        """Enqueue now what a schedule makes, in one of its tenants or in all that it is for.

        Raises:
            NotThere: no such schedule, or not in this tenant.
        """
        where = self._where("run_schedule", tenant)
        return self._application.working.run_schedule(name, tenant=where, by=self._operator.name)

    def pause_schedule(self, name: str, *, tenant: str | None = None, reason: str) -> SchedulePause:
        """Let a schedule make no jobs in a tenant, or in any.

        Raises:
            NotThere: no such schedule, or not in this tenant.
            UsageError: no reason.
        """
        where = self._where("pause_schedule", tenant)
        return self._application.working.pause(name, tenant=where, by=self._operator.name, reason=reason)

    def resume_schedule(self, name: str, *, tenant: str | None = None) -> None:
        """Let a paused schedule make jobs again.

        Raises:
            NotThere: no such schedule, or it is not paused like this.
        """
        where = self._where("resume_schedule", tenant)
        self._application.working.resume(name, tenant=where, by=self._operator.name)

    def cancel_job(self, job_id: str) -> Job:
        """Cancel a job that waits, and return it.

        Raises:
            NotThere: no such job.
            UsageError: it does not wait any more.
        """
        self._require("cancel_job")
        with self._application.store.reading() as reader:
            job = reader.work.job(job_id)
        if job is None or not self._sees_tenant_id(job.tenant_id):
            raise NotThere(f"there is no job {job_id}")
        return self._application.working.cancel(job_id, by=self._operator.name)

    def test_channel(self, name: str) -> Job:
        """Enqueue the sending of a sample to a channel.

        Raises:
            NotThere: no such channel.
        """
        self._require("test_channel")
        settings = self._application.settings.notify
        if all(channel.name != name for channel in settings.channels):
            raise NotThere(f'there is no channel "{name}"')
        return self._enqueue(JobKind.TEST_CHANNEL, None, {"channel": name})

    def retry_deliveries(self, ids: Sequence[str]) -> Sequence[Delivery]:
        """Try deliveries (whole ids) for another day.

        Raises:
            NotThere: no such delivery.
        """
        self._require("retry_deliveries")
        with self._application.store.reading() as reader:
            for id in ids:
                if all(delivery.id != id for delivery in reader.telling.by_prefix(id)):
                    raise NotThere(f"there is no delivery {id}")
        return self._application.telling.retry(ids)

    def _where(self, method: str, tenant: str | None) -> TenantSettings | None:
        """Return the tenant that a schedule is meant in; None if it is meant in all."""
        self._require(method)
        if tenant is not None:
            return self._tenant(tenant)
        self._require_everywhere(method)
        return None

    def _enqueue(self, kind: JobKind, tenant: TenantSettings | None, arguments: dict[str, Value]) -> Job:
        working = self._application.working
        return working.enqueue(kind, tenant=tenant, arguments=arguments, asked_by=self._operator.name)
