"""A disk that is full and a database that cannot be used: said in one sentence, and nothing that was there is lost."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from posture.simulator.server import SimulatorServer

from .conftest import TRACEBACK, Done, command_environment, posture, write_settings

LIMITED = """\
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
os.execv(sys.executable, [sys.executable, "-m", "posture", *sys.argv[2:]])
"""


@pytest.fixture
def known(scanned: tuple[Path, Done], server: SimulatorServer, tmp_path: Path) -> Path:
    """Settings of a company that was scanned once, the data a copy of the test's own."""
    shutil.copytree(scanned[0].parent / "data", tmp_path / "data")
    return write_settings(tmp_path, server)


def on_a_full_disk(size: int, *arguments: str | Path) -> Done:
    """Run a command that can make no file larger than ``size`` bytes."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), *map(str, arguments)],
        capture_output=True,
        env=command_environment(),
        timeout=120,
        check=False,
    )
    return Done(code=done.returncode, out=done.stdout.decode("utf-8"), err=done.stderr.decode("utf-8"))


def assert_refused(done: Done, *says: str, code: int = 4) -> None:
    """The command ended with one sentence that says all of ``says``."""
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert done.code == code, done.err
    assert TRACEBACK not in done.err + done.out
    assert len(errors) == 1, done.err
    for part in says:
        assert part in errors[0]


def findings_of(config: Path) -> dict[str, dict[str, Any]]:
    done = posture("findings", "list", "--state", "all", "--format", "json", "--config", config)
    assert done.code == 0, done.err
    return {finding["fingerprint"]: finding for finding in done.json()}


def rows_of(config: Path) -> list[dict[str, Any]]:
    done = posture("query", "select * from users order by id", "--format", "json", "--config", config)
    assert done.code == 0, done.err
    rows: list[dict[str, Any]] = done.json()
    return rows


def database_of(config: Path) -> Path:
    return config.parent / "data" / "posture.db"


def judged(done: Done) -> dict[tuple[str, str], str]:
    """Check and fingerprint → verdict."""
    return {(found["check"], found["fingerprint"]): found["verdict"] for found in done.json()["judgements"]}


# The disk


@pytest.mark.parametrize("size", [100, 3_000, 20_000, 60_000])
def test_a_disk_that_fills_up_costs_nothing_that_was_there(
    known: Path, scanned: tuple[Path, Done], size: int
) -> None:
    findings, rows = findings_of(known), rows_of(known)

    done = on_a_full_disk(size, "scan", "--config", known)

    assert_refused(done)
    assert findings_of(known) == findings
    assert rows_of(known) == rows
    again = posture("scan", "--format", "json", "--all-verdicts", "--config", known)
    assert again.code == 0, again.err
    assert judged(again) == judged(scanned[1])
    assert findings_of(known).keys() == findings.keys()
