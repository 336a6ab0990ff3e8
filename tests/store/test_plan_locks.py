"""Locks on plans: one holder at a time, and none that outlives its process."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from posture.errors import PlanInProgress, StoreError
from posture.store.database import Store, prepare_store
from posture.usecases.ports.acting import PlanLocks
from tests.ports.memory_acting import MemoryPlanLocks
from tests.store.postgresql import Cluster
from tests.store.prepared import prepared_store

HOLDER = """
import sys, time
from posture.store.database import prepare_store
with prepare_store(sys.argv[1]).plan_locks().hold("a1b2c3"):
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def _another_process(url: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process that holds plan a1b2c3, and wait until it does."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def _end_all_other_sessions(connection: Connection) -> None:
    kill = (
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    connection.execute(text(kill))


def _hold(locks: PlanLocks, plan_id: str = "a1b2c3") -> None:
    with locks.hold(plan_id):
        pass


def _hold_as_soon_as_free(locks: PlanLocks) -> None:
    """Hold a plan whose holder has just died: a server takes a moment to see that."""
    for _ in range(10_000):
        with suppress(PlanInProgress):
            return _hold(locks)
    return _hold(locks)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def locks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlanLocks]:
    """Every implementation of the port."""
    if request.param == "memory":
        yield MemoryPlanLocks()
        return
    with prepared_store(request.param, request, tmp_path) as opened:
        yield opened.plan_locks()


def test_a_held_plan_is_refused_to_a_second_holder(locks: PlanLocks) -> None:
    with locks.hold("a1b2c3"), pytest.raises(PlanInProgress, match="a1b2c3"):
        _hold(locks)


def test_plans_do_not_block_each_other(locks: PlanLocks) -> None:
    with locks.hold("a1b2c3"), locks.hold("ffff"), locks.hold("a1b2c"):
        pass


def test_a_plan_is_free_again_after_its_holder_is_done_or_failed(locks: PlanLocks) -> None:
    _hold(locks)
    with pytest.raises(ZeroDivisionError), locks.hold("a1b2c3"):
        raise ZeroDivisionError

    _hold(locks)


def test_a_refused_holder_does_not_free_the_plan(locks: PlanLocks) -> None:
    with locks.hold("a1b2c3"):
        for _ in range(2):
            with pytest.raises(PlanInProgress):
                _hold(locks)


def test_a_refusal_says_what_to_do(store: Store) -> None:
    with (
        store.plan_locks().hold("a1b2c3"),
        pytest.raises(
            PlanInProgress, match=r"another process executes plan a1b2c3 \(.*\): wait until it has ended, or"
        ),
    ):
        _hold(store.plan_locks())


def test_a_plan_held_by_another_process_is_free_when_that_is_killed(url: str, store: Store) -> None:
    with _another_process(url) as holder:
        with pytest.raises(PlanInProgress):
            _hold(store.plan_locks())

        holder.send_signal(signal.SIGKILL)
        holder.wait()

        _hold_as_soon_as_free(store.plan_locks())


def test_more_plans_can_be_held_while_units_are_open(store: Store) -> None:
    with store.plan_locks().hold("a1b2c3"), store.open_acting_unit() as unit:
        assert unit.plan("a1b2c3") is None


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("plan_id", ["../../x", "/etc/passwd", "..", "a\x00b", "plan a"])
def test_locks_stay_in_their_directory_whatever_the_plan_is_called(
    store: Store, tmp_path: Path, plan_id: str
) -> None:
    with store.plan_locks().hold(plan_id), pytest.raises(PlanInProgress):
        _hold(store.plan_locks(), plan_id)

    directory = tmp_path / "posture.db.locks"
    assert directory.stat().st_mode & 0o077 == 0
    assert [path.is_file() for path in directory.iterdir()] == [True]
    assert {path.name for path in tmp_path.iterdir()} <= {
        "posture.db",
        "posture.db-wal",
        "posture.db-shm",
        directory.name,
    }


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_directory_that_cannot_be_written_is_told(store: Store, tmp_path: Path) -> None:
    (tmp_path / "posture.db.locks").write_text("")

    with pytest.raises(
        StoreError, match=r"posture\.db\.locks/plan-a1b2c3\.lock cannot be locked .*: give the account"
    ):
        _hold(store.plan_locks())


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_lock_is_gone_with_its_connection_and_its_holder_can_still_leave(store: Store, engine: Engine) -> None:
    with store.plan_locks().hold("a1b2c3"):
        with engine.connect() as connection:
            _end_all_other_sessions(connection)

        _hold_as_soon_as_free(store.plan_locks())


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_holder_keeps_no_transaction_open(store: Store, engine: Engine) -> None:
    idle = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"

    with store.plan_locks().hold("a1b2c3"), engine.connect() as connection:
        assert connection.execute(text(idle)).scalar() == 0


def test_a_server_that_lets_nobody_in_is_told(cluster: Cluster) -> None:
    name = cluster.new_database()
    with closing(prepare_store(cluster.url(name))) as store:
        locks = store.plan_locks()
        store.close()
        cluster.run(f"alter database {name} with allow_connections false")

        with pytest.raises(StoreError, match=f"the database {name} on"):
            _hold(locks)


def test_a_store_that_was_closed_still_frees_its_plans(url: str) -> None:
    store = prepare_store(url, patience=timedelta(milliseconds=200))
    with store.plan_locks().hold("a1b2c3"):
        store.close()

    _hold(store.plan_locks())
    store.close()
