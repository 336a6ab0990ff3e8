"""SQLite that cannot go on: one sentence, and nothing lost or half-written."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from posture.domain.finding import Finding
from posture.domain.finding_view import FindingFilter
from posture.errors import StoreError
from posture.store.database import Store, prepare_store
from tests.domain.builders import TENANT, a_finding, a_resource

SHORT = timedelta(milliseconds=100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "posture.db"


@contextmanager
def _store(path: Path) -> Iterator[Store]:
    with closing(prepare_store(f"sqlite:///{path}", patience=SHORT)) as store:
        yield store


@contextmanager
def _every_connection(pragma: str) -> Iterator[None]:
    """Restrict all connections made meanwhile."""

    def restrict(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    event.listen(Engine, "connect", restrict)
    try:
        yield
    finally:
        event.remove(Engine, "connect", restrict)


def _save(store: Store, *findings: Finding) -> None:
    with store.open_unit(TENANT) as unit:
        unit.findings.save(findings)


def _count(path: Path) -> int:
    with _store(path) as store, store.reading() as reader:
        return reader.count(FindingFilter())


def _many(number: int) -> list[Finding]:
    return [a_finding(resource=a_resource(id=f"user-{n}"), message="m" * 500) for n in range(number)]


def test_the_database_is_created_with_its_directories_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "posture.db"

    assert _count(path) == 0

    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_relative_path_starts_where_it_is_told_to(tmp_path: Path) -> None:
    prepare_store("sqlite:///data/posture.db", relative_to=tmp_path).close()

    assert (tmp_path / "data" / "posture.db").exists()


def test_a_locked_database_is_waited_for_and_then_told(path: Path) -> None:
    with _store(path) as holder, _store(path) as other, holder.open_unit(TENANT) as unit:
        unit.findings.save([a_finding()])

        with pytest.raises(StoreError, match=r"posture\.db is locked by another process: wait"):
            _save(other, a_finding())

    assert _count(path) == 1


def test_a_unit_is_alone_from_its_first_read_on(path: Path) -> None:
    with _store(path) as holder, _store(path) as other:
        with holder.open_unit(TENANT) as unit:
            unit.findings.by_fingerprint(["f"])

            with pytest.raises(StoreError, match="locked by another process"):
                _save(other, a_finding())

        _save(other, a_finding())

    assert _count(path) == 1


def test_a_full_disk_is_told_and_what_was_kept_before_stays(path: Path) -> None:
    with _store(path) as store:
        _save(store, a_finding())

    with (
        _every_connection("max_page_count = 60"),
        _store(path) as store,
        pytest.raises(StoreError, match="disk is full: make room"),
    ):
        _save(store, *_many(1_000))

    assert _count(path) == 1


def test_a_full_disk_while_the_tables_are_made_leaves_an_empty_database(path: Path) -> None:
    with _every_connection("max_page_count = 4"), pytest.raises(StoreError, match="disk is full"):
        prepare_store(f"sqlite:///{path}")

    assert _count(path) == 0


def test_a_read_only_database_is_told(path: Path) -> None:
    with _store(path) as store:
        _save(store, a_finding())

    with (
        _every_connection("query_only = 1"),
        _store(path) as store,
        pytest.raises(StoreError, match="is read-only: give the account"),
    ):
        _save(store, *_many(2))

    assert _count(path) == 1


def test_a_damaged_database_is_told(path: Path) -> None:
    with _store(path) as store:
        _save(store, *_many(200))
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(raw)

    with pytest.raises(StoreError, match="is damaged: restore it from a backup"), _store(path) as store:
        _save(store, *_many(200))


def test_a_file_that_is_no_database_is_told_and_left_alone(path: Path) -> None:
    text = "name,severity\n" * 100
    path.write_text(text)

    with pytest.raises(StoreError, match=r"posture\.db is not a database: correct store\.url"):
        prepare_store(f"sqlite:///{path}")

    assert path.read_text() == text


def test_a_directory_in_place_of_the_file_is_told(path: Path) -> None:
    path.mkdir()

    with pytest.raises(StoreError, match="cannot be opened: check that the path is a file"):
        prepare_store(f"sqlite:///{path}")


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match=r"file/posture\.db cannot be created .*: correct store\.url"):
        prepare_store(f"sqlite:///{tmp_path}/file/posture.db")


def test_a_killed_process_leaves_what_it_committed_and_nothing_else(path: Path) -> None:
    program = f"""
import os, signal
from posture.store.database import prepare_store
from tests.domain.builders import TENANT, a_finding, a_resource
store = prepare_store("sqlite:///{path}")
with store.open_unit(TENANT) as unit:
    unit.findings.save([a_finding()])
with store.open_unit(TENANT) as unit:
    unit.findings.save([a_finding(resource=a_resource(id=str(n))) for n in range(2000)])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False)

    assert ended.returncode == -signal.SIGKILL
    assert _count(path) == 1


def test_only_units_that_act_wait_for_the_disk_so_that_nothing_sent_is_forgotten_in_a_power_cut(path: Path) -> None:
    statements: list[str] = []

    def listen(connection: sqlite3.Connection, _: object) -> None:
        connection.set_trace_callback(statements.append)

    event.listen(Engine, "connect", listen)
    try:
        with _store(path) as store:
            assert _synchronous(statements, store.open_acting_unit()) == ["FULL"]
            assert _synchronous(statements, store.open_unit(TENANT)) == ["NORMAL"]
            assert _synchronous(statements, store.open_acting_unit()) == ["FULL"]
    finally:
        event.remove(Engine, "connect", listen)


def _synchronous(statements: list[str], unit: AbstractContextManager[object]) -> list[str]:
    """Return how SQLite is told to write before the transaction of a unit begins."""
    statements.clear()
    with unit:
        told = statements[: statements.index("BEGIN IMMEDIATE")]
    return [each.removeprefix("PRAGMA synchronous = ") for each in told if "synchronous" in each]
