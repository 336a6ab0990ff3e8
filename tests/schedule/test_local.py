"""The engine of an embedded database: threads of one process, and only one process."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from posture.domain.job import Job, JobState
from posture.domain.job_kind import JobKind
from posture.errors import StoreError, WorkerRunning
from posture.schedule.local import LocalEngine
from posture.store.database import Store, prepare_store
from posture.store.worker_lock import FileWorkerLock
from posture.usecases.run_job import Outcome, RunJobs, Step
from tests.domain.jobs import NOON, a_job
from tests.usecases.working_desk import HandClock, Watching

SOON = 10.0
"""Seconds that nothing here takes; waiting for longer fails."""


@dataclass
class Bench:
    """A worker whose jobs wait at a gate until the test opens it."""

    store: Store
    stop: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)
    begun: list[str] = field(default_factory=list)
    has_begun: threading.Condition = field(default_factory=threading.Condition)

    def do(self, job: Job) -> Generator[Step, None, Outcome]:
        with self.has_begun:
            self.begun.append(job.id)
            self.has_begun.notify_all()
        while not self.gate.wait(0.01):
            yield Step(progress="at the gate", may_park=True)
        return Outcome(result={})

    def engine(self) -> LocalEngine:
        return LocalEngine(open_book=self.store.open_work, hold=nullcontext, clock=HandClock(), poll_seconds=0.01)

    @contextmanager
    def working(self, *, threads: int = 2, queues: Collection[str] = ()) -> Iterator[None]:
        runner = RunJobs(
            lambda: dict.fromkeys(JobKind, self.do),
            worker="w1",
            open_book=self.store.open_work,
            clock=HandClock(),
            stop=self.stop,
            watch=Watching(),
        )
        arguments = {"queues": queues, "threads": threads, "stop": self.stop}
        thread = threading.Thread(target=self.engine().run, args=[runner], kwargs=arguments)
        thread.start()
        try:
            yield
        finally:
            self.stop.set()
            thread.join(SOON)
            assert not thread.is_alive()

    def add(self, *jobs: Job) -> None:
        with self.store.open_work() as book:
            for job in jobs:
                book.add(job)

    def wait_until_begun(self, *ids: str) -> None:
        with self.has_begun:
            assert self.has_begun.wait_for(lambda: set(ids) <= set(self.begun), SOON), self.begun

    def wait_until_ended(self, *ids: str) -> None:
        for _ in range(1000):
            if all(self.job(id).state.is_end for id in ids):
                return
            threading.Event().wait(0.01)
        raise AssertionError([self.job(id) for id in ids])

    def job(self, id: str) -> Job:
        with self.store.reading() as reader:
            found = reader.work.job(id)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = prepare_store(f"sqlite:///{tmp_path_factory.mktemp('local')}/posture.db")
    yield store
    store.close()


@pytest.fixture
def bench(database: Store) -> Bench:
    with database._engine.begin() as connection:  # a new database for each test would take most of their time
        connection.exec_driver_sql("delete from jobs")
    return Bench(database)


def scans(*ids: str) -> Sequence[Job]:
    return [a_job(id, tenant_id=f"tenant of {id}") for id in ids]


def test_jobs_that_wait_are_done(bench: Bench) -> None:
    bench.add(*scans("a", "b", "c"))
    bench.gate.set()

    with bench.working():
        bench.wait_until_ended("a", "b", "c")

    assert {bench.job(id).state for id in "abc"} == {JobState.DONE}


def test_one_scan_of_a_tenant_runs_at_a_time(bench: Bench) -> None:
    bench.add(a_job("a"), a_job("b"), *scans("other"))

    with bench.working(threads=4):
        bench.wait_until_begun("a", "other")
        assert bench.job("b").state is JobState.WAITING
        bench.gate.set()
        bench.wait_until_ended("a", "b", "other")

    assert bench.begun.index("a") < bench.begun.index("b")


def test_a_thread_is_kept_for_what_somebody_waits_for(bench: Bench) -> None:
    bench.add(*scans("a", "b", "c", "d"))

    with bench.working(threads=3):
        bench.wait_until_begun("a", "b")
        bench.add(a_job("plan", JobKind.EXECUTE))
        bench.wait_until_begun("plan")
        assert set(bench.begun) == {"a", "b", "plan"}
        bench.gate.set()
        bench.wait_until_ended("a", "b", "c", "d", "plan")


def test_with_one_thread_the_most_urgent_goes_first(bench: Bench) -> None:
    bench.add(a_job("export", JobKind.EXPORT), *scans("a"), a_job("plan", JobKind.EXECUTE))
    bench.gate.set()

    with bench.working(threads=1):
        bench.wait_until_ended("export", "a", "plan")

    assert bench.begun == ["plan", "a", "export"]


def test_only_jobs_of_the_named_queues_are_taken(bench: Bench) -> None:
    bench.add(*scans("a"), a_job("b", queue="apart", tenant_id="elsewhere"))
    bench.gate.set()

    with bench.working(queues=["apart"]):
        bench.wait_until_ended("b")

    assert bench.job("a").state is JobState.WAITING


def test_a_stop_parks_what_runs_and_takes_nothing_new(bench: Bench) -> None:
    bench.add(*scans("a", "b", "c"))

    with bench.working(threads=2):
        bench.wait_until_begun("a")

    assert {bench.job(id).state for id in "abc"} == {JobState.WAITING}
    assert {bench.job(id).tries for id in "abc"} == {0}


def test_what_a_killed_worker_had_begun_is_done_by_the_next_one(bench: Bench) -> None:
    bench.add(a_job("a", state=JobState.RUNNING, tries=1, worker="dead", started_at=NOON))
    bench.gate.set()

    with bench.working():
        bench.wait_until_ended("a")

    assert (bench.job("a").state, bench.job("a").tries, bench.job("a").worker) == (JobState.DONE, 2, "w1")


def test_a_database_that_is_away_for_a_moment_does_not_end_the_worker(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    lost = [StoreError("the database does not answer")] * 3

    @contextmanager
    def open_book() -> Iterator[object]:
        if lost:
            raise lost.pop()
        with bench.store.open_work() as book:
            yield book

    bench.engine = lambda: LocalEngine(  # type: ignore[method-assign]
        open_book=open_book, hold=nullcontext, clock=HandClock(), poll_seconds=0.01
    )
    bench.add(*scans("a"))
    bench.gate.set()

    with bench.working():
        bench.wait_until_ended("a")

    assert [record.levelname for record in caplog.records if "Jobs wait" in record.message] == ["WARNING"]


def test_a_second_worker_is_refused_and_told_who_holds_the_database(tmp_path: Path) -> None:
    lock = FileWorkerLock(tmp_path / "posture.db")
    since = datetime(2026, 3, 2, 12, tzinfo=UTC)

    with lock.hold(since=since), pytest.raises(WorkerRunning) as refused:
        FileWorkerLock(tmp_path / "posture.db").hold(since=since).__enter__()

    for part in (f"process {os.getpid()}", socket.gethostname(), "2026-03-02T12:00:00+00:00", "posture.db"):
        assert part in str(refused.value)


def test_a_worker_that_ended_leaves_the_database_to_the_next(tmp_path: Path) -> None:
    lock = FileWorkerLock(tmp_path / "posture.db")
    with lock.hold(since=NOON):
        pass

    with FileWorkerLock(tmp_path / "posture.db").hold(since=NOON):
        assert json.loads((tmp_path / "posture.db.locks" / "worker.json").read_text())["pid"] == os.getpid()


def test_a_holder_that_cannot_be_read_is_no_reason_for_a_traceback(tmp_path: Path) -> None:
    lock = FileWorkerLock(tmp_path / "posture.db")
    with lock.hold(since=NOON):
        (tmp_path / "posture.db.locks" / "worker.json").write_text("[half of")

        with pytest.raises(WorkerRunning, match=r"worker\.lock"):
            FileWorkerLock(tmp_path / "posture.db").hold(since=NOON).__enter__()


def test_locks_that_cannot_be_written_are_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "posture.db.locks").write_text("not a directory")

    with pytest.raises(StoreError, match="write access"):
        FileWorkerLock(tmp_path / "posture.db").hold(since=NOON).__enter__()
