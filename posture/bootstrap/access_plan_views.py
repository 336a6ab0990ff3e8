"""Plans, as an operator sees them before and after deciding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posture.bootstrap.access_limits import LimitedAccess
from posture.bootstrap.access_now import Present
from posture.bootstrap.tenant_gates import closed_because, in_force
from posture.bootstrap.views import PlanDetail, TargetDetail
from posture.config import TenantSettings
from posture.definitions.loaded_action import LoadedAction
from posture.domain.finding_view import FindingView
from posture.domain.journal import JournalEntry
from posture.domain.page import Page
from posture.domain.plan import Plan, PlanState, Target
from posture.domain.switch import stop_of
from posture.errors import DefinitionError, UsageError
from posture.usecases.plan_refusals import not_approve, not_execute, not_reject, not_undo
from posture.usecases.planned_requests import planned_requests
from posture.usecases.unattended import not_by_worker


class AccessPlanViews(LimitedAccess):
    """Plans are named by their whole ids."""

    def plans(
        self,
        *,
        states: Sequence[PlanState] = (),
        tenant: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Plan]:
        """Return one page of plans, the newest first.

        Raises:
            NotThere: no such tenant.
            UsageError: the cursor is not of a list of plans.
        """
        self._require("plans")
        tenant_ids = self._visible_ids(tenant)
        with self._application.store.reading() as reader:
            return reader.acting.page(tenant_ids=tenant_ids, states=states, cursor=cursor, limit=limit)

    def plan(self, plan_id: str) -> PlanDetail:
        """Return one plan by its whole id.

        Raises:
            NotThere: there is none, or not for this operator.
        """
        self._require("plan")
        plan = self._plan(plan_id)
        loaded, tenant = self._loaded(plan), self._tenant_of(plan)
        with self._application.store.reading() as reader:
            present = Present(self._application, self._visible_tenants(), reader)
            fingerprints = [target.fingerprint for target in plan.targets if target.fingerprint is not None]
            found = reader.finding_pages.of_fingerprints(fingerprints, tenant_ids=[plan.tenant_id])
            views = {fingerprint: present.view(finding) for fingerprint, finding in found.items()}
            journal = reader.acting.entries(plan.id)
            earlier = None if plan.undoes is None else reader.acting.by_id(plan.undoes)
            people, stop = reader.acting.operators(), stop_of(reader.acting.stops(), plan.tenant_id)
        closed = _closed(loaded, tenant)
        alone = None if loaded is None else not_by_worker(loaded.action, plan)
        stopped = None if stop is None else stop.sentence
        me, now = self._operator, present.now
        rule = in_force(loaded, tenant, self._application.settings)[0] if loaded and tenant else None
        return PlanDetail(
            plan=plan,
            loaded=loaded,
            is_changed=loaded is not None and loaded.action.version != plan.action_version,
            targets=[_target(plan, target, loaded, views, journal) for target in plan.targets],
            earlier=earlier,
            closed=closed or stopped,
            not_approve=not_approve(plan, me, people, now=now) or closed,
            not_reject=not_reject(plan, me, people, now=now),
            not_execute=not_execute(plan, me, people, now=now) or closed or stopped or alone,
            not_undo=not_undo(plan, me, loaded, journal, rule=rule, now=now) or closed,
        )

    def _loaded(self, plan: Plan) -> LoadedAction | None:
        """Return the plan's action; None if it left the catalog or its file is wrong, which hides no plan."""
        if plan.action not in self._application.catalog.action_ids:
            return None
        try:
            return self._application.catalog.action(plan.action)
        except DefinitionError:
            return None

    def _tenant_of(self, plan: Plan) -> TenantSettings | None:
        try:
            return self._application.tenant_by_id(plan.tenant_id)
        except UsageError:
            return None


def _closed(loaded: LoadedAction | None, tenant: TenantSettings | None) -> str | None:
    if tenant is None:
        return "the settings do not have this tenant any more"
    if loaded is None:
        return "the action is no longer in the catalog, or its file is wrong"
    return closed_because(loaded, tenant)


def _target(
    plan: Plan,
    target: Target,
    loaded: LoadedAction | None,
    views: Mapping[str, FindingView],
    journal: Sequence[JournalEntry],
) -> TargetDetail:
    # Another version of the action would not send what was approved; it is refused.
    is_same = loaded is not None and loaded.action.version == plan.action_version
    return TargetDetail(
        target=target,
        finding=views.get(target.fingerprint) if target.fingerprint is not None else None,
        requests=planned_requests(plan, target, loaded.action) if loaded is not None and is_same else (),
        journal=[entry for entry in journal if entry.target == target.number],
    )
