"""A check's rows keep their contract, or the check is broken and says how."""

from __future__ import annotations

import gc
from datetime import timedelta
from pathlib import Path

import pytest

from posture.domain.verdict import Verdict
from posture.errors import CheckBroken, QueryRefused
from posture.snapshot.reader import PublishedSnapshot
from tests.snapshot.made_up import NOW, a_check, judging, publish, snapshots_in

NAMED = "id as resource_id, name as resource_name"


@pytest.fixture
def snapshot(tmp_path: Path) -> PublishedSnapshot:
    users = [{"id": f"u{number}", "displayName": f"User {number}"} for number in range(2500)]
    return publish(snapshots_in(tmp_path), {"users": users})


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (judging(NAMED, over="users union all select id, name, 'pass', 'high' from users"), "2500 of its rows judge"),
        (judging("null as resource_id, name as resource_name", over="users"), "2500 of its rows have no resource_id"),
        (judging("id as resource_id", over="users"), "no column resource_name"),
        (judging(NAMED, over="users", verdict="'maybe'"), "maybe is not a verdict"),
        (judging(NAMED, over="users", verdict="null"), "None is not a verdict"),
        (judging(NAMED, over="nowhere"), "nowhere does not exist"),
        (judging(f"{NAMED}, cast(name as bigint) as n", over="users"), "Could not convert"),
        (judging(f"{NAMED}, $missing as n", over="users"), "missing"),
        (judging(f"{NAMED}, graph_time('soon') as n", over="users"), "should be a time is not one"),
    ],
)
def test_a_check_that_breaks_the_contract_is_told(snapshot: PublishedSnapshot, sql: str, told: str) -> None:
    with pytest.raises(CheckBroken, match=told) as broken, snapshot.judge(a_check(sql)):
        pass
    assert "\n" not in str(broken.value)


def test_a_derived_table_that_fails_breaks_only_the_checks_that_read_what_fails(tmp_path: Path) -> None:
    secrets = [{"keyId": "k1", "endDateTime": "soon"}]
    snapshot = publish(snapshots_in(tmp_path), {"users": [{"id": "u1", "passwordCredentials": secrets}]})
    named = "user_id as resource_id, key_id as resource_name"

    with snapshot.judge(a_check(judging(named, over="secrets"), derived=["secrets"])) as judged:
        assert judged.counts.failed == 1
    with snapshot.judge(a_check(judging(NAMED, over="users"))) as judged:
        assert judged.counts.failed == 1
    broken = a_check(judging(f"{named}, end_at", over="secrets"), derived=["secrets"])
    with pytest.raises(CheckBroken, match="should be a time is not one"), snapshot.judge(broken):
        pass


def test_a_check_of_change_sees_the_snapshot_before_and_others_do_not(tmp_path: Path) -> None:
    snapshots = snapshots_in(tmp_path)
    publish(snapshots, {"users": [{"id": "u0"}]})
    snapshot = publish(snapshots, {"users": [{"id": "u1"}]}, now=NOW + timedelta(days=1))
    gone = judging(NAMED, over="previous.users")

    with snapshot.judge(a_check(gone, previous=["users"])) as judged:
        assert [row["resource_id"] for row in judged.rows([Verdict.FAIL])] == ["u0"]
    with snapshot.judge(a_check(judging(NAMED, over="users"))) as judged:
        assert [row["resource_id"] for row in judged.rows([Verdict.FAIL])] == ["u1"]
    with pytest.raises(CheckBroken, match="does not exist"), snapshot.judge(a_check(gone)):
        pass
    snapshot.close()


def test_rows_for_one_resource_are_told_apart_by_identity(snapshot: PublishedSnapshot) -> None:
    over = "users, (values (timestamp '2026-01-01 00:00:00.5', [1.50]), (null, [])) t(moment, parts) where id = 'u7'"
    check = a_check(judging(f"{NAMED}, moment, parts", over=over), identity=["moment", "parts"])

    with snapshot.judge(check) as judged:
        identities = [{"moment": row["moment"], "parts": row["parts"]} for row in judged.rows([Verdict.FAIL])]
        verdicts = judged.verdicts_of(
            [
                ("u7", identities[0]),
                ("u7", identities[1]),
                ("u7", {"moment": None}),
                ("u7", {}),
                ("u8", identities[0]),
            ]
        )

    assert {"moment": "2026-01-01T00:00:00.500000Z", "parts": [1.5]} in identities
    assert {"moment": None, "parts": []} in identities
    assert verdicts == ["fail", "fail", None, None, None]


