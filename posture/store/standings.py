"""How the checks of a tenant stand, kept beside the runs: runs may skip what was told before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, RowMapping, select, update

from posture.domain.check import CheckId
from posture.domain.judgement import CheckOutcome, CheckResult, SkipKind
from posture.domain.notices_of_scans import CheckStanding
from posture.domain.numbers import Mark, Numbers, mark_of, numbers_of
from posture.domain.run import RunState, RunSummary
from posture.store.batches import in_batches, upsert
from posture.store.notice_rows import standing_from, standing_row
from posture.store.notice_tables import CHECK_STANDINGS
from posture.store.rows import numbers_row
from posture.store.tables import RUNS

CAME_TO_THEIR_END: Final = (RunState.COMPLETE, RunState.INCOMPLETE)
_KEY: Final = ("tenant_id", "check_id")
_OF_EVALUATION: Final = ("evaluated_at", "passed", "failed", "unknown", "not_applicable", "exempted")
_OF_THE_FIRST: Final = ("first_evaluated_at",)


def of_tenant(connection: Connection, tenant_id: str) -> Mapping[CheckId, CheckStanding]:
    wanted = select(CHECK_STANDINGS).where(CHECK_STANDINGS.c.tenant_id == tenant_id)
    found = (standing_from(row) for row in connection.execute(wanted).mappings())
    return {standing.check: standing for standing in found}


def keep(connection: Connection, summary: RunSummary) -> None:
    """Write how the checks of a run stand now; of those that the settings switched off, only that they are off.

    How many stand how goes with the run, if it came to its end.
    """
    off = [result.check for result in summary.checks if _is_switched_off(result)]
    rows = [standing_row(summary.run, result) for result in summary.checks if not _is_switched_off(result)]
    upsert(connection, CHECK_STANDINGS, rows, key=_KEY, never_emptied=_OF_EVALUATION, never_replaced=_OF_THE_FIRST)
    of_tenant = CHECK_STANDINGS.c.tenant_id == summary.run.tenant_id
    for batch in in_batches(off):
        is_off = update(CHECK_STANDINGS).where(of_tenant, CHECK_STANDINGS.c.check_id.in_(batch))
        connection.execute(is_off.values(is_off=True))
    if summary.run.state in CAME_TO_THEIR_END:
        numbers = _numbers(connection, summary.run.tenant_id)
        connection.execute(update(RUNS).where(RUNS.c.id == summary.run.id).values(numbers_row(numbers)))


def _numbers(connection: Connection, tenant_id: str) -> Numbers:
    on = select(CHECK_STANDINGS).where(CHECK_STANDINGS.c.tenant_id == tenant_id, CHECK_STANDINGS.c.is_off.is_(False))
    return numbers_of(_mark(row) for row in connection.execute(on).mappings())


def _mark(row: RowMapping) -> Mark | None:
    kind = SkipKind(row["skip_kind"]) if row["skip_kind"] is not None else None
    return mark_of(
        CheckOutcome(row["outcome"]),
        kind,
        failed=row["failed"] or 0,
        unknown=1 if row["unknown"] is None else row["unknown"],
    )


def _is_switched_off(result: CheckResult) -> bool:
    return result.skipped is not None and result.skipped.kind is SkipKind.SWITCHED_OFF
