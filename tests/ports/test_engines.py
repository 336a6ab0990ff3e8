"""What every engine does, whichever brings the jobs: threads of one process over SQLite, a fleet over PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from posture.domain.job import Job, JobState, begun
from posture.domain.job_kind import JobKind
from posture.errors import TenantUnreachable
from posture.schedule.distributed import FleetEngine
from posture.schedule.local import LocalEngine
from posture.store.database import Store, prepare_store
from posture.usecases.enqueue import hand_over
from posture.usecases.ports import Engine
from posture.usecases.run_job import Outcome, RunJobs, Step
from tests.domain.jobs import CONTOSO, FABRIKAM, NOON, a_job
from tests.schedule.fleet import HASTY
from tests.store.postgresql import Cluster
from tests.usecases.working_desk import HandClock, Watching

LONGEST = 30.0
EMPTY = "truncate procrastinate_jobs, procrastinate_workers cascade"
TAKE = "select procrastinate_fetch_job_v2(null, (select max(id) from procrastinate_workers))"
DEAD = "insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 minute')"


@dataclass
class Place:
    """A database with its engine, and what the jobs in it did. Jobs in ``gates`` go on when their gate opens."""

    store: Store
    engine: Engine
    fleet: str | None
    clock: HandClock = field(default_factory=HandClock)
    gates: dict[str, threading.Event] = field(default_factory=dict)
    troubles: dict[str, Exception] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    met: set[frozenset[str]] = field(default_factory=set)

    def do(self, job: Job) -> Generator[Step, None, Outcome]:
        self.begun.append(job.id)
        self.met |= {frozenset((job.id, other)) for other in self.running}
        self.running.add(job.id)
        try:
            while job.id in self.gates and not self.gates[job.id].wait(0.01):
                yield Step(progress="at the gate", may_park=True)
            if job.id in self.troubles:
                raise self.troubles.pop(job.id)
            return Outcome(result={})
        finally:
            self.running.discard(job.id)

    def add(self, *jobs: Job) -> None:
        with self.store.open_work() as book:
            for job in jobs:
                book.add(job)
        self.sweep()

    def sweep(self) -> None:
        """Hand over what may begin, as each worker does every second."""
        hand_over(open_book=self.store.open_work, engine=self.engine, clock=self.clock)

    def hold(self, *ids: str) -> None:
        self.gates |= {id: threading.Event() for id in ids}

    @contextmanager
    def working(
        self, name: str = "w1", *, queues: Collection[str] = (), threads: int = 2
    ) -> Iterator[threading.Event]:
        stop = threading.Event()
        runner = RunJobs(
            lambda: dict.fromkeys(JobKind, self.do),
            worker=name,
            open_book=self.store.open_work,
            clock=self.clock,
            stop=stop,
            watch=Watching(),
        )
        arguments: dict[str, Any] = {"queues": queues, "threads": threads, "stop": stop}
        thread = threading.Thread(target=self.engine.run, args=[runner], kwargs=arguments)
        thread.start()
        try:
            yield stop
        finally:
            stop.set()
            thread.join(LONGEST)
            assert not thread.is_alive()

    def job(self, id: str) -> Job:
        with self.store.reading() as reader:
            found = reader.work.job(id)
        assert found is not None
        return found

    def until(self, is_so: Callable[[], bool]) -> None:
        ends = time.monotonic() + LONGEST
        while not is_so():
            assert time.monotonic() < ends, "it did not come so"
            time.sleep(0.01)

    def until_done(self, *ids: str) -> None:
        self.until(lambda: all(self.job(id).state is JobState.DONE for id in ids))

    def die_with(self, job: Job) -> None:
        """Let a worker take the job, begin it, and never be heard of again."""
        if self.fleet is not None:
            with psycopg.connect(self.fleet, autocommit=True) as connection:
                connection.execute(DEAD)
                connection.execute(TAKE)
        with self.store.open_work() as book:
            assert book.save(begun(job, worker="dead", now=NOON), was=job)


@pytest.fixture(scope="module", params=["embedded", "fleet"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """A database of each kind, and its URL."""
    if request.param == "embedded":
        url = f"sqlite:///{tmp_path_factory.mktemp('engines')}/posture.db"
        store = prepare_store(url)
        yield store, url
        store.close()
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with cluster.prepared_database() as url:
        store = prepare_store(url)
        FleetEngine(url).hand_over([])
        yield store, url
        store.close()


@pytest.fixture
def place(opened: tuple[Store, str]) -> Place:
    store, url = opened
    with store.open_work() as book:
        book._connection.exec_driver_sql(
            "delete from jobs"
        )  # a new database for each test would take most of its time
    clock = HandClock()
    if url.startswith("sqlite"):
        lock = store.worker_lock()
        assert lock is not None
        local = LocalEngine(
            open_book=store.open_work, hold=lambda: lock.hold(since=NOON), clock=clock, poll_seconds=0.01
        )
        return Place(store, local, None, clock=clock)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(EMPTY)
    return Place(store, FleetEngine(url, rhythm=HASTY), url, clock=clock)


def scans(*ids: str) -> Sequence[Job]:
    """Scans of different tenants."""
    return [a_job(id, tenant_id=f"tenant of {id}") for id in ids]


def test_jobs_are_run_to_their_end(place: Place) -> None:
    place.add(*scans("a", "b", "c"))

    with place.working():
        place.until_done("a", "b", "c")

    assert sorted(place.begun) == ["a", "b", "c"]
    assert place.job("a").worker == "w1"


def test_jobs_that_come_while_a_worker_works_are_run(place: Place) -> None:
    with place.working():
        place.add(*scans("a"))

        place.until_done("a")


def test_of_what_waits_the_most_urgent_goes_first(place: Place) -> None:
    place.add(
        a_job("retention", JobKind.RETENTION),
        a_job("export", JobKind.EXPORT),
        a_job("scan"),
        a_job("notify", JobKind.NOTIFY),
        a_job("plan", JobKind.EXECUTE),
    )

    with place.working(threads=1):
        place.until_done("retention", "export", "scan", "notify", "plan")

    assert place.begun == ["plan", "notify", "scan", "export", "retention"]


def test_one_scan_of_a_tenant_runs_at_a_time_beside_those_of_others(place: Place) -> None:
    place.hold("a", "other")
    place.add(a_job("a"), a_job("b"), a_job("other", tenant_id=FABRIKAM))

    with place.working(threads=4):
        place.until(lambda: place.running == {"a", "other"})
        for id in ("a", "other"):
            place.gates[id].set()
        place.until_done("a", "b", "other")

    assert frozenset(("a", "b")) not in place.met


def test_a_plan_is_executed_while_the_same_tenant_is_scanned(place: Place) -> None:
    place.hold("scan")
    place.add(a_job("scan"))
    with place.working(threads=2):
        place.until(lambda: place.running == {"scan"})

        place.add(a_job("plan", JobKind.EXECUTE))
        place.until_done("plan")
        place.gates["scan"].set()
        place.until_done("scan")


def test_scans_that_fill_the_threads_do_not_keep_a_plan_waiting(place: Place) -> None:
    place.hold("a", "b", "c")
    place.add(*scans("a", "b", "c"))
    with place.working(threads=3):
        place.until(lambda: place.running == {"a", "b"})

        place.add(a_job("plan", JobKind.EXECUTE))
        place.until_done("plan")
        for gate in place.gates.values():
            gate.set()
        place.until_done("a", "b", "c")

    assert sorted(place.begun[:2]) == ["a", "b"]  # of two threads, either may be the first to say so
    assert place.begun[2:] == ["plan", "c"]


def test_a_worker_leaves_other_queues_alone(place: Place) -> None:
    place.add(a_job("ours", queue="north"), a_job("theirs", tenant_id=FABRIKAM, queue="south"))

    with place.working(queues=["north"]):
        place.until_done("ours")

    assert place.job("theirs").state is JobState.WAITING


def test_nothing_is_begun_before_its_time(place: Place) -> None:
    place.add(a_job("later", not_before=NOON + timedelta(hours=1)), *scans("now"))
    with place.working():
        place.until_done("now")
        assert place.job("later").state is JobState.WAITING

        place.clock.at = NOON + timedelta(hours=1)
        place.sweep()
        place.until_done("later")


def test_a_job_in_trouble_is_run_again_when_that_may_have_passed(place: Place) -> None:
    place.troubles["a"] = TenantUnreachable("no answer")
    place.add(*scans("a"))
    with place.working():
        place.until(lambda: place.job("a").failures == 1)
        assert place.job("a").state is JobState.WAITING

        place.clock.at = place.job("a").not_before
        place.sweep()
        place.until_done("a")

    assert place.begun == ["a", "a"]


def test_a_job_that_breaks_does_not_end_its_worker(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.troubles["a"] = RuntimeError("a fault of ours")
    place.add(a_job("a", JobKind.RETENTION), *scans("b"))

    with place.working():
        place.until_done("b")
        place.until(lambda: place.job("a").state is JobState.FAILED)

    assert "RuntimeError" in (place.job("a").error or "")


def test_a_worker_that_is_stopped_parks_its_jobs_and_the_next_one_goes_on(place: Place) -> None:
    place.hold("a")
    place.add(*scans("a"))
    with place.working("w1") as stop:
        place.until(lambda: place.running == {"a"})
        stop.set()
    assert (place.job("a").state, place.job("a").tries) == (JobState.WAITING, 0)

    place.gates["a"].set()
    place.sweep()
    with place.working("w2"):
        place.until_done("a")

    assert (place.job("a").worker, place.job("a").tries) == ("w2", 1)


def test_the_job_of_a_dead_worker_is_taken_over(place: Place) -> None:
    job = a_job("a", tenant_id=CONTOSO)
    place.add(job)
    place.die_with(job)

    with place.working("w2"):
        place.until_done("a")

    assert (place.job("a").worker, place.job("a").tries) == ("w2", 2)
    assert place.begun == ["a"]


def test_a_job_that_is_brought_too_often_is_run_once(place: Place) -> None:
    place.hold("a")
    place.add(*scans("a"))
    with place.working():
        place.until(lambda: place.running == {"a"})
        place.engine.hand_over([place.job("a")])
        place.gates["a"].set()
        place.until_done("a")
        place.engine.hand_over([place.job("a")])
        place.add(*scans("b"))
        place.until_done("b")

    assert place.begun == ["a", "b"]


WITHOUT_FLEET = """
import sys
sys.modules["procrastinate"] = sys.modules["psycopg"] = None
from pathlib import Path
from posture.bootstrap import load_application
application = load_application(Path(sys.argv[1]))
application.working.notice()
application.working.hand_over()
print(type(application.working.engine).__name__)
"""


def test_an_embedded_database_needs_nothing_of_what_a_fleet_needs(tmp_path: Path) -> None:
    settings = tmp_path / "posture.yaml"
    settings.write_text(
        f"store: {{url: 'sqlite:///{tmp_path}/posture.db'}}\n"
        f"tenants: [{{name: contoso, tenant_id: {CONTOSO}, "
        f"reader: {{client_id: {CONTOSO}, client_secret: made-up}}}}]\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_FLEET, settings], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stdout.strip()) == (0, "LocalEngine"), done.stderr
