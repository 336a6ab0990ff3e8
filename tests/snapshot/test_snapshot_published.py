"""What was collected is what can be read, typed, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from posture.domain.outcome import Outcome
from posture.domain.verdict import Verdict
from posture.errors import CheckBroken, QueryRefused, SnapshotError
from posture.snapshot.snapshots import TenantSnapshots
from tests.snapshot.made_up import (
    MEMBERS,
    NOW,
    USERS,
    a_check,
    a_page,
    all_rows,
    judging,
    publish,
    snapshots_in,
    wanted,
)

ADA = {
    "id": "u1",
    "displayName": "Ada",
    "accountEnabled": True,
    "userType": "Member",
    "signInActivity": {"lastSignInDateTime": "2026-02-01T10:00:00.1234567Z", "tries": 3},
    "roles": ["a", "b"],
    "passwordCredentials": [{"keyId": "k1", "endDateTime": "2027-01-01T00:00:00Z", "hint": "x"}],
    "@odata.type": "#microsoft.graph.user",
}


def test_items_become_typed_rows(tmp_path: Path) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": [ADA]})

    assert all_rows(snapshot, "select * from users") == [
        [
            "u1",
            "Ada",
            True,
            "member",
            "2026-02-01T10:00:00.123456Z",
            3,
            ["a", "b"],
            [{"keyId": "k1", "endDateTime": "2027-01-01T00:00:00Z"}],
            "#microsoft.graph.user",
        ]
    ]
    assert snapshot.outcomes["users"].rows == 1
    assert all_rows(snapshot, "select * from secrets") == [["u1", "k1", "2027-01-01T00:00:00Z"]]


def test_a_check_is_judged_over_it(tmp_path: Path) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": [ADA, {"id": "u2", "displayName": None}]})
    sql = judging(
        "id as resource_id, name as resource_name, seen_at, $days as days, $now as at",
        over="users",
        verdict="case when enabled then 'fail' else 'unknown' end",
    )
    check = a_check(sql, parameters={"days": 30, "unused": "x"})

    with snapshot.judge(check) as judged:
        rows = list(judged.rows([Verdict.FAIL]))
        verdicts = judged.verdicts_of([("u2", {}), ("u3", {}), ("u1", {})])

    assert (judged.counts.failed, judged.counts.unknown, judged.counts.passed) == (1, 1, 0)
    assert rows == [
        {
            "resource_id": "u1",
            "resource_name": "Ada",
            "seen_at": "2026-02-01T10:00:00.123456Z",
            "days": 30,
            "at": "2026-03-01T12:00:00Z",
            "_verdict": "fail",
            "_severity": "high",
        }
    ]
    assert verdicts == ["unknown", None, "fail"]


def test_tables_that_are_not_complete_cannot_be_named_by_a_check_but_by_a_person(tmp_path: Path) -> None:
    contents = {"users": [ADA], "risky_users": [{"id": "u1"}], "members": [{"groupId": "g", "id": "m"}]}
    outcomes = {"users": Outcome.PARTIAL, "risky_users": Outcome.NOT_LICENSED, "members": Outcome.FORBIDDEN}

    snapshot = publish(snapshots_in(tmp_path), contents, outcomes=outcomes)

    for table in ("users", "partial.users", "members", "partial.members", "secrets", "risky_names"):
        check = a_check(judging("1 as resource_id, 2 as resource_name", over=table))
        with pytest.raises(CheckBroken, match="does not exist"), snapshot.judge(check):
            pass
    assert all_rows(snapshot, "select name from partial.users") == [["Ada"]]
    assert snapshot.outcomes["users"].rows == 1
    assert snapshot.outcomes["members"].rows == 0
    assert all_rows(snapshot, "select user_id, level from risky_users") == []  # known to be empty: no licence


def test_a_reading_that_was_cut_short_is_partial(tmp_path: Path) -> None:
    with snapshots_in(tmp_path).open_spool(wanted(USERS, MEMBERS), now=NOW) as spool:
        spool.append(a_page(USERS, [ADA]))
        snapshot = spool.publish()

    assert {name: (outcome.outcome, outcome.rows) for name, outcome in snapshot.outcomes.items()} == {
        "users": (Outcome.PARTIAL, 1),
        "members": (Outcome.PARTIAL, 0),
    }


def test_the_snapshot_before_is_there_with_its_own_derived_tables(tmp_path: Path) -> None:
    snapshots = snapshots_in(tmp_path)
    old = {"id": "u0", "displayName": "Old", "passwordCredentials": [{"keyId": "k0"}]}

    first = publish(snapshots, {"users": [old]}, without=["kind"])
    second = publish(snapshots, {"users": [ADA], "risky_users": [{"id": "u1"}]}, now=NOW + timedelta(days=1))

    assert first.previous_outcomes is None
    assert second.previous_outcomes is not None
    assert second.previous_outcomes["users"].rows == 1
    assert all_rows(second, "select p.id, p.kind, u.id, u.kind from previous.users p, users u") == [
        ["u0", None, "u1", "member"]
    ]
    assert all_rows(second, "select p.key_id, s.key_id from previous.secrets p, secrets s") == [["k0", "k1"]]
    assert all_rows(second, "select name from risky_names") == [["Ada"]]
    with pytest.raises(QueryRefused, match="risky_names does not exist"):
        second.query("select * from previous.risky_names")  # it must not be made of today's risky_users
    with pytest.raises(QueryRefused, match=r"(?s)does not exist.*there is no snapshot before this one"):
        first.query("select * from previous.users")


def test_a_column_that_was_not_read_cannot_be_named_but_leaves_derived_tables_alone(tmp_path: Path) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": [ADA], "risky_users": [{"id": "u1"}]}, without=["name"])

    with pytest.raises(
        QueryRefused, match=r'(?s)"name" not found.*holds the tables and columns that the enabled checks read'
    ):
        snapshot.query("select name from users")
    assert all_rows(snapshot, "select name from risky_names") == [[None]]
    assert "name" not in snapshot.columns_read["users"]


def test_the_latest_is_the_newest_and_old_ones_go_unless_they_are_open(tmp_path: Path) -> None:
    snapshots = snapshots_in(tmp_path)
    first = publish(snapshots, {"users": [ADA]})
    for day in range(1, 5):
        publish(snapshots, {"users": [{"id": f"u{day}"}]}, now=NOW + timedelta(days=day))
    directories = list(tmp_path.glob("tenants/*/snapshots/*"))

    latest = snapshots_in(tmp_path).latest()

    assert latest is not None
    assert latest.taken_at == NOW + timedelta(days=4)
    assert all_rows(latest, "select u.id, p.id from users u, previous.users p") == [["u4", "u3"]]
    assert all_rows(first, "select id from users") == [["u1"]]
    assert len(directories) == 3  # the two newest, and the first because it is open


def test_without_a_scan_there_is_no_latest(tmp_path: Path) -> None:
    assert snapshots_in(tmp_path).latest() is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "is damaged"),
        (b'{"schema": "posture.snapshot/1"}', "is damaged"),
        (b"\xff", "is damaged"),
        (b"", "is damaged"),
    ],
)
def test_a_damaged_manifest_is_said(tmp_path: Path, content: bytes, told: str) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": [ADA]})
    (snapshot.directory / "manifest.json").write_bytes(content)

    with pytest.raises(SnapshotError, match=told):
        snapshots_in(tmp_path).latest()


def test_a_manifest_of_another_version_is_said(tmp_path: Path) -> None:
    manifest = publish(snapshots_in(tmp_path), {"users": [ADA]}).directory / "manifest.json"
    manifest.write_text('{"schema": "posture.snapshot/9"}')

    with pytest.raises(SnapshotError, match=r"version 'posture\.snapshot/9'"):
        snapshots_in(tmp_path).latest()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"schema": "posture.snapshot/1"}', b"\xff\x00"])
def test_a_damaged_snapshot_is_set_aside_by_the_next_scan(tmp_path: Path, content: bytes) -> None:
    oldest = publish(snapshots_in(tmp_path), {"users": [{"id": "u1"}]}, now=NOW)
    damaged = publish(snapshots_in(tmp_path), {"users": [ADA]}, now=NOW + timedelta(hours=1)).directory
    (damaged / "manifest.json").write_bytes(content)

    with snapshots_in(tmp_path).open_spool(wanted(USERS), now=NOW + timedelta(hours=2)) as spool:
        (place,) = spool.set_aside
    after = publish(snapshots_in(tmp_path), {"users": []}, now=NOW + timedelta(hours=2))

    assert (place.name, damaged.exists(), (place / "tables" / "users.parquet").exists()) == (
        damaged.name,
        False,
        True,
    )
    assert after.before == oldest.directory
    assert all_rows(after, "select id from previous.users") == [["u1"]]


def test_what_another_version_wrote_is_left_where_it_is(tmp_path: Path) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": [ADA]}).directory
    (snapshot / "manifest.json").write_text('{"schema": "posture.snapshot/9"}')

    with snapshots_in(tmp_path).open_spool(wanted(USERS), now=NOW + timedelta(hours=1)) as spool:
        assert not spool.set_aside

    assert snapshot.exists()


def test_a_damaged_table_is_said(tmp_path: Path) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": [ADA]})
    (snapshot.directory / "tables" / "users.parquet").write_bytes(b"PAR1 but no more")

    with pytest.raises(SnapshotError, match="cannot be read"):
        all_rows(snapshot, "select * from users")


def test_a_directory_with_signs_that_mean_more_to_sql_works(tmp_path: Path) -> None:
    odd = tmp_path / "it's [a] *data* dir?"

    snapshot = publish(snapshots_in(odd), {"users": [ADA]})

    assert all_rows(snapshot, "select id from users") == [["u1"]]


@pytest.mark.parametrize("tenant_id", ["", "../x", "a/b", "a.b", "-x", "x" * 65])
def test_a_tenant_id_that_is_no_name_of_a_directory_is_refused(tmp_path: Path, tenant_id: str) -> None:
    with pytest.raises(ValueError, match="cannot be the id of a tenant"):
        TenantSnapshots(tmp_path, tenant_id=tenant_id, dictionary=())
