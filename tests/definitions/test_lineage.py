"""Lineage: every table and column that SQL reads, and no name that does not exist."""

from __future__ import annotations

import pytest

from posture.definitions.dictionary import Dictionary
from posture.definitions.lineage import SqlReader
from posture.definitions.reads import Lineage
from posture.definitions.scope import Output, TableName
from posture.definitions.sql_text import SqlRefused, parse_condition, parse_select
from posture.tables.table import DerivedTable

ALL_OF_USERS = {"id", "display_name", "user_principal_name", "account_enabled", "user_type", "created_at", "tags"}
ALL_OF_RISKY = {"user_id", "risk_state", "risk_level"}
APPLICATIONS_OF_CREDENTIALS = {"applications": {"id", "password_credentials"}}


def reads(dictionary: Dictionary, sql: str) -> dict[str, set[str]]:
    reader = SqlReader(dictionary)
    reader.read_select(parse_select(sql))
    return {
        ("previous." if table.is_previous else "") + table.name: cols for table, cols in reader.columns_read.items()
    }


def output(dictionary: Dictionary, sql: str) -> tuple[str, ...]:
    return SqlReader(dictionary).read_select(parse_select(sql)).columns


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select id from users", {"users": {"id"}}),
        ("select u.id from users u where u.account_enabled", {"users": {"id", "account_enabled"}}),
        ("select users.id from users", {"users": {"id"}}),
        ("SELECT U.ID FROM Users AS U", {"users": {"id"}}),
        ("from users select id", {"users": {"id"}}),
        ("select count(*) from users", {"users": set()}),
        ("with x as (select id as i from users) select i from x", {"users": {"id"}}),
        ("with x(a, b) as (select id, tags from users) select a, b from x", {"users": {"id", "tags"}}),
        ("with x as (select 1 as id), y as (select id from x) select id from y", {}),
        ("select x.i from (select id as i from users) x", {"users": {"id"}}),
        (
            "select (select max(created_at) from users) from applications",
            {"users": {"created_at"}, "applications": set()},
        ),
        (
            "select a.id from applications a where a.id in "
            "(select user_id from risky_users r where r.risk_level = a.display_name)",
            {"applications": {"id", "display_name"}, "risky_users": {"user_id", "risk_level"}},
        ),
        (
            "select id from users u left join risky_users r on r.user_id = u.id",
            {"users": {"id"}, "risky_users": {"user_id"}},
        ),
        ("select a from users as t(a, b)", {"users": {"id"}}),
        (
            "select exists(select 1 from risky_users r where r.user_id = u.id) from users u",
            {"users": {"id"}, "risky_users": {"user_id"}},
        ),
        (
            "select c.keyId from applications a, unnest(a.password_credentials) as u(c)",
            {"applications": {"password_credentials"}},
        ),
        (
            "select c.keyId from applications a, unnest(a.password_credentials) as c",
            {"applications": {"password_credentials"}},
        ),
        ("select l.x from applications a, lateral (select a.owner_count as x) l", {"applications": {"owner_count"}}),
        (
            "select l.c from applications a, lateral unnest(a.password_credentials) as l(c)",
            {"applications": {"password_credentials"}},
        ),
        ("select list_filter(tags, lambda t: t = user_type) from users", {"users": {"tags", "user_type"}}),
        (
            "select list_transform(password_credentials, lambda c: c.keyId) from applications",
            {"applications": {"password_credentials"}},
        ),
        (
            "select [t || user_type for t in tags if t != display_name] from users",
            {"users": {"tags", "user_type", "display_name"}},
        ),
        ("select [t || user_type for t in tags] from users", {"users": {"tags", "user_type"}}),
        ("select password_credentials[1].keyId from applications", {"applications": {"password_credentials"}}),
        ("select {'a': owner_count}.a from applications", {"applications": {"owner_count"}}),
        (
            "select sum(owner_count) filter (where created_at > $now) over (partition by display_name) "
            "from applications",
            {"applications": {"owner_count", "created_at", "display_name"}},
        ),
        ("select id from users order by created_at limit 1", {"users": {"id", "created_at"}}),
        ("select id from users group by id having max(created_at) > $now", {"users": {"id", "created_at"}}),
        ("select id from users qualify row_number() over (order by created_at) = 1", {"users": {"id", "created_at"}}),
        ("select id as i, i || 'x' as j from users where i = 'a'", {"users": {"id"}}),
        (
            "select id from users union all select user_id from risky_users",
            {"users": {"id"}, "risky_users": {"user_id"}},
        ),
        ("with recursive r as (select id from users union all select id from r) select id from r", {"users": {"id"}}),
        (
            "select user_id from risky_users join (select id as user_id from users) x using (user_id)",
            {"risky_users": {"user_id"}, "users": {"id"}},
        ),
        (
            "select u.id from previous.users p join users u on u.id = p.id",
            {"users": {"id"}, "previous.users": {"id"}},
        ),
        ("select previous.users.id from previous.users", {"previous.users": {"id"}}),
        ("select * from risky_users", {"risky_users": ALL_OF_RISKY}),
        (
            "select r.* exclude (risk_state) from risky_users r, users",
            {"risky_users": {"user_id", "risk_level"}, "users": set()},
        ),
        (
            "select * replace (upper(risk_level) as risk_level) from risky_users",
            {"risky_users": ALL_OF_RISKY},
        ),
        ("select r from risky_users r", {"risky_users": ALL_OF_RISKY}),
        ("select count(r.*) from risky_users r", {"risky_users": ALL_OF_RISKY}),
        (
            "select keyId from applications a, unnest(a.password_credentials) as c",
            {"applications": {"password_credentials"}},
        ),
        (
            "select u.id from (users u join risky_users r on r.user_id = u.id)",
            {"users": {"id"}, "risky_users": {"user_id"}},
        ),
        ("select n from (values (1), (2)) v(n)", {}),
        (
            "select u.a from (select *, id as a from risky_users, users) u",
            {"users": ALL_OF_USERS, "risky_users": ALL_OF_RISKY},
        ),
        ("select v.a from (values (1, 'x')) v(a, b)", {}),
        ("select range from range(3)", {}),
        ("select n from range(3) t(n)", {}),
        (
            "select case when account_enabled then user_type else display_name end from users",
            {"users": {"account_enabled", "user_type", "display_name"}},
        ),
        ("with policy as (select true as x) select (select any_true(x) from policy) from users", {"users": set()}),
    ],
)
def test_every_column_that_is_read_is_found(dictionary: Dictionary, sql: str, expected: dict[str, set[str]]) -> None:
    assert reads(dictionary, sql) == expected


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("select id, tags as t from users", ("id", "t")),
        ("select * exclude (risk_state) from risky_users", ("user_id", "risk_level")),
        ("select * rename (risk_state as s) from risky_users", ("user_id", "s", "risk_level")),
        ("with x as (select id from users) select * from x", ("id",)),
        ("select x.* from (select id as a, tags as b from users) x", ("a", "b")),
        ("select id from users union all by name select user_id as z from risky_users", ("id", "z")),
        ("select password_credentials[1].keyId from applications", ("keyid",)),
    ],
)
def test_the_columns_that_a_query_returns_are_known(
    dictionary: Dictionary, sql: str, columns: tuple[str, ...]
) -> None:
    assert output(dictionary, sql) == columns


