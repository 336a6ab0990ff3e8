"""A company that may be changed: scanned once, and given to every test as it was then, with people who act on it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from posture.bootstrap import Application
from posture.bootstrap.application import SystemClock
from posture.config import load_settings
from posture.definitions.catalog import Catalog
from posture.domain.finding_view import FindingFilter, FindingView
from posture.domain.operator import Operator, Role
from posture.domain.plan import Plan, Target
from posture.simulator.demo_tenant.cast import CAST
from posture.simulator.demo_tenant.names import DOMAIN, HOSTILE_NAMES
from posture.simulator.demo_tenant.remediator import add_remediator
from posture.simulator.registrations import DEMO_SECRET, REMEDIATOR_CLIENT_ID, REMEDIATOR_SECRET
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import AppRegistration, Entity, Tenant
from posture.simulator.tenant_state import state_of
from posture.usecases.acting_events import ExecutionEnded, ExecutionEvent, ExecutionStarted, TargetEnded, Verifying
from posture.usecases.rehearse import Rehearsed

from .conftest import (
    FAST,
    PATIENT,
    SECRET_VARIABLE,
    Done,
    application_of,
    company,
    posture,
    scan,
    write_settings,
)

REMEDIATOR_VARIABLE = "POSTURE_TEST_REMEDIATOR_SECRET"
REMEDIATOR = (
    f'    remediator: {{client_id: {REMEDIATOR_CLIENT_ID}, client_secret: "${{env:{REMEDIATOR_VARIABLE}}}"}}\n'
)
SECRETS = {SECRET_VARIABLE: DEMO_SECRET, REMEDIATOR_VARIABLE: REMEDIATOR_SECRET}
USERS = 150  # 2 % of them are three people
MONTH = timedelta(days=30)
PEOPLE = {"ada": Role.ADMIN, "grace": Role.ADMIN, "alan": Role.ADMIN, "hedy": Role.HELPDESK, "vera": Role.VIEWER}
_READS = frozenset({"directoryobjects-getbyids"})
_VERSION = "/v1.0"

Sent = tuple[str, str, Any]
"""Method, path below the version root, JSON body with its secrets hidden."""


class Clock(SystemClock):
    """The real time and what a test adds to it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self._ahead

    def forward(self, by: timedelta) -> None:
        self._ahead += by


@dataclass(kw_only=True)
class NoPause:
    """Pauses that take no time; they are counted, and a test may let something happen in them."""

    waited: list[timedelta] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def wait(self, duration: timedelta) -> None:
        self.waited.append(duration)
        self.meanwhile()


@dataclass(frozen=True, kw_only=True)
class Executed:
    """How an execution went."""

    plan: Plan
    events: Sequence[ExecutionEvent]
    revealed: Mapping[str, str]

    @property
    def target(self) -> Target:
        """The only target."""
        (target,) = self.plan.targets
        return target

    @property
    def is_resumed(self) -> bool:
        return any(isinstance(event, ExecutionStarted) and event.is_resumed for event in self.events)

    @property
    def looks(self) -> int:
        """How often the tenant was looked at again."""
        return sum(isinstance(event, Verifying) for event in self.events)


@dataclass(frozen=True, kw_only=True)
class Headquarters:
    """The running simulator, the company as it was when it was scanned, and what the scan left on disk."""

    server: SimulatorServer
    pristine: Tenant
    scanned: Path
    catalog: Catalog


@contextmanager
def headquarters_in(directory: Path) -> Iterator[Headquarters]:
    """Scan the company once."""
    tenant = company(users=USERS)
    add_remediator(tenant, datetime.now(UTC))
    pristine = deepcopy(tenant)
    with SimulatorServer(tenants=[tenant], directory=directory / "simulator", throttling=False) as server:
        application = application_of(write_settings(directory / "scanned", server, more=REMEDIATOR))
        scan(application)
        yield Headquarters(
            server=server, pristine=pristine, scanned=directory / "scanned" / "data", catalog=application.catalog
        )


