"""The queues of a fleet are made once, changed to newer versions, and left alone if they are not posture's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from procrastinate.schema import SchemaManager

from posture.errors import StoreError
from posture.schedule.distributed_schema import prepare_queues
from posture.store.database import prepare_store
from tests.schedule.fleet import rows

CHANGES = "select count(*), count(distinct change) from fleet_schema"
EVENTS = "select count(*) from pg_trigger where tgname = 'procrastinate_trigger_status_events_update_v1'"
BEFORE_THE_LAST_CHANGE = """
    drop function procrastinate_trigger_function_status_events_update_v1 cascade;
    delete from fleet_schema where change = '03.04.00_50_post_add_retry_failed_job_procedure'"""


def prepared(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        prepare_queues(connection)


def run(database: str, statement: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_of_workers_that_start_at_once_one_makes_the_queues(database: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(prepared, [database] * 4))

    changes, distinct = rows(database, CHANGES)[0]
    assert changes == distinct
    assert rows(database, "select count(*) from procrastinate_jobs") == [(0,)]


def test_queues_of_an_older_version_are_changed(database: str) -> None:
    prepared(database)
    run(database, BEFORE_THE_LAST_CHANGE)

    prepared(database)

    assert rows(database, EVENTS) == [(1,)]


def test_queues_of_a_newer_version_are_refused(database: str) -> None:
    prepared(database)
    run(database, "insert into fleet_schema (change) values ('99.00.00_01_of_the_future')")

    with pytest.raises(StoreError, match=r"newer version of Procrastinate \(99\.00\.00_01_of_the_future\)"):
        prepared(database)


def test_queues_of_another_program_are_left_alone(database: str) -> None:
    run(database, SchemaManager.get_schema())

    with pytest.raises(StoreError, match="another program that uses Procrastinate"):
        prepared(database)

    assert rows(database, "select to_regclass('fleet_schema')") == [(None,)]


def test_the_store_opens_a_database_that_holds_queues(database: str) -> None:
    prepared(database)

    prepare_store(database).close()

    assert rows(database, "select count(*) from jobs") == [(0,)]