@pytest.mark.parametrize(
    ("sql", "word", "advice"),
    [
        ("select idd from users", "idd", 'Did you mean "id"?'),
        ("select u.account_enable from users u", "account_enable", 'Did you mean "account_enabled"?'),
        ("select id from user", "user", 'Did you mean "users"?'),
        ("select id from other.users", "other", "previous"),
        ("select x.id from users u", "x", "posture tables list"),
        ("select zzz.* from users", "zzz", "posture tables list"),
        ("with x as (select id from users) select tags from x", "tags", "posture tables list"),
        ("select id from users where exists(select 1 from risky_users where risk = 'x')", "risk", "Did you mean"),
        ("select user_id from risky_users join users using (user_id)", "user_id", "ON"),
        ("select list_filter(tags, lambda t: u = 'x') from users", "u", "posture tables list"),
        ("select id from users natural join risky_users", "risky_users", "ON or USING"),
        ("select id from 'users.csv'", "users.csv", 'Did you mean "users"?'),
        ("select id from users, applications where usr_type = 'x'", "usr_type", 'Did you mean "user_type"?'),
        ("select * from rows from (range(1))", "range", "tables of the dictionary"),
        ("select * from (describe users)", "users", "plain SELECT"),
        ("select id from previous.aplications", "aplications", 'Did you mean "applications"?'),
    ],
)
def test_a_name_that_does_not_exist_is_refused_where_it_stands(
    dictionary: Dictionary, sql: str, word: str, advice: str
) -> None:
    with pytest.raises(SqlRefused) as caught:
        reads(dictionary, sql)

    assert sql[caught.value.offset :].lstrip("'").startswith(word)
    assert advice in caught.value.advice


