"""Everything that an operator can change. What takes credentials is not done here: it becomes a job for a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from posture.bootstrap.access_limits import LimitedAccess
from posture.domain.delivery import Delivery
from posture.domain.exemption import RecordedExemption
from posture.domain.job import Job
from posture.domain.operator import Operator, Role, Scope
from posture.domain.plan import Plan
from posture.domain.schedule import SchedulePause
from posture.domain.switch import Stop


class AccessWriting(LimitedAccess):
    """The part of ``Access`` that changes something. Plans, tenants, findings and jobs are named by their whole ids,
    tenants by their names."""

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
        raise NotImplementedError

    def propose_undo(self, plan_id: str, *, reason: str) -> Plan:
        """Propose to take back what a plan did, and return the plan that does so.

        Raises:
            NotThere: no such plan.
            NotAllowedToDecide: the action asks for another role.
            ActionRefused: it cannot be undone, or a gate is closed.
        """
        raise NotImplementedError

    def approve(self, plan_id: str, *, digest: str, note: str) -> Plan:
        """Add this operator's yes to the plan with this digest. Once enough people have said yes, a job that executes
        it is enqueued, if this operator may execute.

        What the remediator may do is taken from the last examination.

        Raises:
            NotThere: no such plan.
            SignInTooOld: the person signed in more than 15 minutes ago; never with a token.
            NotAllowedToDecide: not this person, not this digest, no note, or not any more.
            ActionRefused: the remediator lacks a permission, or was not examined in the last 24 hours: then an
                examination is enqueued.
        """
        raise NotImplementedError

    def reject(self, plan_id: str, *, note: str) -> Plan:
        """Reject a plan for good.

        Raises:
            NotThere: no such plan.
            NotAllowedToDecide: not this person, no note, or not any more.
        """
        raise NotImplementedError

    def execute(self, plan_id: str) -> Job:
        """Enqueue the execution of an approved plan in this operator's name, or return the job that is enqueued.

        Raises:
            NotThere: no such plan.
            NotAllowedToDecide: not this person, or the plan is not approved.
        """
        raise NotImplementedError

    def exempt(
        self,
        *,
        tenant: str,
        resource: str,
        check: str | None,
        reason: str,
        ends_at: datetime,
        owner: str | None = None,
    ) -> RecordedExemption:
        """Accept a resource for a check, None for every check, until ``ends_at`` (aware, exclusive).

        ``owner`` answers for it; None: this operator. Who is helpdesk may accept what is below ``high``.

        Raises:
            NotThere: no such tenant or check.
            UsageError: no resource, no reason, or an end that is over or farther away than two years.
        """
        raise NotImplementedError

    def end_exemption(self, number: int) -> RecordedExemption:
        """Let a recorded exemption stop counting now; one that ended before stays as it is.

        Raises:
            NotThere: there is none with this number on record. Those of the file are taken back there.
        """
        raise NotImplementedError

    def scan_now(self, tenant: str, *, tags: Sequence[str] = (), checks: Sequence[str] = ()) -> Job:
        """Enqueue a scan of a tenant, of all its checks or of some; if the same one waits already, return that.

        Raises:
            NotThere: no such tenant, check or tag.
        """
        raise NotImplementedError

    def examine_now(self, tenant: str) -> Job:
        """Enqueue an examination of a tenant; if one waits already, return that.

        Raises:
            NotThere: no such tenant.
        """
        raise NotImplementedError

    def run_schedule(self, name: str, *, tenant: str | None = None) -> Sequence[Job]:
        """Enqueue now what a schedule makes, in one of its tenants or in all that it is for.

        Raises:
            NotThere: no such schedule, or not in this tenant.
        """
        raise NotImplementedError

    def pause_schedule(self, name: str, *, tenant: str | None = None, reason: str) -> SchedulePause:
        """Let a schedule make no jobs in a tenant, or in any.

        Raises:
            NotThere: no such schedule, or not in this tenant.
            UsageError: no reason.
        """
        raise NotImplementedError

    def resume_schedule(self, name: str, *, tenant: str | None = None) -> None:
        """Let a paused schedule make jobs again.

        Raises:
            NotThere: no such schedule, or it is not paused like this.
        """
        raise NotImplementedError

    def test_channel(self, name: str) -> Job:
        """Enqueue the sending of a sample to a channel.

        Raises:
            NotThere: no such channel.
        """
        raise NotImplementedError

    def retry_deliveries(self, ids: Sequence[str]) -> Sequence[Delivery]:
        """Try deliveries (whole ids) for another day.

        Raises:
            NotThere: no such delivery.
        """
        raise NotImplementedError

    def add_operator(
        self,
        name: str,
        role: Role,
        *,
        account: str | None = None,
        lasts: timedelta,
        tenants: frozenset[str] | None = None,
        scopes: frozenset[Scope] | None = None,
    ) -> tuple[Operator, str]:
        """Add an operator and return it with its token, which nobody will see again. ``tenants`` None is all that
        there are and will be, ``scopes`` None all of the role.

        Raises:
            NotThere: no such tenant.
            NotAllowedToDecide: it would have more than this operator.
            UsageError: the name is empty or in use, or the token would last too long.
        """
        raise NotImplementedError

    def revoke_operator(self, name: str) -> None:
        """End an operator at once: the token, and every sign-in. Who came from an OpenID provider cannot come back
        before being readmitted.

        Raises:
            NotThere: there is no active operator of that name, as far as this operator may know.
            NotAllowedToDecide: it is the last administrator.
        """
        raise NotImplementedError

    def readmit_operator(self, name: str) -> Operator:
        """Let somebody who came from an OpenID provider and was revoked sign in again.

        Raises:
            NotThere: nobody of that name was revoked, as far as this operator may know.
        """
        raise NotImplementedError

    def stop(self, tenant: str | None, *, reason: str) -> Stop:
        """Stop all actions of a tenant, or everywhere (None), from the next target on.

        Raises:
            NotThere: no such tenant.
            UsageError: no reason.
        """
        raise NotImplementedError

    def allow(self, tenant: str | None) -> None:
        """Allow what was stopped in a tenant, or everywhere (None).

        Raises:
            NotThere: no such tenant.
        """
        raise NotImplementedError
