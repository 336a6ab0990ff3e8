"""SQL from anywhere reads the tables of a snapshot and nothing else, within limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture.domain.verdict import Verdict
from posture.errors import CheckBroken, QueryRefused
from posture.snapshot.bench import TableBench
from posture.snapshot.connection import Limits
from posture.snapshot.reader import PublishedSnapshot
from tests.snapshot.made_up import DICTIONARY, a_check, all_rows, judging, publish, snapshots_in

ATTACKS = [
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/proc/self/environ')",
    "select * from read_json('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from glob('/etc/*')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from read_parquet('https://example.com/x.parquet')",
    "select * from query('select * from read_text(''/etc/passwd'')')",
    "copy (select 1) to '/tmp/out.csv'",
    "attach '/tmp/x.db'",
    "install httpfs",
    "load httpfs",
    "set memory_limit = '64GB'",
    "pragma threads = 64",
    "set enable_external_access = true",
    "reset lock_configuration",
    "create secret x (type s3)",
    "export database '/tmp/x'",
    "import database '/tmp'",
    "create table x as select 1",
    "drop view users",
    "select 1; copy (select 1) to '/tmp/out.csv'",
    "select 1; drop view users",
    "explain analyze copy (select 1) to '/tmp/out.csv'",
    "call pragma_version()",
    "",
    "-- nothing",
    "selec 1",
    "select getenv('HOME')",
]


@pytest.fixture
def snapshot(tmp_path: Path) -> PublishedSnapshot:
    return publish(snapshots_in(tmp_path), {"users": [{"id": f"u{number}"} for number in range(3)]})


@pytest.mark.parametrize("sql", ATTACKS)
def test_a_query_cannot_leave_the_snapshot(snapshot: PublishedSnapshot, sql: str) -> None:
    with pytest.raises(QueryRefused):
        list(snapshot.query(sql).rows)
    assert all_rows(snapshot, "select count(*) from users") == [[3]]


@pytest.mark.parametrize("sql", ATTACKS)
def test_a_check_cannot_leave_the_snapshot(snapshot: PublishedSnapshot, sql: str) -> None:
    with pytest.raises(CheckBroken, match="check made-up"), snapshot.judge(a_check(sql)):
        pass
    with snapshot.judge(a_check(judging("id as resource_id, name as resource_name", over="users"))) as judged:
        assert judged.counts.failed == 3


@pytest.mark.parametrize("sql", ATTACKS)
def test_a_check_cannot_leave_the_bench(sql: str) -> None:
    bench = TableBench(DICTIONARY)
    try:
        with pytest.raises(CheckBroken, match="check made-up"):
            bench.judge(a_check(sql))
    finally:
        bench.close()


def test_an_attack_writes_no_file(tmp_path: Path, snapshot: PublishedSnapshot) -> None:
    target = snapshot.directory / "tables" / "users.parquet"
    before = target.read_bytes()

    for place in (target, tmp_path / "new.parquet"):
        with pytest.raises(QueryRefused):
            snapshot.query(f"copy (select 1) to '{place}' (format parquet, use_tmp_file false)")

    assert target.read_bytes() == before
    assert not (tmp_path / "new.parquet").exists()


def test_a_refused_query_does_not_tell_where_the_data_lies(tmp_path: Path, snapshot: PublishedSnapshot) -> None:
    place = snapshot.directory / "manifest.json"

    with pytest.raises(QueryRefused) as refused:
        snapshot.query(f"from read_text({str(place)!r})")

    assert str(tmp_path) not in str(refused.value)
    assert "…" in str(refused.value)


def test_one_that_takes_too_long_is_stopped_and_the_next_goes_on(tmp_path: Path) -> None:
    snapshots = snapshots_in(tmp_path, limits=Limits(seconds=0.3))
    snapshot = publish(snapshots, {"users": [{"id": "u1"}]})
    endless = "(select count(*) as n from range(10000000) a, range(10000000) b where a.range % 7 = b.range % 11)"

    with pytest.raises(CheckBroken, match=r"stopped after 0\.3 seconds"):
        snapshot.judge(a_check(judging("n as resource_id, n as resource_name", over=endless))).__enter__()
    with pytest.raises(QueryRefused, match=r"stopped after 0\.3 seconds"):
        list(snapshot.query(f"from {endless}").rows)
    assert all_rows(snapshot, "select id from users") == [["u1"]]


def test_one_that_takes_too_much_memory_is_stopped_and_the_next_goes_on(tmp_path: Path) -> None:
    snapshots = snapshots_in(tmp_path, limits=Limits(memory="64MB", spill="16MB", threads=1))
    snapshot = publish(snapshots, {"users": [{"id": "u1"}]})
    huge = "(select string_agg(repeat('x', 1000), '') as n from range(1000000))"

    with pytest.raises(CheckBroken, match="more memory than it may use"):
        snapshot.judge(a_check(judging("n as resource_id, n as resource_name", over=huge))).__enter__()
    assert all_rows(snapshot, "select id from users") == [["u1"]]


def test_what_does_not_fit_in_memory_spills_below_the_data_directory(tmp_path: Path) -> None:
    snapshots = snapshots_in(tmp_path, limits=Limits(memory="100MB", threads=1))
    snapshot = publish(snapshots, {"users": [{"id": "u1"}]})
    many = "(select range as n, repeat('x' || range, 30) as t from range(1000000))"
    check = a_check(judging("n as resource_id, t as resource_name", over=many))

    with snapshot.judge(check) as judged:
        spilt = [path for path in tmp_path.rglob("*.tmp") if "spill" in path.parts]
        rows = sum(1 for _ in judged.rows(Verdict))

    assert spilt
    assert rows == 1_000_000
