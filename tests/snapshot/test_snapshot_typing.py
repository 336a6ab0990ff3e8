"""What Graph sends is stored as what it means, or the table is failed; nothing turns into NULL by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from posture.domain.outcome import Outcome
from posture.snapshot.column_sql import properties_of, steps_of
from tests.snapshot.made_up import MEMBERS, RISKY, USERS, a_column, all_rows, publish, snapshots_in


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (None, None),
        ("", None),
        ("0001-01-01T00:00:00Z", None),
        ("2026-02-01T10:00:00Z", "2026-02-01T10:00:00Z"),
        ("2026-02-01T10:00:00.1234567Z", "2026-02-01T10:00:00.123456Z"),
        ("2026-02-01T10:00:00+02:00", "2026-02-01T08:00:00Z"),
        ("2026-02-01", "2026-02-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_times_are_stored_in_utc_and_never_as_null(tmp_path: Path, sent: str | None, stored: str | None) -> None:
    item = {"id": "u1", "signInActivity": {"lastSignInDateTime": sent}}

    snapshot = publish(snapshots_in(tmp_path), {"users": [item]})

    assert all_rows(snapshot, "select seen_at from users") == [[stored]]


@pytest.mark.parametrize(
    ("item", "column"),
    [
        ({"displayName": 5}, "displayName that is not VARCHAR"),
        ({"displayName": {"a": "hush"}}, "displayName that is not VARCHAR"),
        ({"accountEnabled": "true"}, "accountEnabled that is not BOOLEAN"),
        ({"accountEnabled": 1}, "accountEnabled that is not BOOLEAN"),
        ({"signInActivity": {"tries": 1.5}}, "signInActivity.tries that is not BIGINT"),
        ({"signInActivity": {"tries": 2**63}}, "signInActivity.tries that is not BIGINT"),
        ({"signInActivity": "hush"}, "signInActivity.lastSignInDateTime that is not TIMESTAMP"),
        ({"signInActivity": {"lastSignInDateTime": "hush"}}, "lastSignInDateTime that is not TIMESTAMP"),
        ({"signInActivity": {"lastSignInDateTime": "epoch"}}, "lastSignInDateTime that is not TIMESTAMP"),
        ({"signInActivity": {"lastSignInDateTime": "2026-02-30T00:00:00Z"}}, "that is not TIMESTAMP"),
        ({"signInActivity": {"lastSignInDateTime": 5}}, "lastSignInDateTime that is not TIMESTAMP"),
        ({"roles": "hush"}, "roles that is not VARCHAR[]"),
        ({"passwordCredentials": ["hush"]}, "passwordCredentials that is not STRUCT"),
    ],
)
def test_a_value_that_does_not_fit_fails_the_table_and_is_told_by_its_place(
    tmp_path: Path, item: dict[str, object], column: str
) -> None:
    items = [{"id": "u1"}, {"id": "u2"}, {"id": "u3", **item}, {"id": "u4"}]

    snapshot = publish(snapshots_in(tmp_path), {"users": items, "members": [{"groupId": "g", "id": "m"}]})

    outcome = snapshot.outcomes["users"]
    assert (outcome.outcome, outcome.rows) == (Outcome.FAILED, 0)
    assert re.search("item 3 has|an item has", str(outcome.reason))
    assert column in str(outcome.reason)
    assert "hush" not in str(outcome.reason)
    assert snapshot.outcomes["members"].outcome is Outcome.COMPLETE
    assert all_rows(snapshot, "select view_name from duckdb_views() where view_name = 'users'") == []


def test_broken_json_fails_the_table_and_is_told_by_its_place(tmp_path: Path) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": b'{"id": "u1"}\n{"id": hush}\n'})

    assert snapshot.outcomes["users"].outcome is Outcome.FAILED
    assert "hush" not in str(snapshot.outcomes["users"].reason)
    assert "item 2" in str(snapshot.outcomes["users"].reason)


@pytest.mark.parametrize(
    ("escaped", "stored"),
    [
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\ud83d", "\ufffd"),
        (rb"\ud83dx\ude00", "\ufffdx\ufffd"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\\ud83d", r"\ud83d"),
        (rb"\\\ud83d", "\\\ufffd"),
        (rb"\u0000", "\x00"),
        (b"\xff", "\ufffd"),
        (rb"\u202e\u001b[31m", "\u202e\x1b[31m"),
    ],
)
def test_text_that_is_not_well_formed_does_not_cost_the_table(tmp_path: Path, escaped: bytes, stored: str) -> None:
    content = b'{"id": "u1", "displayName": "' + escaped + b'"}\n{"id": "u2", "displayName": "\\ud800"}\n'

    snapshot = publish(snapshots_in(tmp_path), {"users": content})

    assert all_rows(snapshot, "select name from users order by id") == [[stored], ["\ufffd"]]


def test_huge_texts_and_deep_properties_that_nobody_asked_for_do_no_harm(tmp_path: Path) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    content = b'{"id": "u1", "displayName": "' + b"x" * 20_000_000 + b'", "other": ' + deep + b"}\n"

    snapshot = publish(snapshots_in(tmp_path), {"users": content})

    assert all_rows(snapshot, "select id, length(name) from users") == [["u1", 20_000_000]]


def test_what_graph_will_not_tell_is_null(tmp_path: Path) -> None:
    users = [{"id": "u1", "roles": ["a", "hidden"]}, {"id": "u2", "roles": []}, {"id": "u3", "roles": None}]
    risky = [{"id": "u1", "riskLevel": "hidden"}, {"id": "u2", "riskLevel": "Hidden"}]

    snapshot = publish(snapshots_in(tmp_path), {"users": users, "risky_users": risky})

    assert all_rows(snapshot, "select roles from users order by id") == [[None], [[]], [None]]
    assert all_rows(snapshot, "select level from risky_users order by user_id") == [[None], ["Hidden"]]


def test_an_item_that_came_twice_is_kept_once_as_it_was_last(tmp_path: Path) -> None:
    members = [
        {"groupId": "g", "id": "m1"},
        {"groupId": "g", "id": "m2"},
        {"groupId": "G", "id": "m1"},
        {"groupId": "g", "id": "m1"},
    ]
    users = [{"id": "u1", "displayName": "old"}, {"id": "u2"}, {"id": "u1", "displayName": "new"}]

    snapshot = publish(snapshots_in(tmp_path), {"users": users, "members": members})

    assert (snapshot.outcomes["users"].rows, snapshot.outcomes["members"].rows) == (2, 3)
    assert all_rows(snapshot, "select id, name from users order by id") == [["u1", "new"], ["u2", None]]


@pytest.mark.parametrize("item", [{}, {"id": None}])
def test_an_item_without_its_key_fails_the_table(tmp_path: Path, item: dict[str, object]) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": [{"id": "u1"}, item]})

    assert snapshot.outcomes["users"].outcome is Outcome.FAILED
    assert "have no id" in str(snapshot.outcomes["users"].reason)


def test_a_table_without_items_is_complete_and_empty(tmp_path: Path) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": []})

    assert snapshot.outcomes["users"].outcome is Outcome.COMPLETE
    assert all_rows(snapshot, "select count(*) from users") == [[0]]


def test_nested_fields_of_one_property_are_read_together() -> None:
    assert properties_of(USERS.columns)["signInActivity"] == 'STRUCT("lastSignInDateTime" JSON, "tries" JSON)'
    assert steps_of("a.@odata.type") == ("a", "@odata.type")
    assert {**properties_of(RISKY.columns), **properties_of(MEMBERS.columns)} == {
        "id": "JSON",
        "riskLevel": "JSON",
        "groupId": "JSON",
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [(("VARCHAR[]", "a"), ("VARCHAR", "a.b")), (("VARCHAR[]", "a"), ("VARCHAR", "a")), (("VARCHAR", None),) * 2],
)
def test_columns_that_cannot_be_read_together_are_refused(
    first: tuple[str, str | None], second: tuple[str, str | None]
) -> None:
    with pytest.raises(ValueError, match="column"):
        properties_of([a_column("x", *first), a_column("y", *second)])


@pytest.mark.parametrize(
    ("places", "strange"),
    [
        (None, []),
        ({}, []),
        ({"users": {"include": ["u1"]}, "apps": None}, []),
        ({"moods": ["low"]}, ["moods"]),
        ({"users": {"exclude": ["u1"]}}, ["users.exclude"]),
        ({"a": None, "b": [], "c": {}, "d": "", "e@odata.type": "x"}, []),
        ({"a/b~c": False, "$d.e": 0}, ["a/b~c", "$d.e"]),
        ({"strength": {"id": "s1"}}, []),
    ],
)
def test_members_that_a_structure_has_no_place_for_are_told_by_name(
    tmp_path: Path, places: object, strange: list[str]
) -> None:
    items = [{"id": "r1", "places": places}, {"id": "r2", "places": {"apps": ["app-1"], "moods": 1}}]

    snapshot = publish(snapshots_in(tmp_path), {"rules": items})

    assert all_rows(snapshot, "select id, strange from rules order by id") == [["r1", strange], ["r2", ["moods"]]]
    assert all_rows(snapshot, "select places.apps from rules where id = 'r2'") == [[["app-1"]]]


def test_the_names_alone_can_be_read(tmp_path: Path) -> None:
    rules = [{"id": "r1", "places": {"moods": 1}}]

    snapshot = publish(snapshots_in(tmp_path), {"rules": rules}, without=["places"])

    assert all_rows(snapshot, "select * from rules") == [["r1", ["moods"]]]


def test_a_structure_that_does_not_fit_fails_the_table_however_often_it_is_read(tmp_path: Path) -> None:
    rules = [{"id": "r1", "places": {"users": "hush"}}]

    snapshot = publish(snapshots_in(tmp_path), {"rules": rules})

    assert snapshot.outcomes["rules"].outcome is Outcome.FAILED
    assert "hush" not in str(snapshot.outcomes["rules"].reason)


def test_many_rules_keep_what_is_theirs(tmp_path: Path) -> None:
    rules = [{"id": f"r{number}", "places": {f"m{number}": 1, "apps": [f"a{number}"]}} for number in range(30_000)]

    snapshot = publish(snapshots_in(tmp_path), {"rules": rules})

    assert all_rows(
        snapshot, "select count(*) from rules where strange = ['m' || id[2:]] and places.apps = ['a' || id[2:]]"
    ) == [[30_000]]
