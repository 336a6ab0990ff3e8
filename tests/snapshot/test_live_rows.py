"""Rows read live mean what they would mean in a snapshot, and an action's SQL can do nothing but ask."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from posture.domain.judgement import Value
from posture.errors import ActionBroken, CheckBroken, LiveDataUnfit
from posture.snapshot.live import LiveDesk, OpenRows
from posture.tables import TABLES
from posture.tables.live import ONLY_LIVE
from posture.tables.table import SourceTable
from posture.usecases.ports import LiveDesk as LiveDeskPort
from posture.usecases.ports import LiveRows
from tests.snapshot.made_up import (
    DICTIONARY,
    MEMBERS,
    NOW,
    RULES,
    USERS,
    a_check,
    a_page,
    all_rows,
    judging,
    publish,
    snapshots_in,
    wanted,
)
from tests.snapshot.test_snapshot_locked import ATTACKS

ESCAPES = [
    "true) union select (true",
    "true) from risky_users, (select 1",
    "true), (select name from users",
    "true; drop table users",
    "true) as truth from users; drop table users; select (true",
    "true)) --",
    "(true",
    "true /* ",
    "'",
]


@pytest.fixture
def desk() -> Iterator[LiveDesk]:
    desk = LiveDesk(DICTIONARY)
    yield desk
    desk.close()


def typed(desk: LiveDesk, table: SourceTable, *items: Mapping[str, object]) -> list[dict[str, Value]]:
    return [dict(row) for row in desk.typed_rows(wanted(table)[0], [a_page(table, list(items))])]


def one_user(desk: LiveDesk, **changes: Value) -> OpenRows:
    return desk.open_rows({"users": [{"id": "u1", "name": "Ann", **changes}]}, now=NOW)


def is_true(rows: LiveRows, condition: str, *, over: str = "users", **parameters: object) -> bool:
    return rows.truth(condition, over=over, parameters=parameters)  # type: ignore[arg-type]  # any of them


def test_the_desk_fits_its_port_with_every_table_that_there_is() -> None:
    desk: LiveDeskPort = LiveDesk((*TABLES, *ONLY_LIVE))

    rows: LiveRows = desk.open_rows({"users": [{"id": "u1"}]}, now=NOW)

    assert rows.truth("(select count(*) from authentication_methods) = 0", over="users", parameters={})


ITEM = {
    "id": "u1",
    "displayName": "\ud83d",
    "accountEnabled": False,
    "userType": "Guest",
    "signInActivity": {"lastSignInDateTime": "2026-02-01T10:00:00+02:00", "tries": 7},
    "roles": ["a", "hidden"],
    "passwordCredentials": [{"keyId": "k1", "endDateTime": None}],
    "@odata.type": "#microsoft.graph.user",
}


def test_items_become_what_they_would_be_in_a_snapshot(desk: LiveDesk, tmp_path: Path) -> None:
    (row,) = typed(desk, USERS, ITEM)

    snapshot = publish(snapshots_in(tmp_path), {"users": [ITEM]})
    assert all_rows(snapshot, "select * from users") == [list(row.values())]
    assert (row["name"], row["kind"], row["enabled"], row["roles"]) == ("\ufffd", "guest", False, None)
    assert (row["seen_at"], row["tries"]) == ("2026-02-01T08:00:00Z", 7)


def test_typed_rows_can_be_laid_out_and_asked_about(desk: LiveDesk) -> None:
    rows = {
        "users": typed(desk, USERS, ITEM),
        "rules": typed(desk, RULES, {"id": "r1", "places": {"users": {"include": ["a"]}, "new": 1}}),
    }

    live = desk.open_rows(rows, now=NOW)

    assert is_true(live, "not enabled and seen_at = timestamp '2026-02-01 08:00' and secrets[1].keyId = 'k1'")
    assert is_true(live, "strange = ['new'] and places.users.include = ['a']", over="rules")
    assert is_true(live, "(select count(*) from secrets where key_id = 'k1') = 1")


def test_pages_are_read_as_one_list_and_of_rows_with_one_key_the_last_is_kept(desk: LiveDesk) -> None:
    pages = [a_page(USERS, [{"id": "u1", "displayName": "then"}]), a_page(USERS, [{"id": "u2"}])]
    pages += [a_page(USERS, []), a_page(USERS, [{"id": "u1", "displayName": "now"}])]

    rows = desk.typed_rows(wanted(USERS)[0], pages)

    assert sorted((str(row["id"]), row["name"]) for row in rows) == [("u1", "now"), ("u2", None)]
    assert desk.typed_rows(wanted(USERS)[0], []) == []


@pytest.mark.parametrize(
    ("items", "told"),
    [
        (b'{"id": "u1", "accountEnabled": "hush"}\n', "accountEnabled that is not BOOLEAN"),
        (b'{"id": "u1", "accountEnabled": 1}\n', "accountEnabled that is not BOOLEAN"),
        (b'{"id": "u1", "signInActivity": {"lastSignInDateTime": "hush"}}\n', "that is not TIMESTAMP"),
        (b'{"displayName": "hush"}\n', "1 of its items have no id"),
        (b'{"id": hush}\n', "not valid JSON"),
    ],
)
def test_an_item_that_does_not_fit_says_nothing_about_the_resource(desk: LiveDesk, items: bytes, told: str) -> None:
    with pytest.raises(LiveDataUnfit, match=told) as caught:
        desk.typed_rows(wanted(USERS)[0], [a_page(USERS, items)])

    assert str(caught.value).startswith("users: ")
    assert "hush" not in str(caught.value)


def test_a_row_needs_every_column_of_its_key(desk: LiveDesk) -> None:
    with pytest.raises(LiveDataUnfit, match="have no group_id and member_id"):
        typed(desk, MEMBERS, {"groupId": "g1"})


def test_nothing_of_a_reading_is_left_on_the_disk(
    desk: LiveDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    typed(desk, USERS, ITEM)
    with pytest.raises(LiveDataUnfit):
        typed(desk, USERS, {"id": 5})

    assert list(tmp_path.iterdir()) == []


def test_a_full_or_forbidden_disk_is_told_in_a_sentence(
    desk: LiveDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))

    with pytest.raises(LiveDataUnfit, match=r"users: what Graph sent cannot be laid out in .*absent"):
        typed(desk, USERS, ITEM)


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("enabled", True),
        ("not enabled", False),
        ("tries > 3", False),
        ("not (tries > 3)", False),
        ("null", False),
        ("name = $name and list_contains($names, name)", True),
        ("seen_at < $now - interval 7 days", True),
        ("true -- as always", True),
        ("name in ('(', ')', 'Ann') and \"name\" <> '('", True),
        ("(select count(*) from risky_users) = 0", True),
    ],
)
def test_a_condition_is_true_only_if_it_says_so(desk: LiveDesk, condition: str, answer: bool) -> None:
    live = one_user(desk, enabled=True, seen_at="2026-01-01T00:00:00Z")

    assert is_true(live, condition, name="Ann", names=("Ann", "Bob"), now=NOW, unused=None) is answer


def test_times_in_parameters_count_in_utc(desk: LiveDesk) -> None:
    live = one_user(desk, seen_at="2026-03-01T12:00:00Z")

    assert is_true(live, "seen_at = $now", now=NOW)
    assert not is_true(live, "seen_at = $now", now=NOW + timedelta(hours=1))
    assert not is_true(live, "seen_at < $approved_at", approved_at=None)


@pytest.mark.parametrize("users", [[], [{"id": "u1"}, {"id": "u2"}]], ids=["none", "two"])
@pytest.mark.parametrize("condition", ["true", "count(*) >= 0", "id is null or true"])
def test_without_the_one_row_of_the_resource_nothing_is_true(
    desk: LiveDesk, users: list[dict[str, Value]], condition: str
) -> None:
    assert not is_true(desk.open_rows({"users": users}, now=NOW), condition)


@pytest.mark.parametrize("condition", ["1", "name", "'true'", "[true]", "true, true", "{'a': true}"])
def test_what_is_no_boolean_is_no_condition(desk: LiveDesk, condition: str) -> None:
    with pytest.raises(ActionBroken, match="neither TRUE nor FALSE"):
        is_true(one_user(desk), condition)


@pytest.mark.parametrize("condition", ESCAPES)
def test_a_condition_cannot_be_more_than_one_expression(desk: LiveDesk, condition: str) -> None:
    live = one_user(desk)

    with pytest.raises(ActionBroken):
        is_true(live, condition)
    assert is_true(live, "name = 'Ann'")


@pytest.mark.parametrize("sql", ATTACKS)
def test_an_action_cannot_leave_the_live_rows(desk: LiveDesk, sql: str) -> None:
    live = one_user(desk)

    with pytest.raises(ActionBroken):
        live.select(sql, parameters={})
    with pytest.raises(ActionBroken):
        is_true(live, f"exists ({sql})")
    assert live.select("select id from users", parameters={}) == [{"id": "u1"}]


@pytest.mark.parametrize(
    ("condition", "over"),
    [("nmae = 'x'", "users"), ("true", "absent"), ("$absent", "users"), ("error('hush\x1b[31m')", "users")],
)
def test_broken_sql_is_told_as_one_printable_sentence(desk: LiveDesk, condition: str, over: str) -> None:
    with pytest.raises(ActionBroken, match="cannot be evaluated") as caught:
        is_true(one_user(desk), condition, over=over)

    assert str(caught.value).isprintable()


def test_a_statement_that_does_not_end_is_stopped() -> None:
    desk = LiveDesk(DICTIONARY, seconds=0.2)
    live = desk.open_rows({"users": [{"id": "u1"}]}, now=NOW)
    endless = "(select count(*) from range(1000000) a, range(1000000) b where a.range + b.range = 7) = 0"

    with pytest.raises(ActionBroken, match=r"stopped after 0\.2 seconds"):
        is_true(live, endless)
    assert is_true(live, "id = 'u1'")
    desk.close()


def test_what_was_before_and_the_answers_are_tables_of_their_own(desk: LiveDesk) -> None:
    live = desk.open_rows(
        {"users": [{"id": "u1", "enabled": False}]},
        now=NOW,
        before={"users": [{"id": "u1", "enabled": True, "secrets": [{"keyId": "k0"}]}]},
        answers=[{"step_id": "create", "id": "x1"}, {"step_id": "tell", "size": 5, "on": True, "none": None}],
    )

    assert is_true(live, "not enabled and (select bool_and(enabled) from before.users)")
    assert live.select("select key_id from before.secrets", parameters={}) == [{"key_id": "k0"}]
    assert live.select("select * from answers", parameters={}) == [
        {"step_id": "create", "id": "x1", "size": None, "on": None, "none": None},
        {"step_id": "tell", "id": None, "size": "5", "on": "true", "none": None},
    ]


def test_nothing_of_one_resource_is_there_for_the_next(desk: LiveDesk) -> None:
    desk.open_rows(
        {"users": [{"id": "u1"}]}, now=NOW, before={"users": [{"id": "u1"}]}, answers=[{"step_id": "a", "key": "b"}]
    )

    live = desk.open_rows({"risky_users": [{"user_id": "u2"}]}, now=NOW)

    for table in ("users", "before.users", "answers"):
        assert live.select(f"from {table}", parameters={}) == []
    with pytest.raises(ActionBroken):
        live.select("select key from answers", parameters={})


def test_rows_that_were_put_away_answer_nothing(desk: LiveDesk) -> None:
    old = one_user(desk)
    one_user(desk)

    with pytest.raises(ActionBroken, match="put away"):
        is_true(old, "true")
    with pytest.raises(ActionBroken, match="put away"):
        old.select("select 1", parameters={})
    with pytest.raises(ActionBroken, match="put away"):
        old.judge(a_check(judging("id as resource_id, name as resource_name", over="users")))


@pytest.mark.parametrize(
    ("rows", "answers", "told"),
    [
        ({"absent": []}, [], "there is no table absent"),
        ({"users": [{"nmae": "x"}]}, [], "no column nmae"),
        ({"users": [{"enabled": "\x1b[31m"}]}, [], "users.enabled takes BOOLEAN"),
        ({}, [{"step_id": "a", "Id": "x"}], "answers"),
        ({}, [{"step_id": "a", "id": "\ud83d"}], "surrogate"),
        ({"users": [{"id": "\ud83d"}]}, [], "surrogate"),
    ],
)
def test_rows_that_cannot_be_laid_out_are_told_and_leave_no_rows_open(
    desk: LiveDesk, rows: dict[str, list[dict[str, Value]]], answers: list[dict[str, Value]], told: str
) -> None:
    before = one_user(desk)

    with pytest.raises(LiveDataUnfit, match=told) as caught:
        desk.open_rows(rows, now=NOW, answers=answers)

    assert str(caught.value).isprintable()
    with pytest.raises(ActionBroken, match="put away"):
        is_true(before, "true")
    assert is_true(one_user(desk), "name = 'Ann'")


def test_a_check_is_judged_on_live_rows(desk: LiveDesk) -> None:
    check = a_check(judging("id as resource_id, name as resource_name", over="users"))

    assert [row["_verdict"] for row in one_user(desk).judge(check)] == ["fail"]
    with pytest.raises(CheckBroken):
        one_user(desk).judge(a_check("select nothing"))


def test_a_selection_may_not_name_two_columns_alike(desk: LiveDesk) -> None:
    with pytest.raises(ActionBroken, match="two columns of one name"):
        one_user(desk).select("select id, name as id from users", parameters={})


def test_a_condition_about_a_resource_is_over_its_own_row_whatever_stands_beside_it(desk: LiveDesk) -> None:
    rows = desk.open_rows({"users": [{"id": "u1", "name": "Ann"}, {"id": "u2", "name": "Bob"}]}, now=NOW)

    assert is_true(rows, "name = 'Ann'", resource_id="u1")
    assert is_true(rows, "name = 'Ann'", resource_id="U1")
    assert not is_true(rows, "name = 'Ann'", resource_id="u2")
    assert not is_true(rows, "name = 'Ann'", resource_id="u3")
    assert is_true(rows, "(select count(*) from users) = 2", resource_id="u1")
    assert not is_true(rows, "name = 'Ann'")
