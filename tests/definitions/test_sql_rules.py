"""What the SQL of a check may not say."""

from __future__ import annotations

import pytest

from posture.definitions.sql_rules import refuse_closing_unknown, refuse_forbidden
from posture.definitions.sql_text import SqlRefused, parse_condition, parse_select


@pytest.mark.parametrize(
    "sql",
    [
        "select now()",
        "select current_date",
        "select current_timestamp",
        "select today()",
        "select localtimestamp",
        "select get_current_timestamp()",
        "select transaction_timestamp()",
        "select age(created_at) from users",
        "select random()",
        "select uuid()",
        "select gen_random_uuid()",
    ],
)
def test_the_wall_clock_and_chance_are_refused(sql: str) -> None:
    with pytest.raises(SqlRefused, match="another answer each time") as caught:
        refuse_forbidden(parse_select(sql))

    assert "$now" in caught.value.advice
    assert caught.value.offset == len("select ")


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_csv_auto('/etc/passwd')",
        "select * from read_parquet('x')",
        "select * from parquet_scan('x')",
        "select * from read_json('x')",
        "select * from read_text('/etc/passwd')",
        "select * from read_blob('/etc/passwd')",
        "select * from glob('/*')",
        "select * from sniff_csv('x')",
        "select * from query('select 1')",
        "select * from query_table('users')",
        "select * from sqlite_scan('x', 'y')",
        "select * from duckdb_settings()",
        "select * from duckdb_secrets()",
        "select * from pragma_table_info('users')",
        "select getenv('HOME')",
        "select current_setting('temp_directory')",
        "select getvariable('x')",
        "select nextval('x')",
        "select version()",
        "select error('x')",
        "select nosuchfunction(1)",
        "select id from users where id in (select read_text('x'))",
    ],
)
def test_whatever_reaches_outside_is_refused(sql: str) -> None:
    with pytest.raises(SqlRefused):
        refuse_forbidden(parse_select(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "insert into users values (1)",
        "delete from users",
        "update users set id = 1",
        "drop table users",
        "create table x as select 1",
        "copy users to 'x'",
        "attach 'x'",
        "install httpfs",
        "load httpfs",
        "pragma database_list",
        "set threads = 1",
        "export database 'x'",
        "describe users",
        "summarize users",
        "explain select 1",
        "call pragma_version()",
        "select 1; drop table users",
        "select 1;",
        "",
        "-- nothing",
        "with x as (insert into users values (1) returning id) select id from x",
    ],
)
def test_anything_but_one_select_is_refused(sql: str) -> None:
    with pytest.raises(SqlRefused):
        refuse_forbidden(parse_select(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "select columns('a.*') from users",
        "select #1 from users",
        "select id from users using sample 10",
        "select count(*) from users tablesample 10%",
        "pivot users on id",
        "select * from users unpivot (a for b in (id))",
    ],
)
def test_syntax_that_hides_what_is_read_is_refused(sql: str) -> None:
    with pytest.raises(SqlRefused):
        refuse_forbidden(parse_select(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "select list_contains(a, 'x'), len(list_filter(a, lambda x: x = 'y')), list_has_any(a, b) from t",
        "select date_diff('day', $now, x), x + to_days($n), date_trunc('day', x), strftime(x, '%d') from t",
        "select any_true(x), all_true(y), bool_and(z), count(*) filter (x), max_by(a, b), list(a order by b) from t",
        "select lower(a), split_part(a, '@', 2), string_split(a, '.'), regexp_matches(a, 'x') from t",
        "select coalesce(a, b), if(a is null, 'none', b), nullif(a, ''), greatest(a, b), a::integer from t",
        "select try_cast(a as date), starts_with(a, 'b') from t",
        "select array_to_string(list_distinct(a), ', '), struct_pack(x := 1), a.b.c, list_zip(a, b) from t",
        "select graph_time(a), unnest(b), list_transform(c, lambda y: y.d), [x for x in c if x.e] from t",
        "select row_number() over (order by a), lag(a) over (order by b) from t",
    ],
)
def test_functions_that_compute_from_their_arguments_are_allowed(sql: str) -> None:
    refuse_forbidden(parse_select(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "coalesce(a, false)",
        "ifnull(a, false)",
        "nvl(a, false)",
        "a is null",
        "a is not null",
        "a isnull",
        "a notnull",
        "a is true",
        "a is not true",
        "not (b and a is null)",
        "a is distinct from b",
        "a is not distinct from b",
        "exists(select 1)",
        "not exists (select 1)",
        "case when coalesce(a, b) then true end",
        "greatest(a, false)",
        "not least(a, true)",
        "concat(a, 'x') = 'x'",
        "concat_ws('', a) = ''",
        "typeof(a) = 'NULL'",
        "LIST_ANY_VALUE([a, false])",
        "list_bool_or([a, false])",
        "array_to_string([a], '') = ''",
        "x in (select y from t where z is null)",
    ],
)
def test_a_judging_condition_may_not_turn_unknown_into_an_answer(sql: str) -> None:
    with pytest.raises(SqlRefused, match="may not stand in this condition"):
        refuse_closing_unknown(parse_condition(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "a",
        "not a",
        "a and (b or c)",
        "a = 'is null'",
        "a in ('x')",
        "a between 1 and 2",
        "true",
        "(select any_true(x) from t)",
    ],
)
def test_plain_conditions_are_allowed(sql: str) -> None:
    refuse_closing_unknown(parse_condition(sql))


@pytest.mark.parametrize(
    "sql", ["a and", "a) or (b", "a, b", "select 1", "1; 2", "'abc", "a /* b", "a -- b\n)", "", "a as b, c"]
)
def test_what_is_no_single_condition_is_refused(sql: str) -> None:
    with pytest.raises(SqlRefused) as caught:
        parse_condition(sql)

    assert 0 <= caught.value.offset <= len(sql)


def test_a_syntax_error_points_at_the_word() -> None:
    sql = "select a,\n  b b b\nfrom users"

    with pytest.raises(SqlRefused) as caught:
        parse_select(sql)

    assert sql[caught.value.offset :].startswith("b\nfrom")


@pytest.mark.parametrize("sql", ["select * from [1, 2]", "select case from users", "select 1 +"])
def test_a_syntax_error_speaks_no_dialect_of_the_parser(sql: str) -> None:
    with pytest.raises(SqlRefused) as caught:
        parse_select(sql)

    assert "<" not in caught.value.problem
    assert "token_type" not in caught.value.problem


def test_parameters_and_literals_are_gathered() -> None:
    parsed = parse_select("select $a, 'x', 5 from t where b = $c and d in ('y', 'z') and e > 7.5 and f = $a")

    assert list(parsed.parameters) == ["a", "c"]
    assert parsed.strings == {"x", "y", "z"}
    assert parsed.integers == {5}


def test_deep_nesting_is_refused_instead_of_crashing() -> None:
    with pytest.raises(SqlRefused):
        parse_condition("(" * 20_000 + "a" + ")" * 20_000)
