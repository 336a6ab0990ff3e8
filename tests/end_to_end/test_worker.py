"""The worker as a process: what is due is done, a stop parks, a kill loses nothing, and a second one is refused."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from posture.bootstrap import Application, load_application
from posture.domain.job import Job, JobState
from posture.domain.job_kind import JobKind
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.registrations import DEMO_SECRET
from posture.simulator.server import SimulatorServer
from posture.worker import run_worker

from .acting_company import Clock
from .conftest import (
    FAST,
    PATIENT,
    TRACEBACK,
    UNLICENSED_ID,
    application_of,
    command_environment,
    posture,
    tenant_lines,
    write_settings,
)

LONGEST = 60.0
"""Seconds until a test gives up on a process."""
LITERAL = f'client_secret: "{DEMO_SECRET}"'
SLOW_GROUPS = Fault(kind=FaultKind.SLOW, path="/groups", times=None, seconds=LONGEST)


class Process:
    """One ``posture worker``, and what it has logged."""

    def __init__(self, config: Path) -> None:
        self._log = config.parent / f"worker-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "posture", "worker", "--config", str(config), "--log-format", "json"],
                stdout=log,
                stderr=log,
                env=command_environment(),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text()

    def actions(self) -> list[str]:
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line.get("action", "") for line in lines]

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(LONGEST)

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


@pytest.fixture
def place(own_server: SimulatorServer, tmp_path: Path) -> Path:
    """Settings for workers in processes of their own."""
    return write_settings(tmp_path / "place", own_server, credential=LITERAL)


@pytest.fixture
def start() -> Iterator[Callable[[Path], Process]]:
    started: list[Process] = []

    def begin(config: Path) -> Process:
        started.append(Process(config))
        return started[-1]

    yield begin
    for process in started:
        process.end()


def scan_of(application: Application) -> Job:
    tenant = application.tenant_named(None)
    return application.working.enqueue(JobKind.SCAN, tenant=tenant, arguments={}, asked_by="ada")


def job_of(application: Application, job: Job) -> Job:
    with application.store.reading() as reader:
        found = reader.work.job(job.id)
    assert found is not None
    return found


def until(condition: Callable[[], bool], *, otherwise: Callable[[], object]) -> None:
    ends = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < ends, otherwise()
        time.sleep(0.02)


def test_what_a_killed_worker_ran_is_done_by_the_next_one_as_the_same_job(
    own_server: SimulatorServer, place: Path, start: Callable[[Path], Process]
) -> None:
    application = application_of(place)
    own_server.faults.add(SLOW_GROUPS)
    scan = scan_of(application)
    first = start(place)
    until(lambda: job_of(application, scan).progress is not None, otherwise=lambda: first.log)
    first.signal(signal.SIGKILL)
    first.wait()
    assert job_of(application, scan).state is JobState.RUNNING
    own_server.faults.clear()

    second = start(place)
    until(lambda: job_of(application, scan).state.is_end, otherwise=lambda: second.log)

    job = job_of(application, scan)
    assert (job.state, job.tries) == (JobState.DONE, 2), job
    assert job.worker is not None
    assert job.worker.endswith(str(second.pid))
    assert "job_taken_over" in second.actions()
    with application.store.reading() as reader:
        ended = [run for run in reader.runs(None, limit=10) if run.aborted_because is None]
    assert [run.id for run in ended] == [(job.result or {})["run"]]
    second.signal(signal.SIGTERM)
    assert second.wait() == 0


def test_a_stop_parks_a_scan_and_the_worker_ends_well(
    own_server: SimulatorServer, place: Path, start: Callable[[Path], Process]
) -> None:
    application = application_of(place)
    own_server.faults.add(Fault(kind=FaultKind.SLOW, path="/groups", times=None, seconds=4))
    scan = scan_of(application)
    worker = start(place)
    until(lambda: job_of(application, scan).progress is not None, otherwise=lambda: worker.log)

    worker.signal(signal.SIGTERM)

    assert worker.wait() == 0
    job = job_of(application, scan)
    assert (job.state, job.tries) == (JobState.WAITING, 0), worker.log
    assert worker.actions()[-1] == "worker_ended"
    assert TRACEBACK not in worker.log


def test_a_second_worker_on_the_database_is_refused_and_told_who_has_it(
    server: SimulatorServer, tmp_path: Path
) -> None:
    config = write_settings(tmp_path, server)
    application = application_of(config)
    lock = application.store.worker_lock()
    assert lock is not None

    with lock.hold(since=application.clock.now()):
        second = posture("worker", "--config", config)

    assert second.code == 4
    assert f"process {os.getpid()} on " in second.err
    assert TRACEBACK not in second.err


def test_a_second_signal_ends_a_worker_at_once(
    own_server: SimulatorServer, place: Path, start: Callable[[Path], Process]
) -> None:
    application = application_of(place)
    own_server.faults.add(SLOW_GROUPS)
    scan = scan_of(application)
    worker = start(place)
    until(lambda: job_of(application, scan).progress is not None, otherwise=lambda: worker.log)

    worker.signal(signal.SIGTERM)
    until(lambda: "stopping" in worker.actions(), otherwise=lambda: worker.log)
    worker.signal(signal.SIGTERM)

    assert worker.wait() == 128 + signal.SIGTERM
    assert job_of(application, scan).state is JobState.RUNNING


@pytest.mark.parametrize(
    ("more", "options"),
    [("schedules: often\n", []), ("", ["--metrics", "everywhere"]), ("", ["--threads", "0"])],
)
def test_what_is_wrong_at_the_start_ends_a_worker_with_a_sentence(
    more: str, options: list[str], server: SimulatorServer, tmp_path: Path
) -> None:
    done = posture("worker", "--config", write_settings(tmp_path, server, more=more), *options)

    assert done.code == 2
    assert done.err
    assert TRACEBACK not in done.err


class Watched:
    """A worker in a thread of the test, whose clock the test sets."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.clock = Clock()
        self.application = self._load()

    def _load(self) -> Application:
        return load_application(self.config, pace=FAST, budget=PATIENT, clock=self.clock)

    @contextmanager
    def working(self) -> Iterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=run_worker, args=[self._load], kwargs={"stop": stop, "tick_seconds": 0.02})
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(LONGEST)
            assert not thread.is_alive()

    def until_looked(self, schedule: str) -> None:
        """Wait until the worker has looked at a schedule for the first time: what comes after that is due."""

        def has_looked() -> bool:
            with self.application.store.reading() as reader:
                return bool(reader.work.looked_until(schedule))

        until(has_looked, otherwise=lambda: schedule)

    def forward_to(self, hour: int, minute: int) -> None:
        """Set the clock to the next time of day like this."""
        now = self.clock.now()
        then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        self.clock.forward(then - now + (timedelta(days=1) if then <= now else timedelta(0)))

    def jobs(self, kind: JobKind) -> list[Job]:
        with self.application.store.reading() as reader:
            return [job for _, job in reader.work.jobs(kinds=[kind])]

    def until_ended(self, kind: JobKind, count: int) -> list[Job]:
        def have_ended() -> bool:
            return sum(job.state.is_end for job in self.jobs(kind)) >= count

        until(have_ended, otherwise=lambda: self.jobs(kind))
        return self.jobs(kind)


