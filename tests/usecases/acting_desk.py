"""Plans executed in a made-up tenant, with the real action files and the real desk for live rows."""

from __future__ import annotations

import atexit
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from posture.definitions.action_file import load_action
from posture.definitions.compiled import CompiledCheck
from posture.definitions.content import content_directory
from posture.definitions.dictionary import Dictionary
from posture.definitions.loaded_action import LoadedAction
from posture.definitions.reads import Lineage
from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.domain.judgement import Resource
from posture.domain.operator import Operator
from posture.domain.plan import Approval, Plan, PlanState, Target
from posture.snapshot.live import LiveDesk
from posture.tables import RESOURCE_TYPES, TABLES
from posture.tables.live import ONLY_LIVE
from posture.usecases.acting_events import ExecutionEnded, ExecutionEvent, TargetEnded
from posture.usecases.engine_guards import TenantRules
from posture.usecases.execute import execute_plan
from posture.usecases.execution_tools import ExecutionTools
from tests.domain.plans import a_plan, a_target, an_operator
from tests.ports.made_up_tenant import NOW, MadeUpActuator, MadeUpClock, MadeUpPasswords, MadeUpReader, MadeUpTenant
from tests.ports.memory_acting import MemoryActing, MemoryPlanLocks

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


@cache
def action(name: str) -> LoadedAction:
    (path,) = content_directory("actions").rglob(f"{name}.yaml")
    lineage = Lineage(Dictionary([*TABLES, *ONLY_LIVE], RESOURCE_TYPES))
    return load_action(path, lineage=lineage, is_local=False)


@cache
def desk() -> LiveDesk:
    made = LiveDesk([*TABLES, *ONLY_LIVE])
    atexit.register(made.close)
    return made


@dataclass(kw_only=True)
class Office:
    """One tenant, one store, one clock, and a worker at work."""

    tenant: MadeUpTenant
    store: MemoryActing = field(default_factory=MemoryActing)
    clock: MadeUpClock = field(default_factory=MadeUpClock)
    locks: MemoryPlanLocks = field(default_factory=MemoryPlanLocks)
    protected_users: tuple[str, ...] = ()
    protected_groups: tuple[str, ...] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()
    checks: Mapping[str, CompiledCheck] = field(default_factory=dict)
    is_switched_on: bool = True
    worker: str = "worker-1"

    def approved(self, name: str, *targets: str | Target, **changes: Any) -> Plan:
        """Put a plan on record that ada proposed and grace approved just now."""
        loaded = action(name)
        wanted = [
            target if isinstance(target, Target) else a_target(number, resource=_resource(loaded, target))
            for number, target in enumerate(targets, start=1)
        ]
        defaults = {one.name: one.default for one in loaded.action.parameters if one.default is not None}
        plan = a_plan(
            **{
                "action": loaded.action.id,
                "action_version": loaded.action.version,
                "risk": loaded.action.risk,
                "targets": tuple(wanted),
                "rule": loaded.action.approval,
                "limits": loaded.action.limits,
                "parameters": defaults | changes.pop("parameters", {}),
                "state": PlanState.APPROVED,
                "proposed_at": NOW,
            }
            | changes
        )
        people = ("grace", "alan")[: max(1, plan.rule.people)]
        yes = [
            Approval(by=name, account=None, role=an_operator().role, digest=plan.digest, note="yes", at=NOW)
            for name in people
        ]
        plan = a_plan(**{**_fields(plan), "approvals": tuple(yes)})
        with self.store.open_unit() as unit:
            unit.add_plan(plan)
        return plan

    def execute(self, plan: Plan, operator: Operator | None = None) -> list[ExecutionEvent]:
        return list(self.executing(plan, operator))

    def executing(self, plan: Plan, operator: Operator | None = None) -> Iterable[ExecutionEvent]:
        loaded = action(plan.action)
        return execute_plan(plan, operator or an_operator(), loaded, tools=self.tools())

    def tools(self) -> ExecutionTools:
        reader = MadeUpReader(self.tenant)
        return ExecutionTools(
            worker=self.worker,
            reader=reader,
            remediator=reader,
            actuator=MadeUpActuator(self.tenant),
            desk=desk(),
            open_unit=self.store.open_unit,
            locks=self.locks,
            clock=self.clock,
            pause=self.clock,
            passwords=MadeUpPasswords(),
            graph_root="https://graph.example.com/v1.0",
            rules=self._rules,
            is_switched_on=self.is_switched_on,
        )

    def _rules(self) -> TenantRules:
        return TenantRules(
            tenant_name="contoso",
            own_ids=frozenset({"reader-app", "remediator-app"}),
            protected_users=self.protected_users,
            protected_groups=self.protected_groups,
            accounts=self.accounts,
            exemptions=lambda: self.exemptions,
            compiled=self._compiled,
        )

    def _compiled(self, check: CheckId) -> CompiledCheck | None:
        return self.checks.get(check)


def ended(events: Iterable[ExecutionEvent]) -> Plan:
    return next(event.plan for event in events if isinstance(event, ExecutionEnded))


def targets_of(events: Iterable[ExecutionEvent]) -> Sequence[Target]:
    return [event.target for event in events if isinstance(event, TargetEnded)]


def a_user(id: str, **changes: Any) -> dict[str, Any]:
    """A member of the cloud, enabled, signed in long ago."""
    fields: dict[str, Any] = {
        "id": id,
        "userPrincipalName": f"{id}@example.com",
        "userType": "Member",
        "accountEnabled": True,
        "onPremisesSyncEnabled": None,
        "signInSessionsValidFromDateTime": "2026-01-01T00:00:00Z",
        "createdDateTime": "2025-01-01T00:00:00Z",
    }
    return fields | changes


def an_assignment(user: str, role: str = GLOBAL_ADMINISTRATOR) -> dict[str, Any]:
    return {"id": f"{user}-{role}", "roleDefinitionId": role, "principalId": user, "directoryScopeId": "/"}


def _resource(loaded: LoadedAction, id: str) -> Resource:
    return Resource(type=loaded.action.resource, id=id, name=None)


def _fields(plan: Plan) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__}
