"""The compiled SQL gives the verdict that the rules of the domain give, for every combination of answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime

import duckdb
import pytest

from posture.definitions.check_sql import compile_check, judgement_sql
from posture.definitions.loaded import LoadedCheck
from posture.domain.check import SeverityRule
from posture.domain.severity import Severity
from posture.domain.verdict import judge
from posture.errors import SettingsError

ANSWERS = [True, False, None]
LoadOne = Callable[..., LoadedCheck]


def judged(applies: str, fails: str, severity: SeverityRule | None = None) -> tuple[str, str]:
    rule = severity or SeverityRule(default=Severity.LOW, critical_when=None)
    rows = "select 'r' as resource_id, 'n' as resource_name, $a::boolean as a -- rows end in a comment"
    sql = judgement_sql(rows=rows, applies_when=applies, fail_when=fails, severity=rule)
    row = duckdb.execute(f"select _verdict, _severity from ({sql})", {"a": None}).fetchone()  # noqa: S608
    assert row is not None
    return row


def written(answer: bool | None) -> str:
    return "null::boolean" if answer is None else str(answer).lower()


@pytest.mark.parametrize(("applies", "fails"), list(itertools.product(ANSWERS, ANSWERS)))
def test_python_and_sql_judge_alike(applies: bool | None, fails: bool | None) -> None:
    verdict, _ = judged(f"{written(applies)} -- a comment", f"{written(fails)} -- a comment")

    expected = judge(applies, fails)
    assert verdict == (expected.value if expected else "not_applicable")


@pytest.mark.parametrize(("condition", "severity"), [("true", "critical"), ("false", "high"), ("a", "high")])
def test_only_a_true_condition_makes_it_critical(condition: str, severity: str) -> None:
    rule = SeverityRule(default=Severity.HIGH, critical_when=f"{condition} -- a comment")

    assert judged("true", "true", rule) == ("fail", severity)


def test_only_parameters_that_the_sql_names_are_handed_over(load_one: LoadOne) -> None:
    compiled = compile_check(load_one(), {})

    assert compiled.parameters == {"grace_days": 30}


def test_a_setting_overrides_the_default(load_one: LoadOne) -> None:
    assert compile_check(load_one(), {"grace_days": 7}).parameters == {"grace_days": 7}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"grace_day": 7}, 'check owner-missing has no parameter "grace_day". Did you mean "grace_days"?'),
        ({"grace_days": 0}, 'check owner-missing, parameter "grace_days": 0 is less than the minimum, 1'),
        ({"grace_days": 366}, "366 is more than the maximum, 365"),
        ({"grace_days": "7"}, "a whole number is expected, not '7'"),
        ({"grace_days": True}, "a whole number is expected, not True"),
        ({"grace_days": 7.5}, "a whole number is expected, not 7.5"),
        ({"grace_days": None}, "a whole number is expected, not None"),
    ],
)
def test_a_setting_that_does_not_fit_is_told_in_one_sentence(
    load_one: LoadOne, overrides: dict[str, object], said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        compile_check(load_one(), overrides)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("declared", "value", "said"),
    [
        ("{type: list, of: [low, high], default: [low]}", ["hgh"], '"hgh" is not one of: low, high'),
        ("{type: list, of: object_id, default: []}", "a", "a list of texts is expected"),
        ("{type: list, of: object_id, default: []}", [1], "a list of texts is expected"),
        ("{type: string, choices: [a, b], default: a}", "c", '"c" is not one of: a, b'),
        ("{type: string, default: a}", 1, "a text is expected"),
        ("{type: boolean, default: true}", 1, "true or false is expected"),
        ("{type: number, default: 0.5, min: 0, max: 1}", 1.5, "more than the maximum, 1"),
        ("{type: number, default: 0.5}", "x", "a number is expected"),
        ("{type: number, default: 0.5, min: 0, max: 1}", float("nan"), "nan is not a number to compare with"),
        ("{type: number, default: 0.5}", float("inf"), "inf is not a number to compare with"),
    ],
)
def test_every_type_of_parameter_refuses_other_values(
    load_one: LoadOne, declared: str, value: object, said: str
) -> None:
    loaded = load_one(
        ("{type: integer, unit: days, default: 30, min: 1, max: 365}", declared),
        ("to_days($grace_days)", "to_days(1) and $grace_days = $grace_days"),
    )

    with pytest.raises(SettingsError, match="owner-missing") as caught:
        compile_check(loaded, {"grace_days": value})

    assert said in str(caught.value)


def test_a_list_is_handed_over_as_a_tuple_of_texts(load_one: LoadOne) -> None:
    loaded = load_one(
        ("{type: integer, unit: days, default: 30, min: 1, max: 365}", "{type: list, of: object_id, default: [x]}"),
        ("to_days($grace_days)", "to_days(1) and not list_contains($grace_days, resource_id)"),
    )

    assert compile_check(loaded, {}).parameters == {"grace_days": ("x",)}
    assert compile_check(loaded, {"grace_days": ["a", "b"]}).parameters == {"grace_days": ("a", "b")}


def test_an_id_counts_however_it_is_spelled(load_one: LoadOne) -> None:
    loaded = load_one(
        ("{type: integer, unit: days, default: 30, min: 1, max: 365}", "{type: list, of: object_id, default: []}"),
        ("to_days($grace_days)", "to_days(1) and not list_contains($grace_days, resource_id)"),
    )

    compiled = compile_check(loaded, {"grace_days": ["AAAAAAAA-1111-1111-1111-BBBBBBBBBBBB", "Contoso"]})

    assert compiled.parameters == {"grace_days": ("aaaaaaaa-1111-1111-1111-bbbbbbbbbbbb", "Contoso")}


def test_the_compiled_sql_runs_and_keeps_rows_that_do_not_apply(load_one: LoadOne) -> None:
    compiled = compile_check(load_one(), {})
    connection = duckdb.connect()
    connection.execute(
        "create table applications (id varchar, display_name varchar, created_at timestamp, owner_count bigint)"
    )
    connection.execute(
        "insert into applications values ('old', 'O', '2025-01-01', 0), "
        "('new', 'N', '2026-02-28', 0), ('ok', 'K', '2025-01-01', 1)"
    )

    rows = connection.execute(compiled.sql, {**compiled.parameters, "now": datetime(2026, 3, 1)}).fetchall()  # noqa: DTZ001
    verdicts = {row[0]: row[-1] for row in rows}

    assert verdicts == {"old": "fail", "new": "not_applicable", "ok": "pass"}