QUIET = """
schedules:
  - {name: nightly, job: scan, cron: "0 2 * * *", zone: UTC}
  - {name: yearly, job: notify, cron: "0 0 1 1 *"}
  - {name: also-yearly, job: examine, cron: "0 0 1 1 *"}
  - {name: weekly, job: retention, cron: "0 0 1 1 *"}
"""


def test_every_tenant_is_scanned_when_its_slot_comes_and_once(server: SimulatorServer, tmp_path: Path) -> None:
    tenants = tenant_lines(server) + tenant_lines(server, name="fabrikam", tenant_id=UNLICENSED_ID)
    place = Watched(write_settings(tmp_path, server, tenants=tenants, more=QUIET))
    place.forward_to(1, 50)

    with place.working():
        place.until_looked("nightly")
        place.forward_to(2, 1)
        scans = place.until_ended(JobKind.SCAN, 2)

    assert {job.state for job in scans} == {JobState.DONE}
    assert len({job.tenant_id for job in scans}) == len(scans) == 2
    due = {job.slot.due_at for job in scans if job.slot}
    assert [(each.hour, each.minute) for each in due] == [(2, 0)]
    with place.application.store.reading() as reader:
        assert len(reader.runs(None, limit=10)) == 2


def test_changed_settings_are_in_force_at_once_and_wrong_ones_are_not(
    server: SimulatorServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="posture.worker")
    place = Watched(write_settings(tmp_path, server, more=QUIET))
    good = place.config.read_text()

    with place.working():
        place.until_looked("nightly")
        place.config.write_text(good + "schedule: []\n")
        until(lambda: "settings_refused" in _actions(caplog), otherwise=lambda: caplog.text)
        place.config.write_text(good + "  - {name: hourly, job: retention, every: 1h}\n")
        until(lambda: "settings_changed" in _actions(caplog), otherwise=lambda: caplog.text)
        place.until_looked("hourly")
        place.clock.forward(timedelta(hours=1))
        (job,) = place.until_ended(JobKind.RETENTION, 1)

    assert job.slot is not None
    assert job.slot.schedule == "hourly"


def test_another_database_in_changed_settings_is_refused_until_a_restart(
    server: SimulatorServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = Watched(write_settings(tmp_path, server, more=QUIET))

    with place.working():
        place.until_looked("nightly")
        place.config.write_text(place.config.read_text() + "store: {url: sqlite:///other.db}\n")
        until(lambda: "settings_refused" in _actions(caplog), otherwise=lambda: caplog.text)

    assert "store.url has changed" in caplog.text
    assert not (tmp_path / "other.db").exists()


def _actions(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [getattr(record, "action", "") for record in caplog.records]
