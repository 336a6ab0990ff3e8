"""``kill -9`` at any moment: the next scan is right, and what was read is not read again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from posture.simulator.faults import Fault, FaultKind
from posture.simulator.registrations import DEMO_SECRET
from posture.simulator.server import SimulatorServer

from .conftest import Scan, application_of, command_environment, posture, scan, write_settings

# More of them take minutes: `make endurance` does them.
KILLS = 24 if os.environ.get("POSTURE_ENDURANCE") else 6
TENANT_FILES = "data/tenants/11111111-2222-4333-8444-555555555555"


def settings(server: SimulatorServer, directory: Path) -> Path:
    return write_settings(directory, server, credential=f'client_secret: "{DEMO_SECRET}"')


@pytest.fixture(scope="module")
def truth(shared: SimulatorServer, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    shared.faults.clear()
    return scan(application_of(settings(shared, tmp_path_factory.mktemp("undisturbed"))))


def started(config: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "posture", "scan", "--config", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=command_environment(),
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def wait_until(directory: Path, pattern: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a file of this name is there, or the process has ended."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None and not any(directory.glob(pattern)):
        time.sleep(0.002)


def moments() -> Iterator[tuple[str, float]]:
    """What to wait for before the kill, and how many seconds more, always the same: in turn while collecting,
    while publishing, and while judging."""
    chance = random.Random(20261121)  # noqa: S311 - repeatable on purpose
    patterns = (
        f"{TENANT_FILES}/spool/journal.ndjson",
        f"{TENANT_FILES}/snapshots/.*",
        f"{TENANT_FILES}/snapshots/2*/manifest.json",
    )
    for number in range(KILLS):
        yield patterns[number % 3], chance.uniform(0, 0.4 if number % 3 else 0.8)


@pytest.mark.parametrize(
    "moment", list(moments()), ids=lambda moment: f"{moment[0].rsplit('/', 1)[-1]}+{moment[1]:.2f}"
)
def test_after_a_kill_the_next_scan_is_right(
    truth: Scan, server: SimulatorServer, tmp_path: Path, moment: tuple[str, float]
) -> None:
    config = settings(server, tmp_path)
    process = started(config)
    wait_until(tmp_path, moment[0], process)
    time.sleep(moment[1])
    kill(process)

    after = scan(application_of(config))

    assert after.verdicts == truth.verdicts
    assert after.summary.run.state == "complete"
    fingerprints = [finding["fingerprint"] for finding in listed(config)]
    failing = {event.judgement.fingerprint for event in truth.judged if event.judgement.verdict == "fail"}
    assert Counter(fingerprints) == Counter(failing)
    assert not any((tmp_path / TENANT_FILES / "snapshots").glob(".*"))


def listed(config: Path) -> list[dict[str, str]]:
    done = posture("findings", "list", "--state", "all", "--format", "json", "--config", config)
    found: list[dict[str, str]] = done.json()
    return found


def test_pages_that_were_kept_are_not_read_again(server: SimulatorServer, tmp_path: Path, truth: Scan) -> None:
    config = settings(server, tmp_path)
    # Risky users are the last of their class; while they are slow everything else is kept.
    server.faults.add(Fault(kind=FaultKind.SLOW, path="riskyUsers", seconds=30))
    process = started(config)
    journal = tmp_path / TENANT_FILES / "spool" / "journal.ndjson"
    expected = len(truth.tables) - 1
    ends = time.monotonic() + 60
    while time.monotonic() < ends and finished_tables(journal) < expected:
        time.sleep(0.02)
    kill(process)
    assert finished_tables(journal) == expected
    server.faults.clear()
    server.requests.clear()

    after = scan(application_of(config))

    assert after.started is not None
    assert len(after.started.resumed_tables) == expected
    routes = Counter(record.route for record in server.requests)
    assert set(routes) <= {"discovery", "token", "organization", "identityprotection-riskyusers", "riskyusers"}
    assert after.verdicts == truth.verdicts


def finished_tables(journal: Path) -> int:
    """How many tables the spool holds whole."""
    return journal.read_bytes().count(b'"type":"end"') if journal.exists() else 0


def test_a_second_process_is_turned_away_while_a_scan_runs(server: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, server)
    server.faults.add(Fault(kind=FaultKind.SLOW, path="riskyUsers", seconds=30))
    process = started(config)
    try:
        wait_until(tmp_path, f"{TENANT_FILES}/spool/journal.ndjson", process)
        second = posture("scan", "--config", config)
    finally:
        kill(process)

    assert (second.code, second.out) == (4, "")
    assert "another scan of this tenant is running" in second.err
    assert second.err.count("\n") == 1
