"""How checks stand now, put together from what the last runs left, what is open and what is exempted. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from posture.domain.check import Check, CheckId
from posture.domain.finding import Finding
from posture.domain.numbers import CheckInTenant, OpenCount, RecordedStanding, check_in_tenant
from posture.domain.open_finding import OpenFinding
from posture.domain.overview import MOST_WORSENINGS, Worsening
from posture.domain.severity import Severity

Failing = Mapping[str, Mapping[CheckId, Mapping[Severity, int]]]
"""Tenant's id → check → how many findings are open and not exempted, by severity; only what is above zero."""

_Open = dict[str, dict[CheckId, dict[Severity, int]]]


def failing_now(counts: Iterable[OpenCount], exempted: Iterable[Finding | OpenFinding]) -> Failing:
    """Return what fails: what is open, less what is exempted of it."""
    failing: _Open = {}
    for count in counts:
        failing.setdefault(count.tenant_id, {}).setdefault(count.check, {})[count.severity] = count.findings
    for finding in exempted:
        found = failing.get(finding.tenant_id, {}).get(finding.check, {})
        if finding.severity in found:
            found[finding.severity] -= 1
            if found[finding.severity] <= 0:
                del found[finding.severity]
    return failing


def checks_now(
    standings: Iterable[RecordedStanding],
    failing: Failing,
    checks: Mapping[CheckId, Check],
    *,
    is_wanted: Callable[[str, CheckId], bool],
) -> Mapping[str, Mapping[CheckId, CheckInTenant]]:
    """Return how each check of the catalog stands, by tenant's id. ``is_wanted`` says of a tenant's id and a check
    whether the settings want it there."""
    now: dict[str, dict[CheckId, CheckInTenant]] = defaultdict(dict)
    for recorded in standings:
        check = checks.get(recorded.check)
        if check is not None:
            now[recorded.tenant_id][recorded.check] = check_in_tenant(
                recorded,
                failing.get(recorded.tenant_id, {}).get(recorded.check, {}),
                is_wanted=is_wanted(recorded.tenant_id, recorded.check),
                usual=check.severity.default,
            )
    return now


def by_severity(failing: Failing, tenant_ids: Iterable[str]) -> Mapping[Severity, int]:
    """Return how many findings fail in these tenants, every severity, the worst first."""
    total = dict.fromkeys(reversed(Severity), 0)
    for tenant_id in tenant_ids:
        for found in failing.get(tenant_id, {}).values():
            for severity, findings in found.items():
                total[severity] += findings
    return total


def judged_before(standings: Iterable[RecordedStanding], since: datetime) -> Collection[tuple[str, CheckId]]:
    """Return tenant's id and check of what was first judged before then: all else cannot have got worse since."""
    return {
        (one.tenant_id, one.check)
        for one in standings
        if one.first_evaluated_at is not None and one.first_evaluated_at < since
    }


def worsenings(
    opened: Mapping[tuple[str, CheckId], int],
    standings: Iterable[RecordedStanding],
    failing: Failing,
    *,
    since: datetime,
    tenants: Mapping[str, str],
    titles: Mapping[CheckId, str],
) -> tuple[Worsening, ...]:
    """Return what got worse since then. ``opened`` counts what was opened less what was resolved, by tenant's id and
    check; ``tenants`` are names by id. What was first judged since then did not get worse."""
    before = judged_before(standings, since)
    found = []
    for (tenant_id, check), more in opened.items():
        if more <= 0 or (tenant_id, check) not in before or tenant_id not in tenants:
            continue
        severities = failing.get(tenant_id, {}).get(check, {})
        # Some of what was opened may be exempted by now.
        net = min(more, sum(severities.values()))
        if net > 0:
            found.append(
                Worsening(
                    tenant=tenants[tenant_id],
                    check=check,
                    title=titles.get(check, check),
                    severity=max(severities, key=lambda severity: severity.rank),
                    opened=net,
                )
            )
    found.sort(key=lambda one: (-one.severity.rank, -one.opened, one.tenant, one.check))
    return tuple(found[:MOST_WORSENINGS])
