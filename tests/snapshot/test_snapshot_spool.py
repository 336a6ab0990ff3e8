"""The spool: whatever happens on the way, what is published is what was kept last."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posture.errors import ScanInProgress, SnapshotError
from posture.snapshot.journal import replay
from posture.snapshot.layout import files_of_all
from posture.snapshot.spool import discard_if_old
from tests.snapshot.made_up import (
    MEMBERS,
    NOW,
    USERS,
    a_page,
    all_rows,
    an_outcome,
    publish,
    snapshots_in,
    wanted,
)
from tests.snapshot.scan_on_full_disk import LENGTH, ROWS
from tests.snapshot.scan_until_killed import PAGES, PER_PAGE, scan

ROOT = Path(__file__).parents[2]
BOTH = wanted(USERS, MEMBERS)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(0, 3)),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("reopen"), st.just(0)),
        st.tuples(st.just("torn page"), st.integers(1, 30)),
        st.tuples(st.just("torn journal"), st.integers(1, 30)),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_history_publishes_what_was_kept_last(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    data_dir = tmp_path_factory.mktemp("data")
    spool_dir = data_dir / "tenants" / "11111111-1111-1111-1111-111111111111" / "spool"
    kept: list[str] = []
    number = 0
    snapshots = snapshots_in(data_dir)
    opened = snapshots.open_spool(BOTH, now=NOW)
    spool = opened.__enter__()
    for step, size in steps:
        if step == "append":
            items = [{"id": f"u{number + offset}"} for offset in range(size)]
            spool.append(a_page(USERS, items, rows=len(kept)))
            kept += [str(item["id"]) for item in items]
            number += size
        elif step == "restart":
            spool.restart("users")
            kept = []
        else:
            opened.__exit__(None, None, None)
            _tear(spool_dir, step, size)
            opened = snapshots.open_spool(BOTH, now=NOW + timedelta(minutes=1))
            spool = opened.__enter__()
            resume = spool.resume_points.get("users")
            assert (resume.rows if resume else 0) == len(kept)
    spool.finish(an_outcome(USERS))
    published = spool.publish()
    opened.__exit__(None, None, None)

    assert published.taken_at == NOW
    assert all_rows(published, "select id from users order by id") == [[name] for name in sorted(kept)]
    published.close()


def _tear(spool_dir: Path, step: str, size: int) -> None:
    """Leave what a process leaves that is killed while it writes."""
    name = {"torn page": "users.ndjson", "torn journal": "journal.ndjson"}.get(step)
    if name is not None:
        with (spool_dir / name).open("ab") as file:
            file.write(b'{"type": "page", "table": "users", "size": 7'[:size])


def test_another_scan_of_the_tenant_is_told_to_wait(tmp_path: Path) -> None:
    snapshots = snapshots_in(tmp_path)
    with snapshots.open_spool(BOTH, now=NOW), pytest.raises(ScanInProgress, match="wait until it has ended"):
        snapshots_in(tmp_path).open_spool(BOTH, now=NOW).__enter__()

    with snapshots_in(tmp_path).open_spool(BOTH, now=NOW) as spool:
        assert spool.finished == {}


def _leave_behind(data_dir: Path) -> None:
    with snapshots_in(data_dir).open_spool(BOTH, now=NOW) as spool:
        spool.append(a_page(USERS, [{"id": "u1"}]))
        spool.finish(an_outcome(MEMBERS))


def test_who_looks_for_old_spools_holds_none_that_is_not_there_or_young(tmp_path: Path) -> None:
    _leave_behind(tmp_path / "young")
    (tmp_path / "none" / "tenants" / "t1").mkdir(parents=True)
    (young,), (none,) = files_of_all(tmp_path / "young"), files_of_all(tmp_path / "none")
    young.lock.unlink()

    assert not discard_if_old(young, now=NOW + timedelta(hours=1))
    assert not discard_if_old(none, now=NOW + timedelta(days=1))

    assert not young.lock.exists()
    assert not none.lock.exists()
    assert young.spool.exists()


def test_an_old_spool_is_deleted_unless_a_scan_holds_it(tmp_path: Path) -> None:
    with snapshots_in(tmp_path).open_spool(BOTH, now=NOW) as spool:
        spool.append(a_page(USERS, [{"id": "u1"}]))
        (files,) = files_of_all(tmp_path)
        assert not discard_if_old(files, now=NOW + timedelta(days=1))

    assert discard_if_old(files, now=NOW + timedelta(days=1))
    assert not files.spool.exists()


def test_a_killed_scan_is_gone_on_with(tmp_path: Path) -> None:
    _leave_behind(tmp_path)

    with snapshots_in(tmp_path).open_spool(wanted(MEMBERS, USERS), now=NOW + timedelta(hours=6)) as spool:
        assert spool.taken_at == NOW
        assert spool.resume_points["users"].link == "https://graph.example.com/0"
        assert spool.finished["members"] == an_outcome(MEMBERS)


@pytest.mark.parametrize(
    ("tables", "after"),
    [
        (BOTH, timedelta(hours=6, seconds=1)),
        (BOTH, timedelta(seconds=-1)),
        (wanted(USERS), timedelta(0)),
        (wanted(USERS, MEMBERS, without=["name"]), timedelta(0)),
    ],
)
def test_a_spool_that_is_old_or_of_other_tables_is_thrown_away(
    tmp_path: Path, tables: tuple[object, ...], after: timedelta
) -> None:
    _leave_behind(tmp_path)

    with snapshots_in(tmp_path).open_spool(tables, now=NOW + after) as spool:
        assert (spool.resume_points, spool.finished, spool.taken_at) == ({}, {}, NOW + after)


def test_a_file_that_lost_what_the_journal_promised_is_read_again(tmp_path: Path) -> None:
    _leave_behind(tmp_path)
    os.truncate(next(tmp_path.rglob("users.ndjson")), 3)

    with snapshots_in(tmp_path).open_spool(BOTH, now=NOW) as spool:
        assert spool.resume_points == {}
        assert "members" in spool.finished


@pytest.mark.parametrize("journal", [b"", b"\n", b"{}\n", b'{"type": "restart", "table": "users"}\n', b"\xff\xfe\n"])
def test_a_journal_that_does_not_begin_as_one_is_thrown_away(tmp_path: Path, journal: bytes) -> None:
    _leave_behind(tmp_path)
    next(tmp_path.rglob("journal.ndjson")).write_bytes(journal)

    with snapshots_in(tmp_path).open_spool(BOTH, now=NOW) as spool:
        assert (spool.resume_points, spool.finished) == ({}, {})


@given(st.binary(max_size=200))
def test_no_bytes_make_the_journal_raise(content: bytes) -> None:
    assert replay(content) is None


def test_a_spool_that_was_published_before_the_kill_is_not_published_again(tmp_path: Path) -> None:
    with snapshots_in(tmp_path).open_spool(BOTH, now=NOW) as spool:
        journal = next(tmp_path.rglob("journal.ndjson"))
        begun = journal.read_bytes()
        spool.publish()
    journal.parent.mkdir()
    journal.write_bytes(begun)  # as if the process had been killed before it deleted the spool

    with snapshots_in(tmp_path).open_spool(BOTH, now=NOW + timedelta(hours=1)) as spool:
        assert spool.taken_at == NOW + timedelta(hours=1)


def test_a_table_that_was_not_asked_for_is_refused(tmp_path: Path) -> None:
    with snapshots_in(tmp_path).open_spool(wanted(USERS), now=NOW) as spool:
        with pytest.raises(ValueError, match="members"):
            spool.append(a_page(MEMBERS, []))
        with pytest.raises(ValueError, match="members"):
            spool.finish(an_outcome(MEMBERS))
        with pytest.raises(ValueError, match="members"):
            spool.restart("members")


def test_a_process_killed_at_any_moment_leaves_the_old_or_the_new_snapshot(tmp_path: Path) -> None:
    chance = random.Random(20260301)  # noqa: S311 - the same moments in every run
    for attempt in range(10):
        command = [sys.executable, "-m", "tests.snapshot.scan_until_killed", str(tmp_path), str(1 + attempt * 100)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.25))
        process.kill()
        process.wait()
        process.stdout.close()

        latest = snapshots_in(tmp_path).latest()
        if latest is not None:
            generation = int((latest.taken_at - NOW) / timedelta(minutes=1))
            rows = "select count(*), count(distinct id), min(name), max(name) from users"
            whole = [PAGES * PER_PAGE, PAGES * PER_PAGE, str(generation), str(generation)]
            assert all_rows(latest, rows) == [whole]
            latest.close()

    scan(tmp_path, generation=1001)
    latest = snapshots_in(tmp_path).latest()
    assert latest is not None
    assert latest.outcomes["users"].rows == PAGES * PER_PAGE
    assert not list(tmp_path.rglob(".*"))


def _scan_on_a_full_disk(data_dir: Path, stage: str) -> str:
    """Scan in a process that may write only so much, and return what it said."""
    command = [sys.executable, "-m", "tests.snapshot.scan_on_full_disk", str(data_dir), stage]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("stage", ["append", "publish"])
def test_a_full_disk_is_said_and_costs_neither_the_old_snapshot_nor_what_was_kept(tmp_path: Path, stage: str) -> None:
    publish(snapshots_in(tmp_path), {"users": [{"id": "old"}]}).close()

    said = _scan_on_a_full_disk(tmp_path, stage)

    latest = snapshots_in(tmp_path).latest()
    assert latest is not None
    assert "cannot be written" in said
    assert str(tmp_path) in said
    assert "Make room" in said
    assert all_rows(latest, "select id from users") == [["old"]]
    assert not list(tmp_path.rglob(".*"))
    _scan_on_a_full_disk(tmp_path, "none")  # there is room again
    latest = snapshots_in(tmp_path).latest()
    assert latest is not None
    assert all_rows(latest, "select count(*), count(distinct name), max(length(name)) from users") == [
        [ROWS, ROWS, LENGTH]
    ]


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "tenants").write_text("a file where a directory should be")

    with pytest.raises(SnapshotError, match="Make room or give write access"):
        snapshots_in(tmp_path).open_spool(BOTH, now=NOW).__enter__()


def test_nobody_else_on_the_machine_may_look_at_a_tenant(tmp_path: Path) -> None:
    snapshot = publish(snapshots_in(tmp_path / "data"), {"users": [{"id": "u1"}]})

    # <tenant>/snapshots/<snapshot>: what lies below a closed directory is closed as well.
    assert snapshot.directory.parents[1].stat().st_mode & 0o077 == 0
