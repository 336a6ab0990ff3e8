"""Databases are created, upgraded and, if they are ahead, refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, inspect, text

from posture.domain.finding_view import FindingFilter
from posture.domain.judgement import CheckOutcome, CheckResult, SkipKind, SkipReason
from posture.domain.operator import Role
from posture.domain.run import RunState
from posture.errors import StoreError
from posture.store.acting_rows import operator_row
from posture.store.acting_tables import OPERATORS, PLANS
from posture.store.database import Store, prepare_store
from posture.store.migrate import LATEST, MIGRATIONS
from posture.store.plan_rows import plan_row
from posture.store.rows import check_row, exemption_row, finding_row, run_row
from posture.store.tables import EXEMPTIONS, FINDINGS, METADATA, RUN_CHECKS, RUNS
from posture.usecases.ports.acting import PlanQuery
from tests.domain.builders import CHECK, MONDAY, TENANT, a_check_result, a_finding, a_run, an_exemption
from tests.domain.telling import a_notice
from tests.store.postgresql import Cluster
from tests.usecases.builders import a_plan, an_audit_event, an_operator


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a database in which there is nothing yet, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/posture.db"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.url(cluster.new_database())


def _upgrade_to(engine: Engine, revision: str) -> None:
    """Make a database as an earlier version left it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def _skipped(check: str, reason: SkipReason) -> CheckResult:
    return a_check_result(check=check, outcome=CheckOutcome.SKIPPED, skipped=reason, counts=None)


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(store: Store, engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == LATEST


def test_the_latest_revision_is_the_last_of_one_line() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [LATEST]


def test_opening_again_keeps_what_is_there(store: Store, url: str) -> None:
    with store.open_unit(TENANT) as unit:
        unit.findings.save([a_finding()])

    with closing(prepare_store(url)) as again, again.reading() as reader:
        assert list(reader.findings(FindingFilter())) == [a_finding()]


def test_a_database_of_the_first_version_keeps_what_is_in_it_and_can_then_hold_plans(
    url: str, engine: Engine
) -> None:
    _upgrade_to(engine, "0001")
    with engine.begin() as connection:
        connection.execute(insert(FINDINGS).values(finding_row(a_finding())))
        connection.execute(insert(RUNS).values(run_row(a_run())))
        connection.execute(insert(EXEMPTIONS).values(**exemption_row(an_exemption()), added_at=MONDAY))

    with closing(prepare_store(url)) as store:
        with store.open_acting_unit() as unit:
            unit.add_plan(a_plan())
            unit.record(an_audit_event())

            assert unit.finding(a_finding().fingerprint) == a_finding()
            assert unit.plans(PlanQuery()) == [a_plan()]
        with store.reading() as reader:
            assert reader.runs(TENANT, limit=9) == [a_run()]
            assert [kept.exemption.reason for kept in reader.exemptions()] == [an_exemption().reason]


def test_a_database_of_the_second_version_keeps_what_is_in_it_and_knows_how_its_checks_stand(
    url: str, engine: Engine
) -> None:
    off = SkipReason(kind=SkipKind.SWITCHED_OFF, detail="switched off")
    missing = SkipReason(kind=SkipKind.LICENCE_MISSING, detail="needs P2")
    results = {
        1: [a_check_result(), a_check_result(check="mfa-gaps"), _skipped("risky-users", missing)],
        2: [_skipped(CHECK, missing), _skipped("mfa-gaps", off), _skipped("risky-users", missing)],
        3: [_skipped("never-on", off)],
    }
    _upgrade_to(engine, "0002")
    with engine.begin() as connection:
        connection.execute(insert(PLANS).values(plan_row(a_plan())))
        for number, checks in results.items():
            run = a_run(id=f"run-{number}", taken_at=MONDAY + number * timedelta(days=1), state=RunState.COMPLETE)
            connection.execute(insert(RUNS).values(run_row(run)))
            for position, result in enumerate(checks):
                connection.execute(insert(RUN_CHECKS).values(check_row(run, position, result)))

    with closing(prepare_store(url)) as store:
        with store.open_unit(TENANT) as unit:
            standings = {
                str(each.check): (each.outcome, each.skip_kind, each.evaluated_at)
                for each in unit.standings().values()
            }
            unit.add_notices([a_notice()])
        with store.open_outbox() as outbox:
            assert outbox.unrouted(9) == [a_notice()]
        with store.reading() as reader:
            assert [plan.id for plan in reader.acting.plans()] == [a_plan().id]

    tuesday = MONDAY + timedelta(days=1)
    assert standings == {
        CHECK: (CheckOutcome.SKIPPED, SkipKind.LICENCE_MISSING, tuesday),
        "mfa-gaps": (CheckOutcome.EVALUATED, None, tuesday),
        "risky-users": (CheckOutcome.SKIPPED, SkipKind.LICENCE_MISSING, None),
    }


def test_operators_of_the_third_version_keep_what_they_may_do_and_can_then_sign_in(url: str, engine: Engine) -> None:
    _upgrade_to(engine, "0003")
    people = {"ada": an_operator("ada"), "vic": an_operator("vic", role=Role.VIEWER, revoked_at=MONDAY)}
    with engine.begin() as connection:
        for number, operator in enumerate(people.values()):
            row = operator_row(operator, token_hash=f"{number:064x}")
            of_then = {name: value for name, value in row.items() if name not in ("tenants", "scopes", "subject")}
            connection.execute(insert(OPERATORS).values(of_then))

    with closing(prepare_store(url)) as store:
        with store.reading() as reader:
            assert reader.acting.operators() == list(people.values())
            assert reader.acting.operator_by_token(f"{0:064x}") == people["ada"]
        with store.open_sign_ins() as sign_ins:
            assert sign_ins.end_all(people["ada"], at=MONDAY) == 0


def test_a_database_of_a_newer_version_is_refused_and_left_alone(store: Store, url: str, engine: Engine) -> None:
    _run(engine, "update alembic_version set version_num = '9999'")

    with pytest.raises(StoreError, match=r"newer version of posture \(revision 9999\): install that version"):
        prepare_store(url)

    with engine.connect() as connection:
        assert connection.execute(text("select version_num from alembic_version")).scalar() == "9999"


def test_tables_of_another_program_are_not_touched(url: str, engine: Engine) -> None:
    _run(engine, "create table runs (miles integer)")

    with pytest.raises(StoreError, match="belongs to another program: give posture a database of its own"):
        prepare_store(url)

    assert inspect(engine).get_table_names() == ["runs"]


def test_a_database_whose_creation_was_interrupted_is_completed(url: str, engine: Engine) -> None:
    _run(engine, "create table alembic_version (version_num varchar(32) not null primary key)")

    with closing(prepare_store(url)) as store, store.reading() as reader:
        assert reader.count(FindingFilter()) == 0


def test_processes_that_start_together_make_one_database(url: str) -> None:
    together = Barrier(4)

    def start() -> int:
        together.wait()
        with closing(prepare_store(url)) as store, store.reading() as reader:
            return reader.count(FindingFilter())

    with ThreadPoolExecutor(4) as pool:
        counts = [started.result() for started in [pool.submit(start) for _ in range(4)]]

    assert counts == [0, 0, 0, 0]
