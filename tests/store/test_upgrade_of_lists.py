"""A database of before says the same in its lists and numbers as one that was of this version all the time."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, insert, inspect, make_url, select

from posture.domain.check import CheckId
from posture.domain.judgement import CheckOutcome, Counts, SkipKind, SkipReason
from posture.domain.run import RunState, RunSummary
from posture.store.database import Store, prepare_store
from posture.store.migrate import MIGRATIONS
from posture.store.notice_tables import CHECK_STANDINGS
from posture.store.tables import FINDING_CHANGES, FINDINGS, OPEN_FINDINGS, RUN_CHECKS, RUNS
from tests.domain.builders import MONDAY, a_check_result, a_run
from tests.store.many_findings import CHECKS, TENANTS, some_findings

DAY = timedelta(days=1)
KEPT = (RUNS, RUN_CHECKS, FINDINGS, FINDING_CHANGES, CHECK_STANDINGS)


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Name two empty databases of one kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/now.db", f"sqlite:///{tmp_path}/then.db"
    cluster = request.getfixturevalue("cluster")
    return cluster.url(cluster.new_database()), cluster.url(cluster.new_database())


def test_lists_and_numbers_are_made_up_for_when_a_database_is_upgraded(urls: tuple[str, str]) -> None:
    now, then = urls
    with closing(prepare_store(now)) as store:
        _live(store)
    here, there = _engine(now), _engine(then)
    _upgrade_to(there, "0005")
    with here.connect() as origin, there.begin() as target:
        for table in KEPT:
            of_then = {column["name"] for column in inspect(there).get_columns(table.name)}
            rows = [_only(of_then, row) for row in origin.execute(select(table)).mappings()]
            target.execute(insert(table), rows)

    prepare_store(then).close()

    with here.connect() as expected, there.connect() as upgraded:
        for table in (*KEPT, OPEN_FINDINGS):
            in_order = select(table).order_by(*table.primary_key.columns)
            assert upgraded.execute(in_order).all() == expected.execute(in_order).all(), table.name
    here.dispose()
    there.dispose()


def _live(store: Store) -> None:
    """Let two tenants have runs of every kind, and findings."""
    results = [
        [_judged("admin", failed=2), _judged("guest"), _judged("mfa", unknown=1)],
        [_skipped("admin", SkipKind.TABLE_INCOMPLETE), _skipped("guest", SkipKind.SWITCHED_OFF)],
        [a_check_result(check=CHECKS[2], outcome=CheckOutcome.BROKEN, error="out of memory", counts=None)],
        [_judged("guest", failed=1), _skipped("new", SkipKind.LICENCE_MISSING)],
    ]
    states = [RunState.COMPLETE, RunState.INCOMPLETE, RunState.ABORTED, RunState.COMPLETE]
    for tenant_id in TENANTS:
        with store.open_unit(tenant_id) as unit:
            unit.findings.save([one for one in some_findings(60) if one.tenant_id == tenant_id])
        for number, (checks, state) in enumerate(zip(results, states, strict=True)):
            run = a_run(id=f"{tenant_id}-{number}", tenant_id=tenant_id, taken_at=MONDAY + number * DAY, state=state)
            with store.open_unit(tenant_id) as unit:
                unit.save_summary(RunSummary(run=run, tenant_display_name=None, tables=(), checks=tuple(checks)))


def _judged(check: str, *, failed: int = 0, unknown: int = 0) -> Any:
    counts = Counts(passed=1, failed=failed, unknown=unknown, not_applicable=0, exempted=0)
    return a_check_result(check=CheckId(check), counts=counts)


def _skipped(check: str, kind: SkipKind) -> Any:
    reason = SkipReason(kind=kind, detail="it could not be read")
    return a_check_result(check=CheckId(check), outcome=CheckOutcome.SKIPPED, skipped=reason, counts=None)


def _only(names: set[str], row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in names}


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    return create_engine(parsed.set(drivername="postgresql+psycopg") if "postgresql" in url else parsed)


def _upgrade_to(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
