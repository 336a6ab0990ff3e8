"""Plans on the page and through the API: proposed, decided on, handed to a worker; and the stop switch."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress

from posture.bootstrap.access_examined import missing_by_examination
from posture.bootstrap.access_limits import LimitedAccess
from posture.config import TenantSettings
from posture.definitions.loaded_action import LoadedAction
from posture.domain.approval import require_may_execute, require_recent_sign_in
from posture.domain.finding_view import FindingView, view_of
from posture.domain.job import Job, JobState, new_job
from posture.domain.job_kind import JobKind
from posture.domain.operator import Scope
from posture.domain.plan import Plan, PlanState
from posture.domain.switch import Stop
from posture.errors import ActionRefused, NotThere, StoreError
from posture.usecases.decide import approve_plan
from posture.usecases.unattended import not_by_worker

_GOING = (JobState.WAITING, JobState.RUNNING)


class AccessPlans(LimitedAccess):
    """Plans, tenants and findings are named by their whole ids, tenants by their names."""

    def propose(
        self,
        *,
        action: str,
        tenant: str,
        findings: Sequence[str] = (),
        check: str | None = None,
        targets: Sequence[str] = (),
        parameters: Mapping[str, str],
        reason: str,
    ) -> Plan:
        """Propose an action in a tenant: for findings (fingerprints), for all open findings of a check, or for
        resources by id or name. ``parameters`` are as typed. Return the plan, which waits for approval.

        Raises:
            NotThere: no such tenant, finding, check or action.
            UsageError: no target, no reason, or a parameter that is missing or does not fit.
            NotAllowedToDecide: the action asks for another role.
            ActionRefused: a gate is closed; the sentence says which.
        """
        self._require("propose")
        application, owner = self._application, self._tenant(tenant)
        if action not in application.catalog.action_ids:
            raise NotThere(f'there is no action "{action}"')
        if check is not None and check not in application.catalog.ids:
            raise NotThere(f'there is no check "{check}"')
        return application.acting.propose_for(
            self._operator,
            self._finding_views(owner, findings),
            action=action,
            tenant=owner,
            check=check,
            targets=targets,
            parameters=parameters,
            reason=reason,
        )

    def propose_undo(self, plan_id: str, *, reason: str) -> Plan:
        """Propose to take back what a plan did, and return the plan that does so.

        Raises:
            NotThere: no such plan.
            NotAllowedToDecide: the action asks for another role.
            ActionRefused: it cannot be undone, or a gate is closed.
        """
        self._require("propose_undo")
        return self._application.acting.propose_undo(self._operator, self._plan(plan_id), reason=reason)

    def approve(self, plan_id: str, *, digest: str, note: str) -> Plan:
        """Add this operator's yes to the plan with this digest. Once enough people have said yes, a job that executes
        it is enqueued, if this operator may execute and nobody has to see what the action makes.

        What the remediator may do is taken from the last examination.

        Raises:
            NotThere: no such plan.
            SignInTooOld: the person signed in more than 15 minutes ago; never with a token.
            NotAllowedToDecide: not this person, not this digest, no note, or not any more.
            ActionRefused: the remediator lacks a permission, or was not examined in the last 24 hours: then an
                examination is enqueued.
        """
        self._require("approve")
        application, plan = self._application, self._plan(plan_id)
        now = application.clock.now()
        # Asked before anything else: who has to sign in again should not have to say everything again, too.
        require_recent_sign_in(self._operator, now=now)
        loaded, tenant = application.acting.action(plan.action), application.tenant_by_id(plan.tenant_id)
        after = approve_plan(
            plan,
            self._operator,
            digest=digest,
            note=note,
            missing=missing_by_examination(application, loaded, tenant, asked_by=self._operator.name),
            execution=self._execution(plan, tenant) if self._is_for_workers(plan, loaded) else None,
            open_unit=application.store.open_acting_unit,
            clock=application.clock,
        )
        if after.state is PlanState.APPROVED:
            # The job is on record; if the engine cannot be reached now, a worker's sweep hands it over.
            with suppress(StoreError):
                application.working.hand_over()
        return after

    def reject(self, plan_id: str, *, note: str) -> Plan:
        """Reject a plan for good.

        Raises:
            NotThere: no such plan.
            NotAllowedToDecide: not this person, no note, or not any more.
        """
        self._require("reject")
        return self._application.acting.reject(self._operator, self._plan(plan_id), note=note)

    def execute(self, plan_id: str) -> Job:
        """Enqueue the execution of an approved plan in this operator's name, or return the job that is enqueued.

        Raises:
            NotThere: no such plan.
            NotAllowedToDecide: not this person, or the plan is not approved.
            ActionRefused: the action makes something for a person to see, which a worker would throw away.
        """
        self._require("execute")
        application, plan = self._application, self._plan(plan_id)
        require_may_execute(plan, self._operator, now=application.clock.now())
        refusal = not_by_worker(application.acting.action(plan.action).action, plan)
        if refusal is not None:
            raise ActionRefused(refusal)
        going = self._execution_of(plan)
        if going is not None:
            return going
        tenant = application.tenant_by_id(plan.tenant_id)
        return application.working.enqueue(
            JobKind.EXECUTE, tenant=tenant, arguments={"plan": plan.id}, asked_by=self._operator.name
        )

    def stop(self, tenant: str | None, *, reason: str) -> Stop:
        """Stop all actions of a tenant, or everywhere (None), from the next target on.

        Raises:
            NotThere: no such tenant.
            UsageError: no reason.
        """
        self._require("stop")
        if tenant is None:
            self._require_everywhere("stop")
        where = None if tenant is None else self._tenant(tenant)
        return self._application.acting.stop(self._operator, where, reason=reason)

    def allow(self, tenant: str | None) -> None:
        """Allow what was stopped in a tenant, or everywhere (None).

        Raises:
            NotThere: no such tenant.
        """
        self._require("allow")
        if tenant is None:
            self._require_everywhere("allow")
        self._application.acting.allow(self._operator, None if tenant is None else self._tenant(tenant))

    def _finding_views(self, tenant: TenantSettings, fingerprints: Sequence[str]) -> list[FindingView]:
        """Return findings of one tenant as they stand now.

        Raises:
            NotThere: the tenant has none with one of these fingerprints.
        """
        application = self._application
        exemptions, now = application.exemptions(), application.clock.now()
        views = []
        with application.store.reading() as reader:
            for fingerprint in fingerprints:
                found = reader.by_prefix(fingerprint, tenant_ids=[tenant.tenant_id], limit=1)
                if not found or found[0].fingerprint != fingerprint:
                    raise NotThere(f"{tenant.name} has no finding {fingerprint}")
                views.append(view_of(found[0], exemptions, tenant=tenant.name, now=now))
        return views

    def _is_for_workers(self, plan: Plan, loaded: LoadedAction) -> bool:
        """Say whether a worker may carry the plan out as soon as this operator's yes approves it."""
        return self._operator.may(Scope.EXECUTE) and not_by_worker(loaded.action, plan) is None

    def _execution(self, plan: Plan, tenant: TenantSettings) -> Job:
        """Return the job that executes a plan in this operator's name."""
        now = self._application.clock.now()
        return new_job(
            uuid.uuid4().hex,
            JobKind.EXECUTE,
            tenant_id=tenant.tenant_id,
            queue=tenant.queue,
            arguments={"plan": plan.id},
            asked_by=self._operator.name,
            slot=None,
            now=now,
            not_before=now,
        )

    def _execution_of(self, plan: Plan) -> Job | None:
        """Return the job that executes a plan or is going to; None if there is none."""
        with self._application.store.reading() as reader:
            going = reader.work.jobs(tenant_ids=[plan.tenant_id], kinds=[JobKind.EXECUTE], states=_GOING)
        return next((job for _, job in going if job.arguments.get("plan") == plan.id), None)
