"""A page over a database with something in it: runs, findings, an exemption, a plan that waits."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from posture.domain.check import CheckId
from posture.domain.examination import Examination, ReaderExamined, RemediatorExamined
from posture.domain.exemption import Exemption
from posture.domain.finding import Finding, FindingState, Resolution
from posture.domain.judgement import CheckOutcome, CheckResult, Counts, SkipKind, SkipReason
from posture.domain.operator import Role
from posture.domain.outcome import Outcome
from posture.domain.plan import Plan
from posture.domain.run import RunState, RunSummary
from posture.domain.severity import Severity
from tests.domain.builders import a_finding, a_resource, a_run, a_table_outcome
from tests.domain.plans import a_plan, a_target
from tests.web.office import CONTOSO, FABRIKAM, Client, Office

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
PASSING, FAILING = CheckId("admin-guest"), CheckId("inactive-users")
UNKNOWN, SKIPPED = CheckId("risky-users"), CheckId("mfa-gaps")
NAMES: Final = ("ada@example.com", "grace@example.com", "alan@example.com")

_TENANT = """\
  - name: {name}
    tenant_id: {id}
    reader: {{client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${{env:NOBODY_LOOKS_IT_UP}}"}}
    remediator: {{client_id: 44444444-4444-4444-8444-444444444444, client_secret: "${{env:NOR_THIS}}"}}
"""
SETTINGS: Final = "data_dir: ./data\ntenants:\n" + "".join(
    _TENANT.format(name=name, id=id) for name, id in (("contoso", CONTOSO), ("fabrikam", FABRIKAM))
)


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What a directory calls things: ``names`` of users, and every ``other`` text that comes from it."""

    names: tuple[str, ...] = NAMES
    other: str = "has not signed in for 120 days"


class FurnishedOffice(Office):
    """``open`` are the open findings of contoso, the first one the worst and the oldest. ``scans`` are how many
    days ago each tenant was scanned."""

    def __init__(
        self, directory: Path, *, texts: Texts | None = None, findings: int = 12, scans: Sequence[int] = (20, 10, 1)
    ) -> None:
        super().__init__(directory, settings=SETTINGS)
        self.now = self.application.clock.now()
        self.texts = texts or Texts()
        for days in scans:
            for name, tenant_id in (("contoso", CONTOSO), ("fabrikam", FABRIKAM)):
                self._scan(name, tenant_id, days=days)
        self.open = [self._finding(number) for number in range(findings)]
        self.resolved = self._finding(
            findings, state=FindingState.RESOLVED, resolution=Resolution.PASSED, judged_at=self.now - HOUR
        )
        self.elsewhere = self._finding(findings + 1, tenant_id=FABRIKAM)
        with self.application.store.open_unit(CONTOSO) as unit:
            unit.findings.save([*self.open, replace(self.resolved, state=FindingState.OPEN, resolution=None)])
            unit.findings.save([self.resolved])
        with self.application.store.open_unit(FABRIKAM) as unit:
            unit.findings.save([self.elsewhere])
        for tenant_id in (CONTOSO, FABRIKAM):
            self.application.store.add_examination(_examination(tenant_id, self.application.clock.now()))
        self.exempted = self.open[-1]
        self.application.store.add_exemption(self._exemption(self.exempted), at=self.now, by="alan")

    def helpdesk(self, name: str = "grace") -> Client:
        """Return a browser of somebody who may propose."""
        return self.signed_in(Role.HELPDESK, name=name)

    def proposed(self, finding: Finding) -> Plan:
        """Record a plan for a finding of contoso that waits for approval."""
        target = a_target(resource=finding.resource, check=finding.check, fingerprint=finding.fingerprint)
        plan = a_plan(
            id=uuid.uuid4().hex,
            tenant_id=CONTOSO,
            tenant_name="contoso",
            action="disable-user",
            targets=(target,),
            reason=self.texts.other,
            proposed_by="grace",
            proposed_at=self.now - HOUR,
            expires_at=self.now + DAY,
        )
        with self.application.store.open_acting_unit() as unit:
            unit.add_plan(plan)
        return plan

    def _finding(self, number: int, **changes: object) -> Finding:
        names = self.texts.names
        fields: dict[str, object] = {
            "tenant_id": CONTOSO,
            "check": FAILING,
            "resource": a_resource(id=f"00000000-0000-4000-8000-{number:012}", name=f"{names[number % len(names)]}"),
            "severity": Severity.HIGH if number < 4 else Severity.MEDIUM,
            "message": f"{self.texts.other} ({number})",
            "evidence": {"last_sign_in_at": None, "groups": [self.texts.other, "all"], "is_admin": number == 0},
            "first_failed_at": self.now - 3 * DAY - (20 - number) * HOUR,
            "last_failed_at": self.now - HOUR,
            "judged_at": self.now - HOUR,
        }
        return a_finding(**(fields | changes))

    def _scan(self, name: str, tenant_id: str, *, days: int) -> None:
        taken_at = self.now - days * DAY - HOUR
        run = a_run(id=f"{days:02}{tenant_id.replace('-', '')[:30]}", tenant_id=tenant_id, tenant_name=name)
        ended = replace(run, taken_at=taken_at, state=RunState.COMPLETE, finished_at=taken_at + timedelta(seconds=90))
        table = replace(a_table_outcome(), as_of=taken_at)
        forbidden = replace(
            table, table="risky_users", outcome=Outcome.FORBIDDEN, rows=0, reason=self.texts.other, missing="x"
        )
        with self.application.store.open_unit(tenant_id) as unit:
            unit.save_run(replace(ended, state=RunState.RUNNING, finished_at=None))
            unit.save_summary(
                RunSummary(
                    run=ended,
                    tenant_display_name=self.texts.names[0],
                    tables=(table, forbidden),
                    checks=_results(failed=12 - days // 2, because=self.texts.other),
                )
            )

    def _exemption(self, finding: Finding) -> Exemption:
        return Exemption(
            tenant="contoso",
            check=finding.check,
            resource_id=finding.resource.id,
            owner=self.texts.names[0],
            reason=self.texts.other,
            ends_at=self.now + 30 * DAY,
            origin="",
        )


def _results(*, failed: int, because: str) -> tuple[CheckResult, ...]:
    def result(check: CheckId, severity: Severity, *, failed: int = 0, unknown: int = 0) -> CheckResult:
        counts = Counts(passed=40, failed=failed, unknown=unknown, not_applicable=3, exempted=0)
        return CheckResult(
            check=check,
            severity=severity,
            outcome=CheckOutcome.EVALUATED,
            skipped=None,
            error=None,
            counts=counts,
        )

    skipped = replace(
        result(SKIPPED, Severity.HIGH),
        outcome=CheckOutcome.SKIPPED,
        counts=None,
        skipped=SkipReason(kind=SkipKind.PERMISSION_MISSING, detail=because),
    )
    return (
        result(PASSING, Severity.MEDIUM),
        result(FAILING, Severity.MEDIUM, failed=failed),
        result(UNKNOWN, Severity.HIGH, unknown=2),
        skipped,
    )


def _examination(tenant_id: str, at: object) -> Examination:
    return Examination(
        tenant_id=tenant_id,
        at=at,  # type: ignore[arg-type]
        reader=ReaderExamined(
            refused=None,
            granted=frozenset({"User.Read.All"}),
            missing=(),
            licences=None,
            clock_skew=None,
            tables_asked=4,
            tables_refused=(),
            skips={},
        ),
        remediator=RemediatorExamined(refused=None, granted=frozenset(), actions=1, impossible={}),
    )