def test_only_the_verdicts_asked_for_are_given_out_and_all_are_counted(snapshot: PublishedSnapshot) -> None:
    verdict = (
        "case when id = 'u0' then 'fail' when id < 'u11' then 'unknown' when id < 'u12' then 'not_applicable' "
        "else 'pass' end"
    )

    with snapshot.judge(a_check(judging(NAMED, over="users", verdict=verdict))) as judged:
        failing = [row["resource_id"] for row in judged.rows([Verdict.FAIL])]
        rows = list(judged.rows(Verdict))
        told = judged.verdicts_of([("u115", {})])
        counts = judged.counts

    assert failing == ["u0"]
    assert len(rows) == 2500 - counts.not_applicable
    assert counts.passed + counts.failed + counts.unknown + counts.not_applicable == 2500
    assert told == ["not_applicable"]


def test_every_kind_of_value_becomes_json(snapshot: PublishedSnapshot) -> None:
    values = {
        "1::hugeint": 1,
        "1.50::decimal(9, 2)": 1.5,
        "2.00::decimal(9, 2)": 2,
        "'nan'::double": None,
        "'inf'::float": None,
        "timestamptz '2026-03-01 01:00:00+01'": "2026-03-01T00:00:00Z",
        "date '2026-03-01'": "2026-03-01",
        "time '10:00'": "10:00:00",
        "interval 90 second": "PT90S",
        "uuid '11111111-1111-1111-1111-111111111111'": "11111111-1111-1111-1111-111111111111",
        "blob 'a'": "61",
        "map {'a': 1.0}": {"a": 1},
        "{'at': timestamp '2026-03-01', 'none': null}": {"at": "2026-03-01T00:00:00Z", "none": None},
        "[true, null]": [True, None],
        "'a'::enum ('a', 'b')": "a",
        "null": None,
    }
    columns = ", ".join(f"{sql} as c{number}" for number, sql in enumerate(values))
    over = "users where id = 'u1'"

    with snapshot.judge(a_check(judging(f"{NAMED}, {columns}", over=over))) as judged:
        (row,) = judged.rows([Verdict.FAIL])

    assert [row[f"c{number}"] for number in range(len(values))] == list(values.values())


def test_two_checks_may_be_read_at_the_same_time(snapshot: PublishedSnapshot) -> None:
    first = a_check(judging(NAMED, over="users"))
    second = a_check(judging(NAMED, over="users where id <> 'u0'"))

    with snapshot.judge(first) as one, snapshot.judge(second) as two:
        pairs = sum(1 for _ in zip(one.rows(Verdict), two.rows(Verdict), strict=False))
        assert (one.counts.failed, two.counts.failed, pairs) == (2500, 2499, 2499)


def test_a_snapshot_may_be_closed_and_used_again(snapshot: PublishedSnapshot) -> None:
    snapshot.close()

    with snapshot.judge(a_check(judging(NAMED, over="users"))) as judged:
        assert judged.counts.failed == 2500


def test_a_hostile_value_in_a_sentence_of_duckdb_is_made_harmless(tmp_path: Path) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": [{"id": "u1", "displayName": "\x1b[31m\u202e"}]})

    with pytest.raises(CheckBroken) as broken:
        snapshot.judge(a_check(judging(f"{NAMED}, cast(name as bigint) as n", over="users"))).__enter__()
    with pytest.raises(QueryRefused) as refused:
        list(snapshot.query("select cast(name as bigint) from users").rows)

    for sentence in (str(broken.value), str(refused.value)):
        assert "\\x1b[31m\\u202e" in sentence
        assert "\x1b" not in sentence


def test_an_answer_outlives_the_snapshot_that_gave_it(tmp_path: Path) -> None:
    answer = publish(snapshots_in(tmp_path), {"users": [{"id": f"u{number}"} for number in range(2500)]}).query(
        "select id, count(*) over () as n from users order by id"
    )
    gc.collect()

    assert answer.columns == ["id", "n"]
    assert next(answer.rows) == ["u0", 2500]
    assert sum(1 for _ in answer.rows) == 2499
