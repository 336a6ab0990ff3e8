"""A throw-away PostgreSQL server for tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from posture.store.database import prepare_store

_NUMBERS = count(1)
# Server programs refuse to run as root.
_ACCOUNT = "postgres" if os.geteuid() == 0 else None
_MEMORY = Path("/dev/shm")  # noqa: S108 - the directory that is made in it has a name that nobody can guess
_ROOM = 2 * 2**30


class Cluster:
    """A running server on loopback. Everybody may connect but the role ``guarded``, which needs its password."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._original: str | None = None

    def url(self, database: str, *, role: str = "posture", password: str | None = None) -> str:
        secret = f":{password}" if password else ""
        return f"postgresql://{role}{secret}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Return the name of an empty database."""
        name = f"posture_{next(_NUMBERS)}"
        self.run(f"create database {name}")
        return name

    @contextmanager
    def prepared_database(self) -> Iterator[str]:
        """Give the URL of a database of the right version with nothing in it, which is gone afterwards.

        The first one is made as every database is made; all others are copies of it.
        """
        if self._original is None:
            self._original = self.new_database()
            prepare_store(self.url(self._original)).close()
        name = f"posture_{next(_NUMBERS)}"
        self.run(f"create database {name} template {self._original}")
        yield self.url(name)
        self.run(f"drop database {name} with (force)")

    def run(self, statement: str, *, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())


def server_programs() -> Path | None:
    """Return the directory with initdb and pg_ctl, of the newest version; None if PostgreSQL is not installed."""
    if found := sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[4])):
        return found[-1].parent
    on_path = shutil.which("pg_ctl")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def running_cluster(programs: Path) -> Iterator[Cluster]:
    # Not below pytest's directory: nobody but its owner may enter that, and the server runs as somebody else.
    home = Path(tempfile.mkdtemp(prefix="posture-pg-", dir=_place()))
    port = free_port()
    try:
        if _ACCOUNT:
            shutil.chown(home, _ACCOUNT)
        _make(programs, home)
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={home} -c fsync=off"
        _run(programs / "pg_ctl", "-D", home / "data", "-l", home / "log", "-w", "-o", options, "start")
        try:
            cluster = Cluster(port)
            cluster.run("create role guarded login password 'the-right-one'")
            yield cluster
        finally:
            _run(programs / "pg_ctl", "-D", home / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _place() -> Path | None:
    """Return where files are kept in memory if there is room; None: where all others are.

    A new database is three hundred new files, which take a disk seven times as long.
    """
    try:
        return _MEMORY if shutil.disk_usage(_MEMORY).free > _ROOM else None
    except OSError:
        return None


def free_port() -> int:
    """Return a port of loopback on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _make(programs: Path, home: Path) -> None:
    _run(programs / "initdb", "-D", home / "data", "-U", "posture", "--auth=trust", "--encoding=UTF8", "--no-sync")
    rules = home / "data" / "pg_hba.conf"
    rules.write_text("host all guarded 127.0.0.1/32 scram-sha-256\n" + rules.read_text())


def _run(*command: str | Path) -> None:
    # No pipes: the server would inherit them and keep them open.
    subprocess.run(command, check=True, user=_ACCOUNT, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
