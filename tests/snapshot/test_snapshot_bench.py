"""The bench judges made-up rows as a snapshot would, and says what is wrong with rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from posture.errors import CheckBroken
from posture.snapshot.bench import RowsRefused, TableBench
from tests.snapshot.made_up import DICTIONARY, NOW, a_check, judging


@pytest.fixture
def bench() -> Iterator[TableBench]:
    bench = TableBench(DICTIONARY)
    yield bench
    bench.close()


NAMES = a_check(judging("id as resource_id, name as resource_name, roles, seen_at", over="users"))
ENDS = a_check(judging("key_id as resource_id, user_id as resource_name, end_at", over="secrets"))


def test_rows_are_judged_with_absent_columns_unknown(bench: TableBench) -> None:
    bench.load({"users": [{"id": "u1", "roles": ["a"], "seen_at": "2026-01-01T00:00:00Z"}, {"id": "u2"}]}, now=NOW)

    rows = bench.judge(NAMES)

    assert [(row["resource_id"], row["roles"], row["seen_at"]) for row in rows] == [
        ("u1", ["a"], "2026-01-01T00:00:00Z"),
        ("u2", None, None),
    ]


def test_loading_again_forgets_the_rows_before(bench: TableBench) -> None:
    bench.load({"users": [{"id": "u1"}], "risky_users": [{"user_id": "u1"}]}, now=NOW)
    bench.load({"users": [{"id": "u2"}]}, now=NOW)

    assert [row["resource_id"] for row in bench.judge(NAMES)] == ["u2"]
    assert not bench.judge(a_check(judging("user_id as resource_id, level as resource_name", over="risky_users")))


def test_a_derived_table_is_derived_unless_its_rows_are_given(bench: TableBench) -> None:
    users = [{"id": "u1", "secrets": [{"keyId": "k1", "endDateTime": "2027-01-01T00:00:00Z"}]}]

    bench.load({"users": users}, now=NOW)
    assert [(row["resource_id"], row["end_at"]) for row in bench.judge(ENDS)] == [("k1", "2027-01-01T00:00:00Z")]
    bench.load({"users": users, "secrets": [{"user_id": "u1", "key_id": "given"}]}, now=NOW)
    assert [row["resource_id"] for row in bench.judge(ENDS)] == ["given"]
    bench.load({"users": users}, now=NOW)
    assert [row["resource_id"] for row in bench.judge(ENDS)] == ["k1"]


def test_the_snapshot_before_is_a_schema_of_its_own(bench: TableBench) -> None:
    secrets = [{"keyId": "k-then", "endDateTime": None}]
    check = a_check(judging("key_id as resource_id, user_id as resource_name", over="previous.secrets"))

    bench.load({"users": [{"id": "u1"}]}, now=NOW, previous={"users": [{"id": "u0", "secrets": secrets}]})

    assert [row["resource_id"] for row in bench.judge(check)] == ["k-then"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"user": []}, "there is no table user"),
        ({"users": [{"nmae": "x"}]}, "users has no column nmae"),
        ({"users": [{"enabled": "yes"}]}, 'users.enabled takes BOOLEAN, not "yes"'),
        ({"users": [{"tries": True}]}, "users.tries takes BIGINT, not true"),
        ({"users": [{"roles": "a"}]}, "users.roles takes"),
        ({"users": [{"secrets": [{"id": "x"}]}]}, "users.secrets has no member id"),
        ({"users": [{"seen_at": "yesterday"}]}, "a row of table users does not fit"),
    ],
)
def test_rows_that_cannot_be_are_refused(
    bench: TableBench, rows: dict[str, list[dict[str, object]]], told: str
) -> None:
    with pytest.raises(RowsRefused, match=told):
        bench.load(rows, now=NOW)


def test_a_refused_load_leaves_no_row_that_the_next_one_does_not_have(bench: TableBench) -> None:
    with pytest.raises(RowsRefused):
        bench.load({"users": [{"id": "u1"}, {"nmae": "x"}]}, now=NOW)
    bench.load({}, now=NOW)

    assert bench.judge(NAMES) == []


@pytest.mark.parametrize(
    ("rows", "told"),
    [([{"id": "u1"}, {"id": "u1"}], "a second time"), ([{"name": "x"}], "no resource_id")],
)
def test_lost_and_doubled_resources_are_told(bench: TableBench, rows: list[dict[str, object]], told: str) -> None:
    bench.load({"users": rows}, now=NOW)

    with pytest.raises(CheckBroken, match=told):
        bench.judge(NAMES)


def test_a_check_that_does_not_end_is_stopped_and_the_next_goes_on() -> None:
    bench = TableBench(DICTIONARY, seconds=0.2)
    endless = "(select count(*) as n from range(10000000) a, range(10000000) b where a.range % 7 = b.range % 11)"
    try:
        for _ in range(2):
            with pytest.raises(CheckBroken, match=r"stopped after 0\.2 seconds"):
                bench.judge(a_check(judging("n as resource_id, n as resource_name", over=endless)))
            bench.load({"users": [{"id": "u1"}]}, now=NOW)
            assert len(bench.judge(NAMES)) == 1
    finally:
        bench.close()
