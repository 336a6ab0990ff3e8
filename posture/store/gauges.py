"""Counts of everything, for those who watch posture from outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from posture.domain.delivery import DeliveryState
from posture.domain.gauges import Gauges
from posture.domain.judgement import CheckOutcome
from posture.domain.numbers import Mark
from posture.domain.plan import FINAL
from posture.domain.run import RunState
from posture.store import open_findings
from posture.store.acting_tables import PLANS
from posture.store.notice_tables import CHECK_STANDINGS, CLOSED_CHANNELS, DELIVERIES
from posture.store.tables import RUNS
from posture.store.work_reader import WorkReader


def read_gauges(connection: Connection, *, tenants: Mapping[str, str], now: datetime) -> Gauges:
    """Count everything. ``tenants`` maps the ids of the tenants that are wanted to their names."""
    work = WorkReader(connection)
    oldest = work.oldest_waiting(now)

    def named(counted: Select[Any]) -> dict[tuple[str, ...], Any]:
        rows = connection.execute(counted)
        return {(tenants[tenant], label): value for tenant, label, value in rows if tenant in tenants}

    return Gauges(
        findings=_open_findings(connection, tenants),
        checks=named(_checks()),
        jobs={(kind, state.value): number for (kind, state), number in work.counts().items()},
        plans=named(_plans()),
        deliveries={(channel,): number for channel, number in connection.execute(_deliveries())},
        closed={(name,): 1 for (name,) in connection.execute(select(CLOSED_CHANNELS.c.name))},
        scans=named(_scans()),
        oldest_waiting=now - oldest if oldest is not None else timedelta(),
    )


def _open_findings(connection: Connection, tenants: Mapping[str, str]) -> dict[tuple[str, ...], int]:
    counted: Counter[tuple[str, ...]] = Counter()
    for each in open_findings.counts(connection, tenants.keys(), check=None):
        counted[tenants[each.tenant_id], each.severity.value] += each.findings
    return dict(counted)


def _checks() -> Select[Any]:
    # The same as posture.domain.numbers.mark_of, over counts in which exempted failures are apart. An evaluation that
    # is too old to tell what it did not know has NULL there, and is no pass.
    mark = case(
        (CHECK_STANDINGS.c.outcome != CheckOutcome.EVALUATED.value, Mark.NOT_JUDGED.value),
        (CHECK_STANDINGS.c.failed > 0, Mark.FAILED.value),
        (func.coalesce(CHECK_STANDINGS.c.unknown, 1) > 0, Mark.UNKNOWN.value),
        else_=Mark.PASSED.value,
    )
    return (
        select(CHECK_STANDINGS.c.tenant_id, mark, func.count())
        .where(~CHECK_STANDINGS.c.is_off)
        .group_by(CHECK_STANDINGS.c.tenant_id, mark)
    )


def _plans() -> Select[Any]:
    return (
        select(PLANS.c.tenant_id, PLANS.c.state, func.count())
        .where(PLANS.c.state.not_in([state.value for state in FINAL]))
        .group_by(PLANS.c.tenant_id, PLANS.c.state)
    )


def _deliveries() -> Select[Any]:
    return (
        select(DELIVERIES.c.channel, func.count())
        .where(DELIVERIES.c.state == DeliveryState.WAITING.value)
        .group_by(DELIVERIES.c.channel)
    )


def _scans() -> Select[Any]:
    return (
        select(RUNS.c.tenant_id, RUNS.c.state, func.max(RUNS.c.taken_at))
        .where(RUNS.c.state != RunState.RUNNING.value)
        .group_by(RUNS.c.tenant_id, RUNS.c.state)
    )
