"""Everything that an operator can look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from posture.bootstrap.access_limits import LimitedAccess
from posture.bootstrap.views import (
    AuditChain,
    ChannelLine,
    CheckDetail,
    CheckLine,
    ExemptionLine,
    FindingDetail,
    PlanDetail,
    RunDetail,
    TenantLine,
)
from posture.domain.audit import AuditKind, ChainedEvent
from posture.domain.delivery_view import DeliveryView
from posture.domain.examination import Examination
from posture.domain.finding_pages import FindingPage, FindingQuery
from posture.domain.finding_view import FindingView
from posture.domain.frameworks import Framework, FrameworkLine
from posture.domain.job import Job
from posture.domain.operator import Operator
from posture.domain.overview import Overview
from posture.domain.page import Page
from posture.domain.plan import Plan, PlanState
from posture.domain.run_line import RunLine


class AccessReading(LimitedAccess):
    """The part of ``Access`` that changes nothing."""

    def tenants(self) -> Sequence[TenantLine]:
        """Return the tenants that the operator is for, in the order of the settings."""
        raise NotImplementedError

    def overview(self, tenant: str | None = None) -> Overview:
        """Return how one tenant stands, or all of them."""
        raise NotImplementedError

    def findings(self, query: FindingQuery) -> FindingPage:
        """Return one page of findings. Tenants that are not there for the operator are left out."""
        raise NotImplementedError

    def every_finding(self, query: FindingQuery) -> AbstractContextManager[Iterator[FindingView]]:
        """Give all findings that match, in their order and streamed; cursor and limit do not count."""
        raise NotImplementedError

    def finding(self, fingerprint: str) -> FindingDetail:
        """Return one finding by its whole fingerprint."""
        raise NotImplementedError

    def checks(self) -> Sequence[CheckLine]:
        """Return the checks of the catalog, by id."""
        raise NotImplementedError

    def check(self, check_id: str) -> CheckDetail:
        """Return one check."""
        raise NotImplementedError

    def frameworks(self) -> Sequence[FrameworkLine]:
        """Return the frameworks that checks name, by name."""
        raise NotImplementedError

    def framework(self, name: str) -> Framework:
        """Return one framework with its controls."""
        raise NotImplementedError

    def plans(
        self,
        *,
        states: Sequence[PlanState] = (),
        tenant: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Plan]:
        """Return one page of plans, the newest first."""
        raise NotImplementedError

    def plan(self, plan_id: str) -> PlanDetail:
        """Return one plan by its whole id."""
        raise NotImplementedError

    def exemptions(self) -> Sequence[ExemptionLine]:
        """Return the exemptions on record, of the file and of the database, those that ended too."""
        raise NotImplementedError

    def runs(self, *, tenant: str | None = None, cursor: str | None = None, limit: int = 50) -> Page[RunLine]:
        """Return one page of runs, the newest first."""
        raise NotImplementedError

    def run(self, run_id: str) -> RunDetail:
        """Return one run by its whole id."""
        raise NotImplementedError

    def audit(
        self,
        *,
        kind: AuditKind | None = None,
        tenant: str | None = None,
        plan: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ChainedEvent]:
        """Return one page of the audit, the newest first. Who is limited to tenants sees what is about those."""
        raise NotImplementedError

    def audit_chain(self) -> AuditChain:
        """Return whether the audit was tampered with. It reads all of it."""
        raise NotImplementedError

    def jobs(self, *, cursor: str | None = None, limit: int = 50) -> Page[Job]:
        """Return one page of jobs, the newest first."""
        raise NotImplementedError

    def job(self, job_id: str) -> Job:
        """Return one job."""
        raise NotImplementedError

    def channels(self) -> Sequence[ChannelLine]:
        """Return the channels of the settings, and what is on record about them."""
        raise NotImplementedError

    def deliveries(self, *, cursor: str | None = None, limit: int = 50) -> Page[DeliveryView]:
        """Return one page of deliveries, the newest first."""
        raise NotImplementedError

    def operators(self) -> Sequence[Operator]:
        """Return the operators in the order they were added, those who ended too. An administrator who is limited to
        tenants sees those who are for no others."""
        raise NotImplementedError

    def examinations(self) -> Sequence[Examination]:
        """Return the latest examination of each tenant that was examined."""
        raise NotImplementedError
