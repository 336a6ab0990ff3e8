"""Jobs brought to the workers of a fleet."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import psycopg
import pytest

from posture.domain.job_kind import JobKind
from posture.errors import StoreError
from posture.schedule.distributed import FleetEngine
from tests.schedule.fleet import HASTY, LONGEST, Bench, a_job, rows, until, working
from tests.store.postgresql import Cluster, free_port

WAITING = "select args ->> 'job_id' from procrastinate_jobs where status = 'todo' order by id"
HELD = "select count(*) from procrastinate_jobs where status = 'doing'"


@pytest.fixture
def engine(database: str) -> FleetEngine:
    return FleetEngine(database, rhythm=HASTY)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_job_that_was_handed_over_is_brought_once_and_forgotten(
    engine: FleetEngine, bench: Bench, database: str
) -> None:
    job = a_job()
    engine.hand_over([job])

    with working(engine, bench), working(engine, bench):
        bench.wait_for(lambda: bench.ended == [job.id])

    assert bench.begun == [job.id]
    assert rows(database, "select count(*) from procrastinate_jobs") == [(0,)]


def test_a_job_that_waits_already_is_not_brought_a_second_time(engine: FleetEngine, database: str) -> None:
    job, other = a_job(), a_job(tenant="fabrikam")
    engine.hand_over([job])

    engine.hand_over([other, job])

    assert rows(database, WAITING) == [(job.id,), (other.id,)]


def test_a_job_left_in_a_queue_that_nobody_takes_from_any_more_keeps_no_other_one_back(
    engine: FleetEngine, bench: Bench
) -> None:
    left, later = a_job(queue="north"), a_job(queue="south")
    engine.hand_over([left])

    with working(engine, bench, queues=["south"]):
        engine.hand_over([later])
        bench.wait_for(lambda: bench.ended == [left.id, later.id])


def test_a_job_whose_tenant_has_another_queue_now_is_brought_from_there(engine: FleetEngine, bench: Bench) -> None:
    job = a_job(queue="north")
    engine.hand_over([job])

    with working(engine, bench, queues=["south"]):
        engine.hand_over([replace(job, queue="south")])
        bench.wait_for(lambda: bench.ended == [job.id])

    assert bench.begun == [job.id]


def test_jobs_that_another_process_hands_over_at_the_same_moment_are_not_brought_twice(
    engine: FleetEngine, database: str
) -> None:
    job, other = a_job(), a_job(tenant="fabrikam")
    engine.hand_over([])  # makes the queues
    blocked = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with psycopg.connect(database) as another, ThreadPoolExecutor(1) as threads:
        another.execute(
            "insert into procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args) "
            "values ('default', 'posture.bring', %s, %s, jsonb_build_object('job_id', %s::text))",
            [job.lock, job.id, job.id],
        )
        handing = threads.submit(engine.hand_over, [job, other])
        until(lambda: rows(database, blocked) == [(1,)])
        another.commit()
        handing.result(LONGEST)

    assert rows(database, WAITING) == [(job.id,), (other.id,)]


def test_a_worker_at_rest_is_woken(database: str, bench: Bench) -> None:
    drowsy = FleetEngine(database, rhythm=replace(HASTY, poll=3600))
    listening = "select count(*) from pg_stat_activity where datname = current_database() and query like 'LISTEN%'"
    with working(drowsy, bench):
        until(lambda: rows(database, listening) == [(1,)])
        job = a_job()
        drowsy.hand_over([job])

        bench.wait_for(lambda: bench.ended == [job.id])


def test_what_is_urgent_goes_first(engine: FleetEngine, bench: Bench) -> None:
    export, scan, plan = (a_job(kind) for kind in (JobKind.EXPORT, JobKind.SCAN, JobKind.EXECUTE))
    engine.hand_over([export, scan, plan])

    with working(engine, bench, threads=1):
        bench.wait_for(lambda: len(bench.ended) == 3)

    assert bench.begun == [plan.id, scan.id, export.id]


@pytest.mark.parametrize("queues", [(), ("north",)], ids=["all queues", "one queue"])
def test_scans_leave_one_thread_to_what_somebody_waits_for(
    engine: FleetEngine, bench: Bench, queues: tuple[str, ...]
) -> None:
    scans = [a_job(tenant=f"tenant {number}", queue="north") for number in range(4)]
    plan = a_job(JobKind.EXECUTE, queue="north")
    bench.hold(*scans)
    engine.hand_over(scans)
    with working(engine, bench, queues=queues, threads=3):
        bench.wait_for(lambda: len(bench.begun) == 2)

        engine.hand_over([plan])
        bench.wait_for(lambda: bench.ended == [plan.id])
        bench.release(*scans)
        bench.wait_for(lambda: len(bench.ended) == 5)

    assert bench.begun == [scans[0].id, scans[1].id, plan.id, scans[2].id, scans[3].id]


def test_a_single_thread_does_everything(engine: FleetEngine, bench: Bench) -> None:
    scan = a_job()
    engine.hand_over([scan])

    with working(engine, bench, threads=1):
        bench.wait_for(lambda: bench.ended == [scan.id])


def test_two_scans_of_a_tenant_never_run_at_once_whatever_the_number_of_workers(
    engine: FleetEngine, bench: Bench
) -> None:
    scans = [a_job() for _ in range(8)]
    other = a_job(tenant="fabrikam")
    bench.expect(*scans, other)
    bench.hold(scans[0])
    engine.hand_over([*scans, other])

    with working(engine, bench), working(engine, bench), working(engine, bench):
        bench.wait_for(lambda: bench.ended == [other.id])
        bench.release(scans[0])
        bench.wait_for(lambda: len(bench.ended) == 9)

    assert bench.most_at_once == {scans[0].lock: 1, other.lock: 1}


def test_a_worker_takes_only_from_its_queues(engine: FleetEngine, bench: Bench, database: str) -> None:
    ours, theirs = a_job(queue="north"), a_job(tenant="fabrikam", queue="south")
    engine.hand_over([theirs, ours])

    with working(engine, bench, queues=["north"]):
        bench.wait_for(lambda: bench.ended == [ours.id])

    assert rows(database, WAITING) == [(theirs.id,)]


def test_what_a_dead_worker_had_is_given_back_to_the_book_and_brought_to_another(
    engine: FleetEngine, bench: Bench, database: str
) -> None:
    job = a_job()
    engine.hand_over([job])
    take_and_die(database)

    with working(engine, bench):
        bench.wait_for(lambda: bench.ended == [job.id])

    assert (bench.begun, bench.taken_over) == ([job.id], [job.id])


def take_and_die(database: str) -> None:
    """Take the next job as a worker does that is never heard of again."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 minute')")
        connection.execute("select procrastinate_fetch_job_v2(null, (select max(id) from procrastinate_workers))")


