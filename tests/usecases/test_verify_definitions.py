"""Trying checks out: cases that do not hold are told, and the probes catch checks that promise too much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posture.definitions.catalog import load_checks
from posture.definitions.dictionary import Dictionary
from posture.snapshot.bench import TableBench
from posture.tables import RESOURCE_TYPES, TABLES
from posture.usecases.verify_definitions import Verification, verify_check, verify_checks

CHECK = """\
kind: check
id: tried
title: Enabled user is at risk
resource: user
severity: {default: high, critical_when: "risk_state = 'confirmedCompromised'"}
maturity: stable
tags: [user]
why: Somebody else may be using the account.
fix: Investigate the account and reset it.
references: [https://learn.microsoft.com/graph/api/resources/riskyuser]
false_positives: []
rows: |
  select
    u.id as resource_id,
    u.user_principal_name as resource_name,
    u.account_enabled,
    if(r.user_id is null, 'none', r.risk_state) as risk_state
  from users u
  left join risky_users r on r.user_id = u.id
identity: []
applies_when: account_enabled
fail_when: risk_state in ('confirmedCompromised', 'atRisk')
message: {fail: "state {{ risk_state }}", unknown: the state is not known}
evidence: [risk_state]
actions: []
tests:
  now: 2026-03-01T00:00:00Z
  base:
    users: {id: u1, user_principal_name: ada@example.com, account_enabled: true}
    risky_users: {user_id: u1, risk_state: atRisk}
  cases:
    - {name: at risk, expect: fail}
    - name: confirmed
      change: {risky_users: {risk_state: confirmedCompromised}}
      expect: {u1: fail, severity: critical}
    - name: dismissed
      change: {risky_users: {risk_state: dismissed}}
      expect: pass
    - name: nobody
      empty: [risky_users]
      expect: pass
    - name: state not told
      change: {risky_users: {risk_state: null}}
      expect: unknown
    - name: disabled
      change: {users: {account_enabled: false}}
      expect: not_applicable
    - name: no user
      empty: [users]
      expect: not_applicable
"""
UNKNOWN_ACCOUNT = """\
- name: no account state
      change: {users: {account_enabled: null}}
      expect: unknown"""
Try = Callable[..., Verification]


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return Dictionary(TABLES, RESOURCE_TYPES)


@pytest.fixture(scope="module")
def bench() -> Iterator[TableBench]:
    bench = TableBench(TABLES)
    yield bench
    bench.close()


@pytest.fixture
def try_out(tmp_path: Path, bench: TableBench, dictionary: Dictionary) -> Try:
    """Verify the check with texts replaced; the old text must be there."""

    def try_changed(*changes: tuple[str, str], with_probes: bool = True) -> Verification:
        text = CHECK
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "tried.yaml"
        path.write_text(text, encoding="utf-8")
        (loaded,) = load_checks([path], dictionary).checks
        return verify_check(loaded, bench=bench, dictionary=dictionary, with_probes=with_probes)

    return try_changed


def problems(verification: Verification) -> dict[str, str]:
    return {result.case.name: result.problem for result in verification.cases if result.problem is not None}


def test_a_good_check_holds(try_out: Try) -> None:
    verification = try_out()

    assert problems(verification) == {}
    assert verification.violations == ()
    assert verification.holds


def test_a_case_that_gets_another_verdict_is_told(try_out: Try) -> None:
    verification = try_out(("change: {risky_users: {risk_state: dismissed}}\n      expect: pass", "expect: pass"))

    assert problems(verification) == {"dismissed": "expected pass, got fail"}
    assert not verification.holds


def test_a_case_that_gets_another_severity_is_told(try_out: Try) -> None:
    verification = try_out(("severity: critical}", "severity: low}"))

    assert problems(verification) == {"confirmed": "expected severity low, got critical"}


def test_a_resource_that_is_not_judged_is_not_what_was_expected(try_out: Try) -> None:
    verification = try_out(("{u1: fail, severity", "{u2: fail, severity"))

    assert problems(verification) == {"confirmed": "expected fail for u2, got not_applicable"}


def test_a_resource_may_be_expected_not_to_apply(try_out: Try) -> None:
    verification = try_out(
        ("change: {users: {account_enabled: false}}", "rows: {users: [{}, {id: u2, account_enabled: false}]}"),
        ("expect: not_applicable", "expect: {u1: fail, u2: not_applicable, u3: not_applicable}"),
    )

    assert verification.holds


def test_sql_that_fails_is_told_as_a_broken_check(try_out: Try) -> None:
    verification = try_out(
        ("fail_when: risk_state in", "fail_when: risk_state::integer = 1 or risk_state in"), with_probes=False
    )

    assert problems(verification)["at risk"].startswith("the check breaks: check tried")


def test_a_check_that_judges_a_resource_twice_is_told(try_out: Try) -> None:
    verification = try_out(("left join risky_users r on r.user_id = u.id", "join (values (1), (2)) v(n) on true "
                            "left join risky_users r on r.user_id = u.id"), with_probes=False)  # fmt: skip

    assert "judge a thing a second time" in problems(verification)["at risk"]


def violations(verification: Verification) -> list[str]:
    assert problems(verification) == {}
    return [f"{violation.case}: {violation.sentence}" for violation in verification.violations]


def test_the_null_probe_catches_an_unknown_that_is_taken_for_a_pass(try_out: Try) -> None:
    found = violations(
        try_out(
            ("    u.account_enabled,", "    coalesce(u.account_enabled, false) as account_enabled,"),
        )
    )

    assert "at risk: without users.account_enabled u1 is not_applicable, but with True there u1 is fail" in found


def test_the_null_probe_catches_an_unknown_that_is_taken_for_a_fail(try_out: Try) -> None:
    found = violations(
        try_out(
            ("r.risk_state) as", "if(r.risk_state is null, 'atRisk', r.risk_state)) as"),
            ("expect: unknown", "expect: {u1: fail}"),
            ("- name: no user\n      empty: [users]\n      expect: not_applicable",
             UNKNOWN_ACCOUNT),
        )
    )  # fmt: skip

    assert any("without risky_users.risk_state u1 is fail, but with" in sentence for sentence in found)
    assert any(sentence.endswith("there u1 is pass") for sentence in found)


def test_the_null_probe_catches_a_case_expression_that_hides_the_unknown(try_out: Try) -> None:
    found = violations(
        try_out(
            ("fail_when: risk_state in", "fail_when: case when risk_state in"),
            ("'atRisk')\n", "'atRisk') then true else false end\n"),
            ("expect: unknown", "expect: pass"),
            ("- name: no user\n      empty: [users]\n      expect: not_applicable",
             UNKNOWN_ACCOUNT),
        )
    )  # fmt: skip

    assert any("without risky_users.risk_state u1 is pass" in sentence for sentence in found)


def test_the_null_probe_catches_a_row_that_goes_away_with_its_value(try_out: Try) -> None:
    found = violations(
        try_out(
            ("on r.user_id = u.id", "on r.user_id = u.id and r.risk_state != 'dismissed'"),
            ("expect: unknown", "expect: pass"),
            ("- name: no user\n      empty: [users]\n      expect: not_applicable", UNKNOWN_ACCOUNT),
        )
    )

    assert any("without risky_users.risk_state u1 is pass" in sentence for sentence in found)


def test_an_answer_without_a_value_that_cannot_matter_is_allowed(try_out: Try) -> None:
    applies = "applies_when: account_enabled"
    verification = try_out(
        (applies, f"{applies} and risk_state != 'none'"),
        ("empty: [risky_users]\n      expect: pass", "empty: [risky_users]\n      expect: not_applicable"),
    )

    assert verification.holds


def test_the_coverage_probe_catches_an_inner_join(try_out: Try) -> None:
    found = violations(
        try_out(
            ("  left join risky_users", "  join risky_users"),
            ("empty: [risky_users]\n      expect: pass", "empty: [risky_users]\n      expect: not_applicable"),
        )
    )

    assert ("at risk: when risky_users is empty the check loses u1: join other tables with LEFT JOIN") in found


def test_the_coverage_probe_catches_a_where_on_the_resource(try_out: Try) -> None:
    found = violations(try_out(("on r.user_id = u.id\n", "on r.user_id = u.id\n  where u.account_enabled\n")))

    assert any(sentence.startswith("disabled: with the rows of the case the check loses u1") for sentence in found)


def test_the_coverage_probe_catches_resources_that_do_not_exist(try_out: Try) -> None:
    found = violations(
        try_out(
            ("u.id as resource_id", "coalesce(u.id, r.user_id) as resource_id"),
            ("  left join risky_users", "  full join risky_users"),
            ("name: at risk, expect: fail}",
             "name: at risk, rows: {risky_users: [{}, {user_id: u9}]}, expect: {u1: fail, u9: unknown}}"),
            ("empty: [users]\n      expect: not_applicable", "empty: [users]\n      expect: {u1: unknown}"),
        )
    )  # fmt: skip

    assert "at risk: with the rows of the case the check returns u9 too often: judge each resource once" in found


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("if(r.risk_state is null, 'x', '1')::integer::text", "dismissed: without risky_users.risk_state the check"),
        ("if(r.risk_state is null, '1', r.risk_state)::integer::text", " in risky_users.risk_state the check"),
        (
            "(select if(count(*) = 0, 'x', '1')::integer::text from risky_users)",
            "dismissed: when risky_users is empty",
        ),
    ],
)
def test_the_probes_catch_a_check_that_breaks_on_other_rows_than_its_cases(
    try_out: Try, state: str, sentence: str
) -> None:
    verification = try_out(("r.risk_state) as", f"{state}) as"), ("risk_state: dismissed", "risk_state: '5'"))

    found = [f"{violation.case}: {violation.sentence}" for violation in verification.violations]
    assert "dismissed" not in problems(verification)
    assert [text for text in found if sentence in text and "breaks: check tried" in text]


def test_probes_can_be_left_out(try_out: Try) -> None:
    changes = ("    u.account_enabled,", "    coalesce(u.account_enabled, false) as account_enabled,")

    assert try_out(changes, with_probes=False).holds


def test_a_case_that_does_not_hold_is_not_probed(try_out: Try) -> None:
    verification = try_out(
        ("  left join risky_users", "  join risky_users"),
        ("{name: at risk, expect: fail}", "{name: at risk, expect: pass}"),
    )

    assert "at risk" in problems(verification)
    assert all(violation.case != "at risk" for violation in verification.violations)


def test_all_checks_are_verified_in_order(tmp_path: Path, bench: TableBench, dictionary: Dictionary) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(CHECK.replace("id: tried", f"id: {name}"), encoding="utf-8")
    catalog = load_checks([tmp_path], dictionary)

    found = list(verify_checks(catalog.checks, bench=bench, dictionary=dictionary))

    assert [(verification.check, verification.holds) for verification in found] == [("one", True), ("two", True)]
