"""A few hundred findings of every kind, and what plain Python says which of them a list has."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from posture.domain.check import CheckId
from posture.domain.finding import Finding, FindingState, Resolution
from posture.domain.finding_pages import FindingSort
from posture.domain.finding_view import Standing
from posture.domain.judgement import Resource
from posture.domain.severity import Severity
from posture.store.finding_conditions import FindingConditions
from tests.domain.builders import MONDAY, a_finding

TENANTS: Final = tuple(f"{number}1111111-1111-1111-1111-111111111111" for number in (1, 2, 3))
CHECKS: Final = tuple(CheckId(name) for name in ("admin", "guest", "mfa"))
# Upper and lower case of these, signs of LIKE, what sorts differently by the rules of a language.
_NAMES: Final = (
    "Ada",
    "ada",
    "ÅSA",
    "åsa",
    "Straße",
    "100% sure_",
    None,
    "Zoë",
    "İpek",
    "\u202eevil",
    "a b",
    "ß",
    "ÿ",
)


def some_findings(count: int, *, seed: int = 1) -> list[Finding]:
    """Return findings of which many are equal in what lists are sorted by."""
    chance = random.Random(seed)  # noqa: S311 - made up
    return [_made_up(chance, number) for number in range(count)]


def _made_up(chance: random.Random, number: int) -> Finding:
    is_open = chance.random() < 0.7
    first = MONDAY - timedelta(hours=chance.randrange(20), microseconds=chance.randrange(3))
    return a_finding(
        tenant_id=chance.choice(TENANTS),
        check=chance.choice(CHECKS),
        severity=chance.choice(tuple(Severity)),
        resource=Resource(type="user", id=f"Id-{chance.randrange(80)}", name=chance.choice(_NAMES)),
        identity={"number": number},
        message=f"Message {chance.randrange(30)} ÄÖ",
        state=FindingState.OPEN if is_open else FindingState.RESOLVED,
        resolution=None if is_open else Resolution.PASSED,
        first_failed_at=first,
        last_failed_at=first + timedelta(hours=chance.randrange(3)),
        judged_at=MONDAY,
    )


def wanted(**changes: Any) -> FindingConditions:
    fields: dict[str, Any] = {
        "tenant_ids": TENANTS,
        "checks": None,
        "severities": (),
        "standings": frozenset(),
        "text": None,
        "exempted": frozenset(),
    }
    return FindingConditions(**(fields | changes))


def matches(finding: Finding, conditions: FindingConditions) -> bool:
    """Say whether a list with these conditions has the finding."""
    texts = (finding.resource.id, finding.resource.name or "", finding.message)
    return (
        finding.tenant_id in conditions.tenant_ids
        and (conditions.checks is None or finding.check in conditions.checks)
        and (not conditions.severities or finding.severity in conditions.severities)
        and (not conditions.standings or _standing(finding, conditions) in conditions.standings)
        and (not conditions.text or any(conditions.text.casefold() in text.casefold() for text in texts))
    )


def in_order(findings: Sequence[Finding], sort: FindingSort, *, descending: bool) -> list[Finding]:
    return sorted(findings, key=_KEYS[sort], reverse=descending)


def _standing(finding: Finding, conditions: FindingConditions) -> Standing:
    if finding.state is FindingState.RESOLVED:
        return Standing.RESOLVED
    return Standing.EXEMPTED if finding.fingerprint in conditions.exempted else Standing.OPEN


_KEYS: Final[dict[FindingSort, Callable[[Finding], tuple[Any, ...]]]] = {
    FindingSort.SEVERITY: lambda one: (one.severity.rank, one.first_failed_at, one.fingerprint),
    FindingSort.LAST_FAILED: lambda one: (one.last_failed_at, one.fingerprint),
    FindingSort.FIRST_FAILED: lambda one: (one.first_failed_at, one.fingerprint),
    FindingSort.RESOURCE: lambda one: ((one.resource.name or one.resource.id).casefold(), one.fingerprint),
    FindingSort.CHECK: lambda one: (one.check, one.fingerprint),
}
