"""How the checks of a tenant stand, kept beside the runs: runs may skip what was told before."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from posture.domain.check import CheckId
from posture.domain.judgement import CheckResult, SkipKind
from posture.domain.notices_of_scans import CheckStanding
from posture.domain.run import RunSummary
from posture.store.batches import upsert
from posture.store.notice_rows import standing_from, standing_row
from posture.store.notice_tables import CHECK_STANDINGS


def of_tenant(connection: Connection, tenant_id: str) -> Mapping[CheckId, CheckStanding]:
    wanted = select(CHECK_STANDINGS).where(CHECK_STANDINGS.c.tenant_id == tenant_id)
    found = (standing_from(row) for row in connection.execute(wanted).mappings())
    return {standing.check: standing for standing in found}


def keep(connection: Connection, summary: RunSummary) -> None:
    """Write how the checks of a run stand now; those that the settings switched off stay as they are."""
    rows = [standing_row(summary.run, result) for result in summary.checks if not _is_switched_off(result)]
    upsert(connection, CHECK_STANDINGS, rows, key=("tenant_id", "check_id"), never_emptied=("evaluated_at",))


def _is_switched_off(result: CheckResult) -> bool:
    return result.skipped is not None and result.skipped.kind is SkipKind.SWITCHED_OFF