def test_a_condition_sees_the_columns_of_the_rows_and_nothing_else(dictionary: Dictionary) -> None:
    reader = SqlReader(dictionary)
    rows = Output(columns=("resource_id", "is_admin"), is_open=False)

    reader.read_condition(
        parse_condition("not is_admin and resource_id in (select user_id from risky_users)"), over=rows
    )

    assert reader.columns_read == {TableName("risky_users", False): {"user_id"}}
    with pytest.raises(SqlRefused, match="account_enabled"):
        reader.read_condition(parse_condition("account_enabled"), over=rows)


def test_columns_by_which_rows_find_each_other_are_told_apart(dictionary: Dictionary) -> None:
    reader = SqlReader(dictionary)
    reader.read_select(
        parse_select(
            "select u.id from users u join risky_users r on r.user_id = u.id and r.risk_level = 'high' "
            "where u.display_name in (select display_name from applications)"
        )
    )

    assert reader.columns_matched == {
        TableName("users", False): {"id", "display_name"},
        TableName("risky_users", False): {"user_id"},
    }


def test_a_derived_table_needs_everything_that_its_own_sql_reads(dictionary: Dictionary) -> None:
    found = Lineage(dictionary).reads({TableName("application_credentials", False): {"kind"}})

    assert found.source_columns == APPLICATIONS_OF_CREDENTIALS
    assert found.derived == ("application_credentials",)
    assert found.previous == frozenset()


def test_derived_tables_come_after_those_they_read(dictionary: Dictionary) -> None:
    found = Lineage(dictionary).reads({TableName("ended_credentials", False): {"key_id"}})

    assert found.derived == ("application_credentials", "ended_credentials")
    assert found.source_columns == APPLICATIONS_OF_CREDENTIALS


def test_what_is_read_of_the_snapshot_before_is_wanted_now_too(dictionary: Dictionary) -> None:
    found = Lineage(dictionary).reads(
        {TableName("ended_credentials", True): {"key_id"}, TableName("users", False): {"id"}}
    )

    assert found.previous == {"applications"}
    assert found.source_columns == {**APPLICATIONS_OF_CREDENTIALS, "users": {"id"}}


def test_tables_that_share_a_source_need_its_columns_together(dictionary: Dictionary) -> None:
    found = Lineage(dictionary).reads(
        {
            TableName("application_credentials", False): {"kind"},
            TableName("ended_credentials", False): {"key_id"},
            TableName("applications", False): {"owner_count"},
        }
    )

    assert found.source_columns == {"applications": {"id", "password_credentials", "owner_count"}}
    assert found.derived == ("application_credentials", "ended_credentials")


def test_a_mistake_in_the_dictionary_is_not_blamed_on_a_check() -> None:
    broken = DerivedTable(name="broken", doc="…", sql="select nothing from nowhere", columns=())

    with pytest.raises(ValueError, match="derived table broken: there is no table"):
        Lineage(Dictionary((broken,), ())).reads({TableName("broken", False): set()})
