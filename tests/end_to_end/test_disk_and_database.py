"""A full disk, a locked, newer or damaged database: said in one sentence, and nothing is lost by it."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from posture.simulator.server import SimulatorServer

from .conftest import TRACEBACK, Done, command_environment, posture, write_settings

CHECK = ("--check", "authz-guest-invites-restricted")


@pytest.fixture
def scanned_once(server: SimulatorServer, tmp_path: Path) -> Path:
    """A configuration whose company was scanned for one check; it fails."""
    config = write_settings(tmp_path, server)
    assert posture("scan", *CHECK, "--config", config).code == 0
    return config


def assert_told(done: Done, says: str) -> None:
    assert (done.code, TRACEBACK in done.err) == (4, False)
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert says in done.err


def assert_readable(config: Path) -> None:
    """The earlier snapshot and its finding are still there."""
    (finding,) = posture("findings", "list", "--format", "json", "--config", config).json()
    assert finding["check"] == CHECK[1]
    answer = posture("query", "select count(*) as n from authorization_policy", "-f", "json", "--config", config)
    assert answer.json() == [{"n": 1}]


def posture_with_small_files(*arguments: str | Path, longest: int) -> Done:
    """Run the command line where no file may grow beyond so many bytes, as on a full disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (longest, longest))

    done = subprocess.run(
        [sys.executable, "-B", "-m", "posture", *map(str, arguments)],
        capture_output=True,
        env=command_environment(),
        preexec_fn=limit,
        timeout=120,
        check=False,
    )
    return Done(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def test_a_full_disk_while_collecting(scanned_once: Path) -> None:
    done = posture_with_small_files("scan", "--config", scanned_once, longest=20_000)

    assert (done.code, TRACEBACK in done.err) == (4, False)
    assert done.err.rstrip().splitlines()[-1].startswith("error: ")
    assert_readable(scanned_once)
    assert posture("scan", *CHECK, "--config", scanned_once).code == 0


def test_a_device_without_room_for_the_result(scanned_once: Path) -> None:
    done = posture("findings", "list", "--format", "json", "--output", "/dev/full", "--config", scanned_once)

    assert (done.code, TRACEBACK in done.err) == (2, False)
    assert "/dev/full" in done.err


def test_a_data_directory_that_is_a_file(server: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, server)
    (tmp_path / "data").write_text("in the way")

    done = posture("scan", "--config", config)

    assert (done.code, done.out, TRACEBACK in done.err) == (4, "", False)
    assert done.err.count("\n") == 1
    assert (tmp_path / "data").read_text() == "in the way"


def test_a_database_that_another_process_holds(scanned_once: Path) -> None:
    database = sqlite3.connect(scanned_once.parent / "data" / "posture.db", isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    try:
        done = posture("scan", *CHECK, "--config", scanned_once)
    finally:
        database.execute("ROLLBACK")
        database.close()

    assert_told(done, "is locked by another process")
    assert_readable(scanned_once)


def test_a_database_of_a_newer_version(scanned_once: Path) -> None:
    database = sqlite3.connect(scanned_once.parent / "data" / "posture.db")
    (version,) = database.execute("select version_num from alembic_version").fetchone()
    database.execute("update alembic_version set version_num = '9999'")
    database.commit()

    refused = posture("scan", *CHECK, "--config", scanned_once)
    database.execute("update alembic_version set version_num = ?", [version])
    database.commit()
    database.close()

    assert_told(refused, "newer version")
    assert_readable(scanned_once)


def test_a_damaged_database(scanned_once: Path) -> None:
    path = scanned_once.parent / "data" / "posture.db"
    path.write_bytes(b"this is no database at all" * 400)
    for name in ("posture.db-wal", "posture.db-shm"):
        (path.parent / name).unlink(missing_ok=True)

    done = posture("findings", "list", "--config", scanned_once)

    assert_told(done, "is not a database")
    assert path.read_bytes().startswith(b"this is no database")


def test_a_snapshot_that_cannot_be_read(scanned_once: Path) -> None:
    (manifest,) = (scanned_once.parent / "data").glob("tenants/*/snapshots/*/manifest.json")
    manifest.write_text("{}")

    done = posture("query", "select 1 from tenants", "--config", scanned_once)

    assert_told(done, str(manifest.parent))
    again = posture("scan", *CHECK, "--config", scanned_once)
    assert again.code == 0
    assert "is damaged; it was set aside" in again.err
    assert not manifest.parent.exists()