@dataclass(kw_only=True)
class Office:
    """One configuration of the company, with an empty desk: no plan, and the people of ``PEOPLE``."""

    directory: Path
    server: SimulatorServer
    tenant: Tenant
    application: Application
    clock: Clock
    pause: NoPause
    people: dict[str, Operator] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    # What the company holds

    def user(self, name: str) -> Entity:
        """Return a user by story name; see posture/simulator/demo_tenant/cast.py."""
        account = name.replace("_", ".")
        found = [one for one in self.tenant.collections["users"] if _account(one) == account]
        assert len(found) == 1, name
        return found[0]

    def group(self, name: str) -> Entity:
        return self._named("groups", name)

    def application_called(self, name: str) -> Entity:
        return self._named("applications", name)

    def service_principal(self, name: str) -> Entity:
        return self._named("servicePrincipals", name)

    def policy(self, name: str) -> Entity:
        return self._named("identity/conditionalAccess/policies", name)

    def role(self, name: str) -> str:
        """Return the id of a directory role."""
        return str(self._named("roleManagement/directory/roleDefinitions", name)["id"])

    def member(self, number: int) -> Entity:
        """Return one of the ordinary members: enabled, of the cloud, without a role."""
        crowd = self.tenant.collections["users"][len(CAST) + 2 * len(HOSTILE_NAMES) :]
        return [one for one in crowd if _is_ordinary(one)][number]

    def state(self, path: str) -> Any:
        """Return a copy of what the simulator holds behind a path."""
        return deepcopy(state_of(self.tenant, path))

    @property
    def writes(self) -> list[Sent]:
        """Everything that was sent to change the tenant, in order, however it was answered."""
        return [
            (one.method, one.path.removeprefix(_VERSION), one.sent)
            for one in self.server.requests
            if one.method != "GET"
            and one.path.startswith(f"{_VERSION}/")
            and not one.path.endswith("/$batch")
            and one.route not in _READS
        ]

    @property
    def registration(self) -> AppRegistration:
        """The remediator's."""
        return next(one for one in self.tenant.registrations if one.client_id == REMEDIATOR_CLIENT_ID)

    def replace_registration(self, registration: AppRegistration) -> None:
        others = [one for one in self.tenant.registrations if one.client_id != registration.client_id]
        self.tenant.registrations[:] = [*others, registration]

    # What people do

    def finding(self, check: str, resource_id: str) -> FindingView:
        """Return the only finding of a check about a resource."""
        with self.application.finding_views(FindingFilter(checks=(self.application.known_check(check),))) as views:
            (found,) = [view for view in views if view.finding.resource.id == resource_id]
            return found

    def propose(
        self,
        action: str,
        *targets: str,
        findings: Sequence[str] = (),
        check: str | None = None,
        by: str = "ada",
        reason: str = "drill",
        **parameters: str,
    ) -> Plan:
        return self.application.acting.propose(
            self.people[by],
            action=action,
            tenant=self.application.tenant_named(None),
            findings=findings,
            check=check,
            targets=targets,
            parameters=parameters,
            reason=reason,
        )

    def approve(self, plan: Plan, *names: str) -> Plan:
        """Let people approve a plan; without names as many as it needs, none of them its proposer."""
        for name in names or ("grace", "alan")[: plan.rule.people]:
            plan = self.application.acting.approve(self.people[name], plan, digest=plan.digest, note="seen")
        return plan

    def approved(self, action: str, *targets: str, **options: Any) -> Plan:
        return self.approve(self.propose(action, *targets, **options))

    def rehearse(self, plan: Plan) -> list[Rehearsed]:
        return list(self.application.acting.rehearse(plan))

    def execute(self, plan: Plan, *, by: str = "grace") -> Executed:
        events = list(self.application.acting.execute(self.people[by], plan))
        revealed: dict[str, str] = {}
        for event in events:
            if isinstance(event, TargetEnded):
                revealed.update(event.revealed)
        ended = events[-1]
        assert isinstance(ended, ExecutionEnded)
        assert ended.plan == self.application.acting.plan(plan.id)
        return Executed(plan=ended.plan, events=events, revealed=revealed)

    def run(self, action: str, *targets: str, **options: Any) -> Executed:
        """Propose, approve and execute."""
        return self.execute(self.approved(action, *targets, **options))

    def undo(self, plan: Plan) -> Executed:
        """Propose to take a plan back, approve and execute that."""
        return self.execute(self.approve(self.propose_undo(plan)))

    def propose_undo(self, plan: Plan) -> Plan:
        return self.application.acting.propose_undo(self.people["ada"], plan, reason="it was a drill")

    def reopened(self, *, more: str = REMEDIATOR, catalog: Catalog | None = None, **secrets: str) -> Office:
        """Return the same desk with other settings: the same plans and people. ``secrets`` are wrong ones."""
        write_settings(self.directory, self.server, more=more)
        known = catalog or self.application.catalog
        application = opened(self.directory, known, self.clock, self.pause, SECRETS | secrets)
        return replace(self, application=application)

    def tamper(self, statement: str, *values: str) -> None:
        """Change the database behind the back of everybody."""
        with closing(sqlite3.connect(self.directory / "data" / "posture.db")) as database:
            changed = database.execute(statement, values).rowcount
            database.commit()
        assert changed

    def employ(self, name: str, *, account: str | None = None, role: Role = Role.ADMIN) -> None:
        """Add somebody who may act, perhaps with an account in the tenant."""
        by = self.people.get("ada")
        operator, token = self.application.acting.add_operator(name, role, account=account, lasts=MONTH, by=by)
        self.people[name], self.tokens[name] = operator, token

    def posture(self, *arguments: str | Path, by: str | None = None, **environment: str) -> Done:
        """Run the command line in a process of its own, with somebody's token."""
        token = {} if by is None else {"POSTURE_TOKEN": self.tokens[by]}
        config = self.directory / "posture.yaml"
        return posture(*arguments, "--config", config, **(SECRETS | token | environment))

    def _named(self, path: str, name: str) -> Entity:
        (found,) = [one for one in self.tenant.collections[path] if one["displayName"] == name]
        return found


