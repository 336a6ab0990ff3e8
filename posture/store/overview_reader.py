"""What the first page counts: open findings, how checks stand, how that went over the last weeks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Connection, RowMapping, case, cast, extract, func, select

from posture.domain.check import CheckId
from posture.domain.finding import FindingChange
from posture.domain.judgement import CheckOutcome, SkipKind, SkipReason
from posture.domain.numbers import NumbersAt, OpenCount, RecordedStanding
from posture.domain.severity import Severity
from posture.store import open_findings
from posture.store.notice_tables import CHECK_STANDINGS
from posture.store.rows import counts_from, numbers_from
from posture.store.tables import FINDING_CHANGES, RUNS

_SEVERITIES: Final = tuple(Severity)

_OF_TRENDS: Final = (
    RUNS.c.tenant_id,
    RUNS.c.taken_at,
    RUNS.c.passed,
    RUNS.c.failed,
    RUNS.c.unknown,
    RUNS.c.not_judged,
)


class OverviewReader:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open_counts(self, tenant_ids: Collection[str], *, check: CheckId | None = None) -> Sequence[OpenCount]:
        """Count open findings by tenant, check and severity; of one check, or with None of all."""
        return open_findings.counts(self._connection, tenant_ids, check=check)

    def standings(self, tenant_ids: Collection[str], *, check: CheckId | None = None) -> Sequence[RecordedStanding]:
        """Return how checks stand in the tenants; one check, or with None all."""
        found = select(CHECK_STANDINGS).where(CHECK_STANDINGS.c.tenant_id.in_(sorted(tenant_ids)))
        if check is not None:
            found = found.where(CHECK_STANDINGS.c.check_id == check)
        return [_standing(row) for row in self._connection.execute(found).mappings().all()]

    def trends(
        self, tenant_ids: Collection[str], *, since: datetime, every: timedelta
    ) -> Mapping[str, tuple[NumbersAt, ...]]:
        """Return the numbers of each tenant since then, the oldest first: of the runs within ``every`` the last."""
        step = int(every.total_seconds())
        span = cast(extract("epoch", RUNS.c.taken_at), BigInteger) // step
        last = (
            select(func.max(RUNS.c.number))
            .where(RUNS.c.tenant_id.in_(sorted(tenant_ids)), RUNS.c.taken_at >= since, RUNS.c.passed.is_not(None))
            .group_by(RUNS.c.tenant_id, span)
        )
        found = select(*_OF_TRENDS).where(RUNS.c.number.in_(last)).order_by(RUNS.c.number)
        trends: dict[str, list[NumbersAt]] = defaultdict(list)
        for row in self._connection.execute(found).mappings().all():
            numbers = numbers_from(row)
            if numbers is not None:
                trends[row["tenant_id"]].append(NumbersAt(at=row["taken_at"], numbers=numbers))
        return {tenant_id: tuple(points) for tenant_id, points in trends.items()}

    def opened_since(self, tenant_ids: Collection[str], since: datetime) -> Mapping[tuple[str, CheckId], int]:
        """Return how many findings were opened or reopened since then, less those resolved, by tenant and check."""
        if not tenant_ids:
            return {}
        resolved = FINDING_CHANGES.c.change == FindingChange.RESOLVED.value
        net = func.sum(case((resolved, -1), else_=1))
        by = (FINDING_CHANGES.c.tenant_id, FINDING_CHANGES.c.check_id)
        counted = (
            select(*by, net)
            .where(FINDING_CHANGES.c.at >= since, FINDING_CHANGES.c.tenant_id.in_(sorted(tenant_ids)))
            .group_by(*by)
        )
        return {
            (tenant_id, CheckId(id)): int(opened) for tenant_id, id, opened in self._connection.execute(counted).all()
        }


def _standing(row: RowMapping) -> RecordedStanding:
    return RecordedStanding(
        tenant_id=row["tenant_id"],
        check=CheckId(row["check_id"]),
        outcome=CheckOutcome(row["outcome"]),
        is_off=row["is_off"],
        severity=Severity(row["severity"]) if row["severity"] is not None else None,
        skipped=_skipped(row),
        error=row["error"],
        counts=counts_from(row),
        evaluated_at=row["evaluated_at"],
        first_evaluated_at=row["first_evaluated_at"],
    )


def _skipped(row: RowMapping) -> SkipReason | None:
    if row["skip_kind"] is None:
        return None
    return SkipReason(kind=SkipKind(row["skip_kind"]), detail=row["skip_detail"] or "")
