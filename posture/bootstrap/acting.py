"""Proposing, approving and executing with one configuration: the use cases bound to their adapters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict
from weakref import finalize

from posture.bootstrap.executing import LiveDesks, SystemPause, actuator_of, execution_tools
from posture.bootstrap.tenant_gates import closed_because, in_force
from posture.config import TenantSettings
from posture.definitions.dictionary import Dictionary
from posture.definitions.loaded_action import LoadedAction
from posture.domain.check import CheckId
from posture.domain.examination import RemediatorExamined
from posture.domain.finding import FindingState
from posture.domain.finding_view import FindingFilter, FindingView, Standing
from posture.domain.journal import JournalEntry
from posture.domain.judgement import Resource
from posture.domain.operator import Operator, Role, Scope
from posture.domain.plan import Plan
from posture.domain.switch import Stop, stop_of
from posture.errors import ActionRefused, GraphError, SettingsError, UsageError
from posture.graph.pursuit import RetryBudget
from posture.graph.throttle import Pace
from posture.snapshot.census import Census
from posture.tables import RESOURCE_TYPES, TABLES
from posture.usecases import decide, operators, switches
from posture.usecases.acting_events import ExecutionEvent
from posture.usecases.action_permissions import impossible_actions, missing_permissions
from posture.usecases.execute import execute_plan, rehearse_plan
from posture.usecases.execution_tools import ExecutionTools
from posture.usecases.fitting import FittingAction, fitting_actions
from posture.usecases.ports import Clock, OpenActingUnit, Pause, PlanQuery
from posture.usecases.propose import Proposal, propose_plan
from posture.usecases.propose_undo import propose_undo
from posture.usecases.provider_operators import readmit_operator
from posture.usecases.rehearse import Rehearsed

if TYPE_CHECKING:
    from posture.bootstrap.application import Application


class _Records(TypedDict):
    """Where use cases write, and what time it is."""

    open_unit: OpenActingUnit
    clock: Clock


class Acting:
    """Everything that people do with actions. Adapters are built when they are first used."""

    def __init__(
        self, application: Application, *, pace: Pace, budget: RetryBudget | None, pause: Pause | None = None
    ) -> None:
        self._application = application
        self._pace = pace
        self._budget = budget
        self._pause = pause or SystemPause()

    # People

    def login(self, token: str) -> Operator:
        """Return the operator with this token; see ``operators.login``. Changed settings are noted on the way."""
        self._note_settings()
        return operators.login(token, **self._records)

    def add_operator(
        self,
        name: str,
        role: Role,
        *,
        account: str | None,
        lasts: timedelta,
        tenants: frozenset[str] | None = None,
        scopes: frozenset[Scope] | None = None,
        by: Operator | None,
    ) -> tuple[Operator, str]:
        """Record an operator and return it with its token; see ``operators.add_operator``."""
        return operators.add_operator(
            name, role, account=account, lasts=lasts, tenants=tenants, scopes=scopes, by=by, **self._records
        )

    def readmit_operator(self, name: str, *, by: Operator) -> Operator:
        """Let somebody who was revoked sign in with the provider again; see ``provider_operators``."""
        return readmit_operator(name, by=by, **self._records)

    def revoke_operator(self, name: str, *, by: Operator) -> None:
        """End an operator's token; see ``operators.revoke_operator``."""
        operators.revoke_operator(name, by=by, **self._records)

    def operators(self) -> Sequence[Operator]:
        with self._application.store.reading() as reader:
            return reader.acting.operators()

    # Plans

    def propose(
        self,
        operator: Operator,
        *,
        action: str,
        tenant: TenantSettings,
        findings: Sequence[str],
        check: str | None,
        targets: Sequence[str],
        parameters: Mapping[str, str],
        reason: str,
    ) -> Plan:
        """Propose an action for findings (by the beginning of their ids), for all open findings of a check, or for
        resources named by id or name; see ``propose_plan``."""
        return self.propose_for(
            operator,
            [self._application.finding(prefix)[0] for prefix in findings],
            action=action,
            tenant=tenant,
            check=check,
            targets=targets,
            parameters=parameters,
            reason=reason,
        )

    def propose_for(
        self,
        operator: Operator,
        findings: Sequence[FindingView],
        *,
        action: str,
        tenant: TenantSettings,
        check: str | None,
        targets: Sequence[str],
        parameters: Mapping[str, str],
        reason: str,
    ) -> Plan:
        """Propose an action for findings as they stand now; else like ``propose``."""
        loaded = self.action(action)
        views = [*findings]
        if check is not None:
            views += self._open_findings(tenant, self._application.known_check(check))
        rule, limits = in_force(loaded, tenant, self._application.settings)
        census = self._census(tenant)
        proposal = Proposal(
            tenant_id=tenant.tenant_id,
            tenant_name=tenant.name,
            loaded=loaded,
            findings=views,
            resources=[self._named(census, loaded, text) for text in targets],
            parameters=parameters,
            reason=reason,
            rule=rule,
            limits=limits,
            population=census.population(loaded.action.resource) if census else None,
            closed=closed_because(loaded, tenant),
        )
        return propose_plan(proposal, operator, **self._records)

    def propose_undo(self, operator: Operator, plan: Plan, *, reason: str) -> Plan:
        """Propose to take a plan back; see ``propose_undo``."""
        loaded, tenant = self.action(plan.action), self._tenant_of(plan)
        rule, limits = in_force(loaded, tenant, self._application.settings)
        return propose_undo(
            plan,
            loaded,
            operator,
            reason=reason,
            rule=rule,
            limits=limits,
            closed=closed_because(loaded, tenant),
            **self._records,
        )

    def plan(self, prefix: str) -> Plan:
        """Return the one plan whose id begins so.

        Raises:
            UsageError: there is none, or more than one.
        """
        with self._application.store.reading() as reader:
            found = reader.acting.by_prefix(prefix) if prefix else ()
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f'{len(found)} plans have an id that begins with "{prefix}"; give more of it')
        raise UsageError(f'no plan has an id that begins with "{prefix}"; see posture plans list')

    def plans(self, query: PlanQuery) -> Sequence[Plan]:
        with self._application.store.reading() as reader:
            return reader.acting.plans(tenant_ids=query.tenant_ids, states=query.states, limit=query.limit)

    def plans_of_finding(self, fingerprint: str) -> Sequence[Plan]:
        with self._application.store.reading() as reader:
            return reader.acting.of_finding(fingerprint)

    def journal(self, plan: Plan) -> Sequence[JournalEntry]:
        with self._application.store.reading() as reader:
            return reader.acting.entries(plan.id)

    def approve(self, operator: Operator, plan: Plan, *, digest: str, note: str) -> Plan:
        """Approve a plan after asking the tenant what the remediator may do; see ``decide.approve_plan``."""
        loaded, tenant = self.action(plan.action), self._tenant_of(plan)
        missing = closed_because(loaded, tenant)
        if missing is None:
            with actuator_of(self._application, tenant, pace=self._pace, budget=self._budget) as actuator:
                missing = missing_permissions(loaded, actuator.granted())
        return decide.approve_plan(plan, operator, digest=digest, note=note, missing=missing, **self._records)

    def reject(self, operator: Operator, plan: Plan, *, note: str) -> Plan:
        """Reject a plan; see ``decide.reject_plan``."""
        return decide.reject_plan(plan, operator, note=note, **self._records)

    def rehearse(self, plan: Plan) -> Iterator[Rehearsed]:
        """Yield what executing the plan would do to each target now; nothing is sent."""
        with self._tools(plan) as tools:
            yield from rehearse_plan(plan, self.action(plan.action), tools=tools)

    def execute(self, operator: Operator, plan: Plan) -> Iterator[ExecutionEvent]:
        """Execute a plan and yield what happens; see ``execute_plan``."""
        with self._tools(plan) as tools:
            yield from execute_plan(plan, operator, self.action(plan.action), tools=tools)

    # Switches

    def stop(self, operator: Operator, tenant: TenantSettings | None, *, reason: str) -> Stop:
        """Stop all actions, or those of one tenant; see ``switches.stop_actions``."""
        operators.require_for(operator, tenant.name if tenant else None)
        tenant_id = tenant.tenant_id if tenant else None
        return switches.stop_actions(operator, tenant_id=tenant_id, reason=reason, **self._records)

    def allow(self, operator: Operator, tenant: TenantSettings | None) -> None:
        """Allow what was stopped; see ``switches.allow_actions``."""
        operators.require_for(operator, tenant.name if tenant else None)
        switches.allow_actions(operator, tenant_id=tenant.tenant_id if tenant else None, **self._records)

    def stops(self) -> Sequence[Stop]:
        with self._application.store.reading() as reader:
            return reader.acting.stops()

    # What there is

    def action(self, name: str) -> LoadedAction:
        return self._application.catalog.action(name)

    def fitting(self, view: FindingView) -> Sequence[FittingAction]:
        """Return the actions that the finding's check offers, and whether they are possible now."""
        tenant = self._application.tenant_by_id(view.finding.tenant_id)
        catalog, check = self._application.catalog, view.finding.check
        offered = [self.action(name) for name in catalog.check(check).check.actions] if check in catalog.ids else []
        stop = stop_of(self.stops(), tenant.tenant_id)
        stopped = stop.sentence if stop else None
        return fitting_actions(view, offered, closed=lambda loaded: closed_because(loaded, tenant) or stopped)

    def _open_findings(self, tenant: TenantSettings, check: CheckId) -> list[FindingView]:
        wanted = FindingFilter(tenant_ids=(tenant.tenant_id,), checks=(check,), state=FindingState.OPEN)
        with self._application.finding_views(wanted) as views:
            return [view for view in views if view.standing is Standing.OPEN]

    def examine(self, tenant: TenantSettings) -> RemediatorExamined | None:
        """Sign in as the remediator and return what it may do; None if the tenant has none."""
        if tenant.remediator is None:
            return None
        actions = self._application.catalog.actions
        try:
            with actuator_of(self._application, tenant, pace=self._pace, budget=self._budget) as actuator:
                granted = actuator.granted()
        except (GraphError, SettingsError) as error:
            return RemediatorExamined(refused=str(error), granted=None, actions=len(actions), impossible={})
        impossible = impossible_actions(actions, granted)
        return RemediatorExamined(refused=None, granted=granted, actions=len(actions), impossible=impossible)

    def _census(self, tenant: TenantSettings) -> Census | None:
        snapshot = self._application.snapshots(tenant).latest()
        return None if snapshot is None else Census(snapshot, Dictionary(TABLES, RESOURCE_TYPES))

    def _named(self, census: Census | None, loaded: LoadedAction, text: str) -> Resource:
        kind = loaded.action.resource
        found = census.find(kind, text) if census else ()
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{len(found)} resources of kind {kind} are called {text!r}; name one by its id")
        raise ActionRefused(f"the latest snapshot has no {kind} {text!r}: scan the tenant, or check the id")

    def _tenant_of(self, plan: Plan) -> TenantSettings:
        return self._application.tenant_by_id(plan.tenant_id)

    @contextmanager
    def _tools(self, plan: Plan) -> Iterator[ExecutionTools]:
        """Give what executing a plan needs; connections are closed on leaving."""
        tenant, loaded = self._tenant_of(plan), self.action(plan.action)
        closed = closed_because(loaded, tenant)
        if tenant.remediator is None and closed is not None:
            raise ActionRefused(closed)
        with (
            self._desks.one() as desk,
            execution_tools(
                self._application, tenant, pace=self._pace, budget=self._budget, pause=self._pause, desk=desk
            ) as tools,
        ):
            yield tools

    @cached_property
    def _desks(self) -> LiveDesks:
        desks = LiveDesks()
        finalize(self, desks.close)
        return desks

    def _note_settings(self) -> None:
        digest, summary = self._application.settings.fingerprint()
        with self._application.store.open_acting_unit() as unit:
            unit.note_settings(digest, summary=summary, at=self._application.clock.now())

    @property
    def _records(self) -> _Records:
        return {"open_unit": self._application.store.open_acting_unit, "clock": self._application.clock}