OpenOffice = Callable[..., Office]


def office_in(
    directory: Path,
    headquarters: Headquarters,
    *,
    more: str = REMEDIATOR,
    change: Callable[[Tenant], None] = lambda _: None,
    beside: Office | None = None,
    keeps_snapshot: bool = True,
    catalog: Catalog | None = None,
    **settings: str,
) -> Office:
    """Open an office in a company that is as it was when it was scanned.

    ``more`` follows the tenant's settings, ``change`` is what happened in the tenant since the scan. ``beside``: the
    company of another office instead, as it is now; the offices do not know each other's plans.
    """
    server = headquarters.server
    tenant = beside.tenant if beside else deepcopy(headquarters.pristine)
    if beside is None:
        tenant.processing_seconds = 0.05
        server.put(tenant)
        server.faults.clear()
    change(tenant)
    write_settings(directory, server, more=more, **settings)
    shutil.copytree(headquarters.scanned, directory / "data")
    if not keeps_snapshot:
        shutil.rmtree(directory / "data" / "tenants")
    clock, pause = Clock(), NoPause()
    application = opened(directory, catalog or headquarters.catalog, clock, pause)
    office = Office(
        directory=directory, server=server, tenant=tenant, application=application, clock=clock, pause=pause
    )
    for name, role in PEOPLE.items():
        office.employ(name, role=role)
    server.requests.clear()
    return office


def opened(
    directory: Path, catalog: Catalog, clock: Clock, pause: NoPause, environment: Mapping[str, str] = SECRETS
) -> Application:
    """Return the real application for the settings in a directory, with a catalog that was loaded before."""
    settings = load_settings(directory / "posture.yaml", environment=environment)
    application = Application(settings, pace=FAST, budget=PATIENT, pause=pause)
    application.clock = clock
    application.catalog = catalog
    return application


def _account(user: Entity) -> str:
    """Return the part of a sign-in name that tells the person."""
    name = str(user["userPrincipalName"])
    return name.partition("@")[0].partition("_fabrikam")[0]


def _is_ordinary(user: Entity) -> bool:
    return (
        user["userType"] == "Member"
        and user["accountEnabled"] is True
        and not user["onPremisesSyncEnabled"]
        and str(user["userPrincipalName"]).endswith(f"@{DOMAIN}")
    )
