"""What a person reads at the end of a scan."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from posture.cli.summary import print_summary
from posture.cli.worst import WorstFindings
from posture.domain.check import CheckId
from posture.domain.finding import FindingChange
from posture.domain.judgement import CheckOutcome, CheckResult, Counts, Judgement, Resource, SkipKind, SkipReason
from posture.domain.run import Run, RunState, RunSummary
from posture.domain.severity import Severity
from posture.domain.verdict import Verdict
from tests.usecases.builders import MONDAY, TENANT_ID

TITLES = {CheckId("mfa-gaps"): "User has no MFA", CheckId("admin-guest"): "Guest is an administrator"}


def evaluated(check: str, severity: Severity = Severity.HIGH, **numbers: int) -> CheckResult:
    none = {"passed": 0, "failed": 0, "unknown": 0, "not_applicable": 0, "exempted": 0}
    return CheckResult(
        check=CheckId(check),
        severity=severity,
        outcome=CheckOutcome.EVALUATED,
        skipped=None,
        error=None,
        counts=Counts(**(none | numbers)),
    )


def skipped(check: str, detail: str = "users: User.Read.All is missing") -> CheckResult:
    reason = SkipReason(kind=SkipKind.PERMISSION_MISSING, detail=detail)
    return CheckResult(
        check=CheckId(check),
        severity=Severity.HIGH,
        outcome=CheckOutcome.SKIPPED,
        skipped=reason,
        error=None,
        counts=None,
    )


def broken(check: str) -> CheckResult:
    return CheckResult(
        check=CheckId(check),
        severity=Severity.HIGH,
        outcome=CheckOutcome.BROKEN,
        skipped=None,
        error="it ran out of memory",
        counts=None,
    )


def failing(resource: str, severity: Severity = Severity.HIGH) -> Judgement:
    return Judgement(
        check=CheckId("mfa-gaps"),
        resource=Resource(type="user", id="u1", name=resource),
        identity={},
        verdict=Verdict.FAIL,
        severity=severity,
        message="has no MFA",
        evidence={},
        fingerprint="ab",
    )


def printed(
    *checks: CheckResult, worst: WorstFindings | None = None, config: Path | None = None, width: int = 120
) -> list[str]:
    run = Run(
        id="r1",
        tenant_id=TENANT_ID,
        tenant_name="contoso",
        taken_at=MONDAY,
        finished_at=MONDAY,
        state=RunState.COMPLETE,
        aborted_because=None,
    )
    out = io.StringIO()
    print_summary(
        Console(file=out, width=width),
        RunSummary(run=run, tenant_display_name="Contoso\x1b[2J", tables=(), checks=checks),
        worst or WorstFindings(size=5, per_check=5),
        titles=TITLES,
        config=config,
    )
    assert "\x1b" not in out.getvalue()
    return out.getvalue().splitlines()


def line_with(word: str, lines: list[str]) -> str:
    (found,) = [line for line in lines if word in line]
    return found


def test_failing_checks_stand_first_the_worst_at_the_top() -> None:
    lines = printed(
        evaluated("passes", Severity.CRITICAL, passed=9),
        evaluated("few", failed=1),
        evaluated("many", failed=7),
        evaluated("grave", Severity.CRITICAL, failed=1),
    )

    order = [next(number for number, line in enumerate(lines) if f" {name} " in line) for name in ("grave", "many")]
    order += [next(number for number, line in enumerate(lines) if f" {name} " in line) for name in ("few", "passes")]
    assert order == sorted(order)


def test_a_failing_check_says_what_is_wrong_and_a_passing_one_does_not() -> None:
    lines = printed(evaluated("mfa-gaps", failed=1_234), evaluated("admin-guest", passed=3))

    assert line_with("mfa-gaps", lines).split()[:3] == ["high", "mfa-gaps", "1,234"]
    assert "User has no MFA" in line_with("mfa-gaps", lines)
    assert "Guest is an administrator" not in "\n".join(lines)


def test_a_narrow_terminal_shows_figures_and_no_stump_of_a_title() -> None:
    long_name = "consent-user-consent-restricted"

    lines = printed(evaluated(long_name, failed=1_234, passed=5), width=80)

    assert line_with(long_name, lines).split() == ["high", long_name, "1,234", "0", "5", "0"]
    assert not [line for line in lines if "what is wrong" in line]


def test_a_check_that_judged_nothing_says_so() -> None:
    assert "nothing to judge" in line_with("mfa-gaps", printed(evaluated("mfa-gaps", not_applicable=4)))


def test_checks_that_were_not_judged_are_listed_by_cause() -> None:
    lines = printed(skipped("mfa-gaps"), skipped("inactive-users"), broken("admin-guest"))

    at = lines.index("  inactive-users, mfa-gaps")
    assert lines[at + 1] == "    permission missing: users: User.Read.All is missing"
    assert lines[lines.index("  admin-guest") + 1] == "    broken: it ran out of memory"


def test_nothing_is_said_of_checks_not_judged_if_all_were() -> None:
    assert not [line for line in printed(evaluated("mfa-gaps", passed=1)) if "Not judged" in line]


def test_the_worst_findings_are_named_harmlessly() -> None:
    worst = WorstFindings(size=5, per_check=5)
    worst.add(failing("Adele\x1b[31m\nVance"), FindingChange.NEW)

    line = line_with("Adele", printed(evaluated("mfa-gaps", failed=1), worst=worst))

    assert "Vance" in line
    assert line.rstrip().endswith("has no MFA")


@pytest.mark.parametrize(
    ("config", "command"),
    [
        (None, "Next: posture findings list --severity critical"),
        (Path("my settings.yaml"), "Next: posture findings list --severity critical --config 'my settings.yaml'"),
    ],
)
def test_the_next_command_asks_for_the_worst_and_can_be_pasted(config: Path | None, command: str) -> None:
    worst = WorstFindings(size=5, per_check=5)
    worst.add(failing("Adele"), FindingChange.NEW)
    worst.add(failing("Lynne", Severity.CRITICAL), FindingChange.NEW)

    assert printed(evaluated("mfa-gaps", failed=2), worst=worst, config=config)[-1] == command


def test_without_findings_the_next_command_is_another() -> None:
    assert printed()[-1].startswith("Next: posture tables list")
