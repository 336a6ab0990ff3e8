"""How many findings are open, by tenant, check and severity: kept exact by every save."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from posture.domain.check import CheckId
from posture.domain.finding import Finding, FindingState
from posture.domain.numbers import OpenCount
from posture.domain.severity import Severity
from posture.store.batches import add_up
from posture.store.tables import OPEN_FINDINGS

_KEY: Final = ("tenant_id", "check_id", "severity_rank")
_SEVERITIES: Final = tuple(Severity)


@dataclass(frozen=True, kw_only=True)
class Before:
    """How a finding stood before it was saved."""

    state: FindingState
    severity_rank: int


def count(connection: Connection, findings: Iterable[Finding], before: Mapping[str, Before]) -> None:
    """Count findings that were saved; ``before`` holds those that were on record, by fingerprint."""
    more: Counter[tuple[str, str, int]] = Counter()
    # Of one that is there twice the last is what stays.
    for finding in {finding.fingerprint: finding for finding in findings}.values():
        earlier = before.get(finding.fingerprint)
        if earlier is not None and earlier.state is FindingState.OPEN:
            more[finding.tenant_id, finding.check, earlier.severity_rank] -= 1
        if finding.state is FindingState.OPEN:
            more[finding.tenant_id, finding.check, finding.severity.rank] += 1
    rows = [dict(zip((*_KEY, "findings"), (*key, by), strict=True)) for key, by in sorted(more.items()) if by]
    add_up(connection, OPEN_FINDINGS, rows, key=_KEY, total="findings")


def total(
    connection: Connection,
    tenant_ids: Collection[str],
    *,
    checks: Collection[CheckId] | None,
    severities: Collection[Severity],
) -> int:
    """Return how many findings are open in the tenants; of these checks, or with None of all, and of these
    severities, or without one of all."""
    found = select(func.sum(OPEN_FINDINGS.c.findings)).where(OPEN_FINDINGS.c.tenant_id.in_(sorted(tenant_ids)))
    if checks is not None:
        found = found.where(OPEN_FINDINGS.c.check_id.in_(checks))
    if severities:
        found = found.where(OPEN_FINDINGS.c.severity_rank.in_([severity.rank for severity in severities]))
    return int(connection.execute(found).scalar() or 0)


def counts(connection: Connection, tenant_ids: Collection[str], *, check: CheckId | None) -> Sequence[OpenCount]:
    """Return what is open in the tenants; of one check, or with None of all."""
    found = select(OPEN_FINDINGS).where(
        OPEN_FINDINGS.c.tenant_id.in_(sorted(tenant_ids)), OPEN_FINDINGS.c.findings > 0
    )
    if check is not None:
        found = found.where(OPEN_FINDINGS.c.check_id == check)
    return [
        OpenCount(tenant_id=tenant_id, check=CheckId(id), severity=_SEVERITIES[rank], findings=findings)
        for tenant_id, id, rank, findings in connection.execute(found).all()
    ]
