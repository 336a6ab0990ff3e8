"""posture over a database of its own, with two tenants and something in each, and people who come to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

from posture.bootstrap import Application, dictionary
from posture.bootstrap.access import Access
from posture.config import load_settings
from posture.definitions.catalog import Catalog, load_catalog
from posture.domain.check import CheckId
from posture.domain.examination import Examination, ReaderExamined, RemediatorExamined
from posture.domain.exemption import Exemption
from posture.domain.finding import Finding
from posture.domain.job import Job
from posture.domain.job_kind import JobKind
from posture.domain.operator import Operator
from posture.domain.plan import Plan, PlanState
from posture.graph.throttle import PUBLISHED
from tests.domain.builders import a_finding
from tests.domain.plans import a_plan, an_operator

NOON: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)
TENANT_IDS: Final = {
    "contoso": "11111111-1111-4111-8111-111111111111",
    "fabrikam": "22222222-2222-4222-8222-222222222222",
}
GRANTED: Final = frozenset({"User.RevokeSessions.All", "User.Read.All"})
USER: Final = "00000000-0000-0000-0000-000000000001"

_TENANT = """\
  - name: {name}
    tenant_id: {id}
    reader: {{client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${{env:NOBODY_LOOKS_IT_UP}}"}}
    remediator: {{client_id: 44444444-4444-4444-8444-444444444444, client_secret: "${{env:NOR_THIS}}"}}
"""
_SETTINGS = """\
data_dir: ./data
tenants:
{tenants}
notify:
  channels:
    - name: siem
      webhook: {{url: "https://siem.example.com/hook", secret: "${{env:NOR_THAT}}"}}
"""


@cache
def _catalog() -> Catalog:
    return load_catalog([], dictionary())


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True, kw_only=True)
class Things:
    """What there is in one tenant: an open finding, a plan that waits, one that is approved, an exemption, a job."""

    finding: Finding
    plan: Plan
    ready: Plan
    exemption: int
    job: Job


class Desk:
    """A database, an application over it, and what tests put in."""

    def __init__(self, directory: Path) -> None:
        path = directory / "posture.yaml"
        tenants = "".join(_TENANT.format(name=name, id=id) for name, id in TENANT_IDS.items())
        path.write_text(_SETTINGS.format(tenants=tenants), encoding="utf-8")
        self.clock = Clock()
        self.application = Application(load_settings(path, environment={}), pace=PUBLISHED, clock=self.clock)
        # Loading it takes a while, and it is the same for all.
        self.application.catalog = _catalog()
        self.store = self.application.store
        self._numbers = count(1)

    def somebody(self, name: str | None = None, **changes: Any) -> Operator:
        """Return an operator who is on record, as they are there but for when they signed in."""
        name = name or f"somebody {next(self._numbers)}"
        operator = an_operator(name, **({"expires_at": NOON + 90 * DAY} | changes))
        with self.store.open_acting_unit() as unit:
            unit.add_operator(operator, token_hash=f"{next(self._numbers):064x}")
        return operator

    def access(self, name: str | None = None, **changes: Any) -> Access:
        """Return posture for an operator who is put on record for it."""
        return self.application.access(self.somebody(name, **changes))

    def furnish(self, tenant: str) -> Things:
        """Put something into a tenant."""
        tenant_id = TENANT_IDS[tenant]
        finding = a_finding(tenant_id=tenant_id)
        plan = self.plan(tenant, f"plan-of-{tenant}")
        ready = self.plan(tenant, f"ready-plan-of-{tenant}", state=PlanState.APPROVED)
        with self.store.open_unit(tenant_id) as unit:
            unit.findings.save([finding])
        exemption = Exemption(
            tenant=tenant,
            check=CheckId("inactive-users"),
            resource_id="somebody-else",
            owner="alan",
            reason="agreed",
            ends_at=NOON + DAY,
            origin="",
        )
        recorded = self.store.add_exemption(exemption, at=NOON, by="alan")
        job = self.application.working.enqueue(
            JobKind.EXPORT, tenant=self.application.tenant_by_id(tenant_id), arguments={}, asked_by="alan"
        )
        return Things(finding=finding, plan=plan, ready=ready, exemption=recorded.number, job=job)

    def plan(self, tenant: str, id: str, **changes: Any) -> Plan:
        """Record a plan that alan proposed and return it."""
        plan = a_plan(
            id=id,
            tenant_id=TENANT_IDS[tenant],
            tenant_name=tenant,
            **({"proposed_by": "alan", "expires_at": NOON + DAY} | changes),
        )
        with self.store.open_acting_unit() as unit:
            unit.add_plan(plan)
        return plan

    def examined(self, tenant: str, *, at: datetime = NOON, **remediator: Any) -> None:
        """Record what the remediator of a tenant may do: everything that signing a user out takes."""
        may: dict[str, Any] = {"refused": None, "granted": GRANTED, "actions": 1, "impossible": {}} | remediator
        reader = ReaderExamined(
            refused=None,
            granted=None,
            missing=(),
            licences=None,
            clock_skew=None,
            tables_asked=0,
            tables_refused=(),
            skips={},
        )
        self.store.add_examination(
            Examination(tenant_id=TENANT_IDS[tenant], at=at, reader=reader, remediator=RemediatorExamined(**may))
        )

    def jobs(self, kind: JobKind) -> list[Job]:
        """Return the jobs of a kind, the newest first."""
        with self.store.reading() as reader:
            return [job for _, job in reader.work.jobs(kinds=[kind])]

    def on_record(self) -> tuple[object, ...]:
        """Return everything that somebody could have changed."""
        with self.store.reading() as reader:
            return (
                reader.acting.plans(),
                reader.acting.operators(),
                reader.acting.stops(),
                reader.exemptions(),
                [job for _, job in reader.work.jobs()],
                reader.work.pauses(),
            )
