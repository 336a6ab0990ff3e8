"""Two tenants with something of everything on record, and the people who ask for it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from posture.domain.action import ActionId
from posture.domain.check import CheckId
from posture.domain.delivery import Delivery
from posture.domain.examination import Examination, ReaderExamined, RemediatorExamined
from posture.domain.finding import Finding
from posture.domain.judgement import CheckOutcome, SkipKind, SkipReason
from posture.domain.operator import Operator, Role, Scope
from posture.domain.outcome import Outcome
from posture.domain.plan import Plan
from posture.domain.run import RunState, RunSummary
from posture.domain.tenant import Licence
from posture.usecases.operators import token_hash
from tests.domain.builders import (
    a_check_result,
    a_finding,
    a_resource,
    a_run,
    a_table_outcome,
    an_exemption,
)
from tests.domain.plans import a_plan, a_target, an_operator
from tests.domain.telling import a_closed_channel, a_notice, an_errand, new_delivery
from tests.web.office import CONTOSO, FABRIKAM, Office

CHECK = CheckId("risky-users")
MILD_CHECK = CheckId("guest-invitation-pending")
ACTION = ActionId("revoke-sessions")
TENANTS = {"contoso": CONTOSO, "fabrikam": FABRIKAM}
HOUR = timedelta(hours=1)
DAY = 24 * HOUR
NAMES = (
    "Ada Lovelace",
    "<script>alert(1)</script>",
    "'; drop table findings; --",
    "\u202egnp.exe\u0007\x1b[31m",
    "名前 ✓ \U0001f600",
    "x" * 500,
    "=cmd|' /C calc'!A0",
    "{{ 7 * 7 }}",
)

SETTINGS = f"""\
data_dir: ./data
tenants:
  - name: contoso
    tenant_id: {CONTOSO}
    reader: {{client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${{env:NOBODY_LOOKS_IT_UP}}"}}
    remediator: {{client_id: 44444444-4444-4444-8444-444444444444, client_secret: "${{env:NOBODY_LOOKS_IT_UP}}"}}
    remediation: {{enabled: true}}
  - name: fabrikam
    tenant_id: {FABRIKAM}
    reader: {{client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${{env:NOBODY_LOOKS_IT_UP}}"}}
notify:
  channels:
    - name: siem
      webhook: {{url: "https://siem.example.com/hook", secret: "${{env:NOBODY_LOOKS_IT_UP}}"}}
  default: {{channels: [siem]}}
"""


@dataclass(frozen=True, kw_only=True)
class OnRecord:
    """What is on record in one tenant."""

    finding: Finding
    plan: Plan
    run: str
    job: str
    exemption: int


class RecordedOffice(Office):
    """A page and an API over two tenants that were scanned. ``of`` maps a tenant's name to what is in it."""

    def __init__(self, directory: Path, *, store: str = "") -> None:
        """``store`` is the URL of a database; without it, a file below ``directory``."""
        super().__init__(directory, settings=f"{SETTINGS}store: {{url: {store}}}\n" if store else SETTINGS)
        self.now: datetime = self.application.clock.now()
        self.of = {tenant: self._record(tenant, TENANTS[tenant]) for tenant in TENANTS}
        self.delivery = self._record_telling()

    def new_plan(self, tenant: str = "contoso") -> Plan:
        """Record a plan that somebody else proposed and that waits for one yes."""
        plan = a_plan(
            id=uuid.uuid4().hex,
            tenant_id=TENANTS[tenant],
            tenant_name=tenant,
            action=ACTION,
            action_version=self.application.catalog.action(ACTION).action.version,
            targets=(a_target(1), replace(a_target(2), because=None)),
            proposed_at=self.now - HOUR,
            expires_at=self.now + 7 * DAY,
        )
        with self.application.store.open_acting_unit() as unit:
            unit.add_plan(plan)
        return plan

    def new_exemption(self, tenant: str = "contoso") -> int:
        """Record an exemption and return its number."""
        exemption = an_exemption(tenant=tenant, check=MILD_CHECK, resource_id="somebody", ends_at=self.now + DAY)
        return self.application.store.add_exemption(exemption, at=self.now, by="ada").number

    def new_delivery(self, number: int) -> Delivery:
        """Record a delivery that waits."""
        delivery = new_delivery("siem", [a_notice(number).id], is_digest=False, due_at=self.now)
        with self.application.store.open_outbox() as outbox:
            errand = an_errand(number, channel="siem", tenant_id=CONTOSO)
            outbox.add_notices([errand.notice])
            outbox.route([errand.notice], [(errand, self.now)], at=self.now)
            outbox.add_delivery(delivery)
        return delivery

    def new_job(self, tenant: str = "contoso") -> str:
        """Ask for an examination and return the id of its job, which waits."""
        admin, _ = self.operator()
        return self.application.access(admin).examine_now(tenant).id

    def new_from_provider(self) -> Operator:
        """Record somebody of contoso who came from an OpenID provider and was revoked."""
        name = f"from-provider-{uuid.uuid4().hex[:8]}"
        operator = an_operator(
            name,
            role=Role.VIEWER,
            tenants=frozenset({"contoso"}),
            subject=f"https://login.example.com|{name}",
            added_at=self.now,
            expires_at=self.now + DAY,
        )
        with self.application.store.open_acting_unit() as unit:
            unit.add_operator(operator, token_hash=token_hash(name))
            unit.revoke_operator(name, at=self.now)
        return operator

    def script(
        self, role: Role, *, tenants: tuple[str, ...] | None = None, scopes: tuple[Scope, ...] | None = None
    ) -> str:
        """Return the token of a new operator."""
        name = f"{role}-{uuid.uuid4().hex[:8]}"
        return self.operator(role, tenants, name=name, scopes=scopes)[1]

    def _record(self, tenant: str, tenant_id: str) -> OnRecord:
        store, run_id = self.application.store, f"run-of-{tenant}"
        findings = [
            a_finding(
                tenant_id=tenant_id,
                check=CHECK,
                resource=a_resource(id=f"user-{number}-of-{tenant}", name=name),
                message=f"{name} is at risk in {tenant}",
                first_failed_at=self.now - DAY,
                last_failed_at=self.now - HOUR,
                judged_at=self.now - HOUR,
            )
            for number, name in enumerate(NAMES)
        ]
        run = a_run(id=run_id, tenant_id=tenant_id, tenant_name=tenant, taken_at=self.now - HOUR)
        ended = replace(run, state=RunState.COMPLETE, finished_at=self.now - HOUR / 2)
        with store.open_unit(tenant_id) as unit:
            unit.save_run(run)
            unit.findings.save(findings)
            unit.save_summary(
                RunSummary(
                    run=ended,
                    tenant_display_name=f"{tenant} <b>Ltd</b>",
                    tables=(
                        a_table_outcome(),
                        a_table_outcome(
                            table="risky_users",
                            outcome=Outcome.FORBIDDEN,
                            reason="no",
                            missing="IdentityRiskyUser.Read.All",
                        ),
                    ),
                    checks=(
                        a_check_result(check=CHECK),
                        a_check_result(
                            check=CheckId("inactive-guests"),
                            outcome=CheckOutcome.SKIPPED,
                            counts=None,
                            skipped=SkipReason(kind=SkipKind.PERMISSION_MISSING, detail="a permission is missing"),
                        ),
                    ),
                )
            )
        store.add_examination(self._examination(tenant_id))
        return OnRecord(
            finding=findings[0],
            plan=self.new_plan(tenant),
            run=run_id,
            job=self.new_job(tenant),
            exemption=self.new_exemption(tenant),
        )

    def _examination(self, tenant_id: str) -> Examination:
        granted = frozenset(self.application.catalog.action(ACTION).action.permissions)
        return Examination(
            tenant_id=tenant_id,
            at=self.now - HOUR,
            reader=ReaderExamined(
                refused=None,
                granted=frozenset({"User.Read.All"}),
                missing=("AuditLog.Read.All",),
                licences=frozenset({Licence.P1}),
                clock_skew=timedelta(seconds=-3),
                tables_asked=12,
                tables_refused=(
                    a_table_outcome(outcome=Outcome.FORBIDDEN, reason="no", missing="AuditLog.Read.All"),
                ),
                skips={CHECK: SkipReason(kind=SkipKind.LICENCE_MISSING, detail="it needs Entra ID P2")},
            ),
            remediator=RemediatorExamined(
                refused=None, granted=granted, actions=9, impossible={ActionId("reset-mfa"): "no permission"}
            ),
        )

    def _record_telling(self) -> Delivery:
        delivery = self.new_delivery(1)
        with self.application.store.open_outbox() as outbox:
            outbox.close_channel(a_closed_channel("siem", at=self.now))
        return delivery
