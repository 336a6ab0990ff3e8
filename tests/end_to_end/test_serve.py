"""Worker and page side by side, and the demonstration of both."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from posture.simulator.server import SimulatorServer

from .conftest import command_environment, posture, write_settings
from .workers import until

PATIENCE = 90.0
SERVICE = 'service: {{listen: "127.0.0.1:{port}"}}\n'


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def started(*arguments: str | Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command that stays; whatever it started is gone at the end."""
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "posture", *map(str, arguments)],
            env=command_environment(),
            stdout=written,
            stderr=written,
            cwd=log.parent,
        )
        family = [psutil.Process(process.pid)]
        try:
            yield process
        finally:
            family += [child for one in family if one.is_running() for child in one.children(recursive=True)]
            for one in family:
                if one.is_running():
                    one.kill()
            process.wait(PATIENCE)


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the page does not come")


def child(process: subprocess.Popen[bytes], command: str) -> psutil.Process:
    found = [one for one in psutil.Process(process.pid).children() if command in one.cmdline()]
    (only,) = found
    return only


def test_the_worker_gives_way_and_if_one_of_the_two_is_killed_the_other_stops_and_the_code_says_so(
    server: SimulatorServer, tmp_path: Path, port: int
) -> None:
    config = write_settings(tmp_path, server, more=SERVICE.format(port=port))

    with started("serve", "--config", config, log=tmp_path / "log") as process:
        wait_until_ready(port, process)
        both = [child(process, "worker"), child(process, "web")]
        assert both[0].nice() > both[1].nice()  # people wait for a page, and nobody for a scan
        both[0].kill()
        code = process.wait(PATIENCE)
        psutil.wait_procs(both, PATIENCE)

        assert code != 0
        assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in both)


def test_wrong_settings_are_told_once(tmp_path: Path) -> None:
    config = tmp_path / "posture.yaml"
    config.write_text("tenants: []\n", encoding="utf-8")

    done = posture("serve", "--config", config)

    assert done.code == 2
    assert done.err.count("posture.yaml:") == 1


def test_a_port_that_is_taken_is_told_before_anything_is_removed(tmp_path: Path, port: int) -> None:
    kept = tmp_path / "posture-demo" / "data" / "kept"
    kept.parent.mkdir(parents=True)
    kept.touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()

        done = posture("demo", "--page", "--page-port", str(port), cwd=tmp_path)

    assert done.code == 2
    assert f"port {port} cannot be used" in done.err
    assert kept.exists()


def test_the_demonstration_serves_the_page_and_prints_who_can_sign_in_until_it_is_interrupted(
    tmp_path: Path, port: int
) -> None:
    log = tmp_path / "log"
    with started("demo", "--page", "--users", "60", "--page-port", str(port), log=log) as process:
        wait_until_ready(port, process)
        people = dict(re.findall(r"^  (ada|grace) +(posture_\S+)$", log.read_text(), re.MULTILINE))
        assert people.keys() == {"ada", "grace"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1") as api:
            for name, token in people.items():
                me = api.get("/me", headers={"Authorization": f"Bearer {token}"})
                assert me.json()["name"] == name
            found = api.get("/findings", headers={"Authorization": f"Bearer {people['ada']}"})
            assert found.json()["items"]
        everything = psutil.Process(process.pid).children(recursive=True)

        process.send_signal(signal.SIGINT)

        assert process.wait(PATIENCE) == 0
        until(lambda: not any(one.is_running() for one in everything))
    assert "Stopped." in log.read_text()