def test_a_worker_that_waits_for_its_last_job_is_not_taken_for_dead(
    engine: FleetEngine, bench: Bench, database: str
) -> None:
    job = a_job()
    bench.hold(job)
    engine.hand_over([job])
    with working(engine, bench) as stop:
        bench.wait_for(lambda: bench.begun == [job.id])
        stop.set()

        with working(engine, bench):
            long_after = now(database) + timedelta(seconds=1.5 * HASTY.stalled)
            until(lambda: all(beat > long_after for beat in heartbeats(database)))
            assert len(heartbeats(database)) == 2
            bench.release(job)

    assert (bench.begun, bench.taken_over) == ([job.id], [])


def now(database: str) -> datetime:
    moment: Any = rows(database, "select clock_timestamp()")[0][0]
    return cast(datetime, moment)


def heartbeats(database: str) -> list[datetime]:
    found: Any = rows(database, "select last_heartbeat from procrastinate_workers")
    return [beat for (beat,) in found]


def test_a_job_for_which_the_database_was_away_is_brought_again(
    engine: FleetEngine, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    job = a_job()
    bench.refuse(job, StoreError("the database does not answer"))
    engine.hand_over([job])

    with caplog.at_level(logging.INFO), working(engine, bench):
        bench.wait_for(lambda: bench.ended == [job.id])

    assert bench.taken_over == [job.id]
    assert f"Job {job.id} waits: the database does not answer" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_job_that_broke_where_nothing_should_break_is_not_dropped(
    engine: FleetEngine, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    job = a_job()
    bench.refuse(job, RuntimeError("a fault of ours"))
    engine.hand_over([job])

    with caplog.at_level(logging.INFO), working(engine, bench):
        bench.wait_for(lambda: bench.ended == [job.id])

    assert bench.taken_over == [job.id]
    assert "RuntimeError: a fault of ours" in caplog.text


def test_a_worker_outlives_its_connections_and_loses_no_job(
    engine: FleetEngine, bench: Bench, cluster: Cluster, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    before, after = a_job(), a_job(tenant="fabrikam")
    bench.hold(before)
    engine.hand_over([before])
    with working(engine, bench), caplog.at_level(logging.WARNING):
        bench.wait_for(lambda: bench.begun == [before.id])

        let_in(cluster, database, is_open=False)
        until(lambda: "The database does not answer" in caplog.text)
        bench.release(before)
        let_in(cluster, database, is_open=True)
        until(lambda: "The database answers again" in caplog.text)
        engine.hand_over([after])
        bench.wait_for(lambda: bench.ended == [before.id, after.id])
        until(lambda: rows(database, "select count(*) from procrastinate_jobs") == [(0,)])

    assert (bench.begun, bench.taken_over) == ([before.id, after.id], [])
    assert "Traceback" not in caplog.text


def let_in(cluster: Cluster, database: str, *, is_open: bool) -> None:
    """Let nobody into a database any more, and end who is in it; or let them in again."""
    name = database.rsplit("/", 1)[1]
    cluster.run(f"alter database {name} allow_connections {is_open}")
    if not is_open:
        cluster.run(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")  # noqa: S608


def test_a_worker_stops_although_the_database_is_away(
    engine: FleetEngine, bench: Bench, cluster: Cluster, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    job = a_job()
    bench.hold(job)
    engine.hand_over([job])
    with working(engine, bench) as stop:
        bench.wait_for(lambda: bench.begun == [job.id])
        let_in(cluster, database, is_open=False)
        stop.set()
        bench.release(job)

    assert bench.ended == [job.id]


def test_a_worker_that_starts_before_its_database_waits_for_it(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = FleetEngine(f"postgresql://posture:a-secret@127.0.0.1:{free_port()}/none", rhythm=HASTY)

    with working(nowhere, bench), caplog.at_level(logging.WARNING):
        until(lambda: "The database does not answer" in caplog.text)

    assert "a-secret" not in caplog.text


def test_handing_over_to_a_database_that_is_away_is_told_in_a_sentence() -> None:
    nowhere = FleetEngine(f"postgresql://posture:a-secret@127.0.0.1:{free_port()}/none")

    with pytest.raises(StoreError, match="the queues in the database cannot be used") as told:
        nowhere.hand_over([a_job()])

    assert "a-secret" not in str(told.value)
