"""What failed in a tenant from run to run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from posture.domain.delivery import TrendPoint
from posture.domain.judgement import SkipKind
from posture.domain.severity import Severity
from posture.store.standings import CAME_TO_THEIR_END
from posture.store.tables import RUN_CHECKS, RUNS

# So many times as many runs are read, to know what the first points of the trend left out.
_LOOK_BACK: Final = 2

_Known = dict[str, tuple[Severity, int]]


def of_tenant(connection: Connection, tenant_id: str, *, points: int) -> Sequence[TrendPoint]:
    """Return what failed in the latest runs of a tenant that came to their end, the oldest first.

    What a run did not evaluate counts as it was last known: half a table, or a scan of one check, mends nothing. What
    the settings skip does not count.
    """
    newest = (
        select(RUNS.c.id, RUNS.c.number, RUNS.c.taken_at)
        .where(RUNS.c.tenant_id == tenant_id, RUNS.c.state.in_(CAME_TO_THEIR_END))
        .order_by(RUNS.c.number.desc())
        .limit(points * _LOOK_BACK)
        .subquery()
    )
    results = (
        select(newest, RUN_CHECKS.c.check_id, RUN_CHECKS.c.severity, RUN_CHECKS.c.skip_kind, RUN_CHECKS.c.failed)
        .select_from(newest.outerjoin(RUN_CHECKS, RUN_CHECKS.c.run_id == newest.c.id))
        .order_by(newest.c.number)
    )
    known: _Known = {}
    trend = []
    for _, rows in groupby(connection.execute(results), key=lambda row: row.number):
        for row in rows:
            _learn(known, row)
            taken_at = row.taken_at
        trend.append(TrendPoint(at=taken_at, failed=_by_severity(known)))
    return trend[-points:]


def _learn(known: _Known, row: Row[Any]) -> None:
    if row.failed is not None:
        known[row.check_id] = (Severity(row.severity), row.failed)
    elif row.skip_kind == SkipKind.SWITCHED_OFF.value:
        known.pop(row.check_id, None)


def _by_severity(known: _Known) -> dict[Severity, int]:
    failed = dict.fromkeys(Severity, 0)
    for severity, count in known.values():
        failed[severity] += count
    return failed
