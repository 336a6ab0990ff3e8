"""A week of a service whose processes are killed at any moment: every slot runs once, to its end."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import Engine, create_engine, select

from posture.bootstrap import Application, load_application
from posture.domain.job import JobState
from posture.simulator.registrations import DEMO_SECRET
from posture.simulator.server import SimulatorServer
from posture.store.tables import FINDING_CHANGES, RUNS
from posture.store.work_tables import JOBS, SLOTS
from tests.store.postgresql import Cluster, free_port

from .conftest import FAST, TRACEBACK, UNLICENSED_ID, company, tenant_lines, write_settings
from .made_up_time import FileClock
from .service_processes import REFUSED, serve_page, started, work

# A week with a change of the clocks in it: the night to Sunday has no 02:30 in Berlin.
MONDAY = datetime(2027, 3, 22, tzinfo=UTC)
WEEK = timedelta(days=7)
STEP = timedelta(hours=3)
BERLIN = ZoneInfo("Europe/Berlin")
# Many more of them take minutes: `make endurance` does them.
KILLS = 60 if os.environ.get("POSTURE_ENDURANCE") else 9
LONGEST = 60.0
REST = 2.0
"""Seconds until a worker that was turned away is started again."""
MORE = """\
store: {{url: "{url}"}}
service: {{listen: "127.0.0.1:{port}"}}
export: {{directory: ./exports, keep: 100}}
schedules:
  - {{name: nightly, job: scan, tags: [risk], cron: "30 2 * * *", zone: Europe/Berlin, jitter: 20m, catch_up: all}}
  - {{name: files, job: export, cron: "0 6 * * *", zone: UTC, catch_up: all}}
  - {{name: messages, job: notify, every: 6h, catch_up: all}}
  - {{name: tidy, job: retention, cron: "30 3 * * *", zone: UTC, catch_up: all}}
  - {{name: look, job: examine, every: 84h, catch_up: all}}
"""

Slot = tuple[str, str, datetime]
"""Schedule, tenant (empty for none), due time."""


def expected_slots(tenants: Sequence[str]) -> set[Slot]:
    """Return every slot of the week, worked out without posture."""
    ends = MONDAY + WEEK
    found: set[Slot] = set()
    for day in (MONDAY + timedelta(days=number) for number in range(-1, 8)):
        # What the clocks leave out is due when they have been put forward.
        night = datetime(day.year, day.month, day.day, 2, 30, tzinfo=BERLIN).astimezone(UTC)
        for tenant in tenants:
            found |= {("nightly", tenant, night), ("files", tenant, day + timedelta(hours=6))}
        found.add(("tidy", "", day + timedelta(hours=3, minutes=30)))
    for anchor, every, name in (
        (datetime(2024, 1, 1, tzinfo=UTC), 6, "messages"),
        (datetime(2024, 1, 1, tzinfo=UTC), 84, "look"),
    ):
        due = anchor
        while due <= ends:
            found |= {(name, tenant, due) for tenant in (tenants if name == "look" else [""])}
            due += timedelta(hours=every)
    return {slot for slot in found if MONDAY < slot[2] <= ends}


@dataclass(kw_only=True)
class Service:
    """Two workers and a page, what they run on, and what was seen of their slots."""

    config: Path
    clock: FileClock
    clock_file: Path
    application: Application
    port: int
    engine: Engine
    processes: dict[str, BaseProcess] = field(default_factory=dict)
    rests_until: dict[str, float] = field(default_factory=dict)
    seen: dict[Slot, set[str | None]] = field(default_factory=dict)
    refused: int = 0
    killed: Counter[str] = field(default_factory=Counter)

    def log(self, name: str) -> Path:
        return self.config.with_name(f"{name}.log")

    def keep_up(self) -> None:
        """Start what does not run, as whatever looks after services would; who was turned away waits a while."""
        for name in ("first worker", "second worker", "page"):
            process = self.processes.get(name)
            if process is not None and process.is_alive():
                continue
            if process is not None and name not in self.rests_until:
                assert process.exitcode in (REFUSED, -9), self.log(name).read_text()[-3000:]
                self.refused += process.exitcode == REFUSED
                self.rests_until[name] = time.monotonic() + (REST if process.exitcode == REFUSED else 0)
            if self.rests_until.get(name, 0) <= time.monotonic():
                self.rests_until.pop(name, None)
                self.processes[name] = self._started(name)

    def _started(self, name: str) -> BaseProcess:
        if name == "page":
            return started(serve_page, self.config, log=self.log(name))
        return started(work, self.config, self.clock_file, log=self.log(name))

    def kill_one(self, chance: random.Random) -> None:
        """Kill one of those that run, a worker more often than the page."""
        running = [name for name, process in self.processes.items() if process.is_alive()]
        if not running:
            return
        name = chance.choice([name for name in running for _ in range(1 if name == "page" else 3)])
        process = self.processes[name]
        process.kill()
        process.join(LONGEST)
        self.killed[name] += process.exitcode == -9

    def look(self) -> None:
        """Note the slots that are on record, before they are forgotten, and the job of each."""
        with self.engine.connect() as connection:
            for row in connection.execute(select(SLOTS)).mappings():
                self.seen.setdefault((row["schedule"], row["tenant_id"], row["due_at"]), set()).add(row["job_id"])

    def is_quiet(self, due: set[Slot]) -> bool:
        """Say whether every slot that has come is on record, and nothing waits that might begin."""
        self.look()
        with self.engine.connect() as connection:
            open_jobs = connection.execute(
                select(JOBS.c.state, JOBS.c.not_before).where(JOBS.c.state.in_(["waiting", "running"]))
            ).all()
        may_begin = [one for one in open_jobs if one.state == "running" or one.not_before <= self.clock.now()]
        return due <= self.seen.keys() and not may_begin

    def until_quiet(self, expected: set[Slot]) -> None:
        ends = time.monotonic() + LONGEST
        due = {slot for slot in expected if slot[2] <= self.clock.now()}
        while not self.is_quiet(due):
            assert time.monotonic() < ends, (due - self.seen.keys(), self.log("first worker").read_text()[-3000:])
            self.keep_up()
            time.sleep(0.05)

    def page_answers(self) -> bool:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=LONGEST)
        except httpx.TransportError:
            return False
        return answer.text == "ready\n"

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.join(LONGEST)
            process.close()
        self.engine.dispose()


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    """Two small companies."""
    tenants = [company(users=30), company(users=30, tenant_id=UNLICENSED_ID, seed=2)]
    with SimulatorServer(tenants=tenants, directory=tmp_path_factory.mktemp("simulator"), throttling=False) as server:
        yield server


@contextmanager
def service_on(url: str, simulator: SimulatorServer, directory: Path) -> Iterator[Service]:
    port = free_port()
    credential = f'client_secret: "{DEMO_SECRET}"'
    tenants = "".join(
        tenant_lines(simulator, name=name, tenant_id=tenant.tenant_id, credential=credential)
        for name, tenant in zip(("contoso", "fabrikam"), simulator.tenants, strict=True)
    )
    config = write_settings(directory, simulator, tenants=tenants, more=MORE.format(url=url, port=port))
    clock = FileClock(directory / "clock")
    clock.set(MONDAY)
    application = load_application(config, pace=FAST, clock=clock)
    # Whoever looks at a schedule for the first time begins with it there and then.
    application.working.notice()
    made = Service(
        config=config,
        clock=clock,
        clock_file=directory / "clock",
        application=application,
        port=port,
        engine=create_engine(url.replace("postgresql://", "postgresql+psycopg://")),
    )
    try:
        made.keep_up()
        yield made
    finally:
        made.end()
        application.store.close()


def live_through_the_week(service: Service, *, seed: int) -> set[Slot]:
    """Let the week pass, and kill a process at each of some moments; return the slots that were to run."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    expected = expected_slots([tenant.tenant_id for tenant in service.application.settings.tenants])
    steps = [MONDAY + STEP * number for number in range(1, WEEK // STEP + 1)]
    # Most strike while tenants are scanned.
    kills = Counter(
        chance.choices(range(len(steps)), weights=[6 if step.hour == 3 else 1 for step in steps], k=KILLS)
    )
    for number, moment in enumerate(steps):
        service.clock.set(moment)
        for _ in range(kills[number]):
            time.sleep(chance.uniform(0, 0.7))
            service.kill_one(chance)
            if chance.random() < 0.5:
                service.keep_up()
        # Some of what was interrupted is left lying until later.
        if not kills[number] or chance.random() < 0.5:
            service.until_quiet(expected)
    service.until_quiet(expected)
    return expected


def assert_all_ran_once(service: Service, expected: set[Slot]) -> None:
    assert service.seen.keys() == expected
    assert all(len(jobs) == 1 and None not in jobs for jobs in service.seen.values())
    with service.engine.connect() as connection:
        jobs = connection.execute(select(JOBS)).mappings().all()
        runs = connection.execute(select(RUNS)).mappings().all()
        changes = connection.execute(select(FINDING_CHANGES)).mappings().all()
    assert {job["id"] for job in jobs} <= {job for ids in service.seen.values() for job in ids}
    assert {(job["state"], job["error"]) for job in jobs} == {(JobState.DONE.value, None)}
    scans = [job["result"]["run"] for job in jobs if job["kind"] == "scan"]
    complete = {run["id"] for run in runs if run["state"] == "complete"}
    assert len(set(scans)) == len(scans) == 14
    assert set(scans) <= complete
    # A worker may be killed between the end of a scan and writing it down.
    assert len(complete) - len(scans) <= service.killed.total()
    opened = Counter((change["fingerprint"], change["change"]) for change in changes)
    assert set(opened.values()) == {1}


def assert_in_order(service: Service) -> None:
    assert service.killed.total() >= KILLS // 2
    for name in service.processes:
        assert TRACEBACK not in service.log(name).read_text()
    ends = time.monotonic() + LONGEST
    while not service.page_answers():
        assert time.monotonic() < ends, service.log("page").read_text()[-3000:]
        service.keep_up()
        time.sleep(0.05)


def test_one_worker_at_a_time_on_an_embedded_database(simulator: SimulatorServer, tmp_path: Path) -> None:
    with service_on(f"sqlite:///{tmp_path}/posture.db", simulator, tmp_path) as service:
        expected = live_through_the_week(service, seed=1)

        assert_all_ran_once(service, expected)
        assert_in_order(service)
        assert service.refused, "nobody was turned away while another worked"


def test_two_workers_on_postgresql(simulator: SimulatorServer, cluster: Cluster, tmp_path: Path) -> None:
    with service_on(cluster.url(cluster.new_database()), simulator, tmp_path) as service:
        expected = live_through_the_week(service, seed=2)

        assert_all_ran_once(service, expected)
        assert_in_order(service)
