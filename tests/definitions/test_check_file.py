"""Loading one check file: what is wrong in it is told with file, line, column and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from posture.definitions.catalog import Catalog, load_checks
from posture.definitions.dictionary import Dictionary
from posture.definitions.loaded import LoadedCheck
from posture.domain.check import Maturity, ParameterType
from posture.domain.severity import Severity
from posture.errors import DefinitionErrors

Load = Callable[..., Catalog]
LoadOne = Callable[..., LoadedCheck]
GOOD_ROWS = """rows: |
  select
    a.id           as resource_id,
    a.display_name as resource_name,
    a.created_at,
    a.owner_count
  from applications a
"""


def refused(load: Load, *changes: tuple[str, str]) -> str:
    with pytest.raises(DefinitionErrors) as caught:
        load(*changes)
    assert len(caught.value.errors) == 1
    return str(caught.value)


def test_a_good_check_has_everything_the_file_says(load_one: LoadOne) -> None:
    loaded = load_one()

    check = loaded.check
    assert (check.id, check.resource, check.maturity) == ("owner-missing", "application", Maturity.STABLE)
    assert check.severity.default is Severity.MEDIUM
    assert check.parameters[0].type is ParameterType.INTEGER
    assert (check.parameters[0].minimum, check.parameters[0].maximum) == (1, 365)
    assert check.why == "Nobody notices when an application without an owner is misused."
    assert check.is_local
    assert [case.name for case in loaded.cases] == ["two owners", "no owner", "owners not told"]


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (("now: 2026-03-01T00:00:00Z", "nwo: 2026-03-01T00:00:00Z"), ":33:3: ", 'Did you mean "now"?'),
        (("- name: no owner", "- nam: no owner"), ":38:7: ", 'Did you mean "name"?'),
        (("id: app-1", "id: 5"), ":35:24: ", "VARCHAR"),
        (("owner_count: 2}", "password_credentials: [x]}"), ":35:", "STRUCT"),
        (("owner_count: 2}", "password_credentials: {keyId: x}}"), ":35:", "STRUCT"),
        (
            ("type: integer, unit: days, default: 30, min: 1, max: 365", "type: list, of: colour, default: []"),
            ":16:15: ",
            '"colour" is not a kind of item',
        ),
        (("type: integer, unit: days, default: 30, min: 1, max: 365", "type: list, default: []"), ":16:15: ", '"of"'),
        (("min: 1, max: 365", "of: [a]"), ":16:15: ", '"of" belongs to a parameter of type list'),
        (("min: 1, max: 365", "choices: [a]"), ":16:15: ", '"choices" belongs to a parameter of type string'),
        (
            ("type: integer, unit: days, default: 30, min: 1", "type: boolean, default: true, min: 1"),
            ":16:15: ",
            '"min" and "max" belong to a number',
        ),
        (("severity: medium", "severity: {default: low, critical_when: owner_cout > 1}"), ":5:41: ", "owner_count"),
        (("severity: medium", "severity: {default: low, critical_whn: a}"), ":5:", 'Did you mean "critical_when"?'),
        (("severity: medium", "severity: mediun"), ":5:11: ", 'Did you mean "medium"?'),
        (("severity: medium", "severty: medium"), ":5:1: ", 'Did you mean "severity"?'),
        (("maturity: stable", "maturity: [stable]"), ":6:11: ", "posture checks schema"),
        (("maturity: stable", "maturity: deprecated"), ":6:11: ", "deprecated_because"),
        (("kind: check", "kind: chek"), ":1:7: ", "check"),
        (("id: owner-missing", "id: other-id"), ":2:5: ", 'not "owner-missing"'),
        (("id: owner-missing", "id: Owner_Missing"), ":2:5: ", "pattern"),
        (("title: Application has no owner", "title: " + "x" * 81), ":3:8: ", "80"),
        (("resource: application", "resource: aplication"), ":4:11: ", 'Did you mean "application"?'),
        (("tags: [application]", "tags: [aplication]"), ":7:8: ", 'Did you mean "application"?'),
        (("tags: [application]", "tags: [user, user]"), ":7:14: ", "twice"),
        (("tags: [application]", "tags: []"), ":7:7: ", "at least 1"),
        (("  - https://learn", "  - http://learn"), ":13:5: ", "not an https address"),
        (("actions: []", "actions: [reset-mfas]"), ":31:11: ", 'no action "reset-mfas". Did you mean "reset-mfa"?'),
        (("actions: []", "actions: [reset-mfa]"), ":31:11: ", "reset-mfa is about user, not application"),
        (("false_positives: []", "false_positives: none"), ":14:18: ", "a list is expected"),
        (
            (
                "      change: {applications: {owner_count: 0}}",
                "      change: {applications: {owner_count: 0}}\n      rows: {applications: [{}]}",
            ),
            ":40:",
            "applications is changed and replaced",
        ),
        (("params:\n", "frameworks: {cis: ['1']}\nparams:\n"), ":15:19: ", '"cis" is not a framework'),
        (("type: integer", "type: interger"), ":16:22: ", 'Did you mean "integer"?'),
        (("default: 30", "default: 400"), ":16:15: ", "more than the maximum, 365"),
        (("default: 30", "default: '30'"), ":16:15: ", "a whole number is expected"),
        (("default: 30", "defalt: 30"), ":16:", "default"),
        (("unit: days", "units: days"), ":16:31: ", 'Did you mean "unit"?'),
        (("grace_days: {", "now: {"), ":16:8: ", '"now" cannot name a parameter'),
        (("$grace_days", "7"), ":16:15: ", "never used"),
        (("$grace_days", "$grace_day"), ":25:43: ", 'Did you mean "grace_days"?'),
        (("identity: []", "identity: [owner]"), ":24:12: ", 'no column "owner"'),
        (("evidence: [owner_count]", "evidence: [owner_cout]"), ":30:12: ", 'Did you mean "owner_count"?'),
        (("a.id           as resource_id", "a.id as id"), ":17:7: ", "rows return no resource_id"),
        (("a.created_at,", "a.created_at, 1 as _x,"), ":17:7: ", "begins with _"),
        (("a.created_at,", "a.created_at, a.created_at,"), ":17:7: ", 'two columns are called "created_at"'),
        (("a.owner_count\n", "a.owner_cout\n"), ":22:7: ", 'Did you mean "owner_count"?'),
        (("from applications a", "from aplications a"), ":23:8: ", 'Did you mean "applications"?'),
        (("fail_when: owner_count = 0", "fail_when: owner_cnt = 0"), ":26:12: ", 'Did you mean "owner_count"?'),
        (("fail_when: owner_count = 0", "fail_when: owner_count = (0"), ":26:", "not SQL"),
        (("fail_when: owner_count = 0", "fail_when: coalesce(owner_count, 0) = 0"), ":26:", "coalesce"),
        (("fail_when: owner_count = 0", "fail_when: 1"), ":26:12: ", "Put it in quotes"),
        (("{{ owner_count }}", "{{ owner_cout }}"), ":28:", 'Did you mean "owner_count"?'),
        (("{{ owner_count }}", "{% for x in owner_count %}{% endfor %}"), ":28:", "for may not stand in a message"),
        (("now: 2026-03-01T00:00:00Z", "now: yesterday"), ":33:8: ", "not a time"),
        (("now: 2026-03-01T00:00:00Z", "now: 2026-03-01T00:00:00"), ":33:8: ", "no zone"),
        (("display_name: Payroll", "displayname: Payroll"), ":35:31: ", 'Did you mean "display_name"?'),
        (("owner_count: 2}", "owner_count: two}"), ":35:", "BIGINT"),
        (("created_at: 2025-01-01T00:00:00Z", "created_at: 2025-13-01"), ":35:", "TIMESTAMP"),
        (("applications: {owner_count: 0}", "application: {owner_count: 0}"), ":39:", 'Did you mean "applications"?'),
        (("expect: fail", "expect: fails"), ":40:15: ", "Did you mean"),
        (("expect: fail", "expect: {app-1: failed}"), ":40:", 'Did you mean "fail"?'),
        (("expect: fail", "expect: {app-1: fail, severity: bad}"), ":40:", "not a severity"),
        (("expect: fail", "expect: {severity: high}"), ":40:", "no verdict is expected"),
        (("expect: unknown", "expect: pass"), ":37:5: ", "no case expects unknown"),
        (("expect: fail", "expect: pass"), ":37:5: ", "no case expects fail"),
        (("- name: no owner\n", "- name: two owners\n"), ":38:7: ", "two cases are called"),
        (("expect: fail", "expect: fail\n      params: {days: 3}"), ":41:", 'no parameter "days"'),
        (("expect: fail", "expect: fail\n      empty: [applications]"), ":41:15: ", "emptied"),
        (("expect: fail", "expect: fail\n      rows: {applications: [{}]}"), ":41:28: ", "changed and replaced"),
        (("expect: fail", "expect: fail\n      empty: [users]"), ":41:15: ", "does not read"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_advice(
    load: Load, change: tuple[str, str], place: str, said: str
) -> None:
    sentence = refused(load, change)

    assert f"owner-missing.yaml{place}" in sentence
    assert said in sentence


def test_a_missing_key_is_named(load: Load) -> None:
    assert 'the key "fix" is missing' in refused(
        load, ("fix: >\n  Name at least one owner who is still with the company.\n", "")
    )


def test_a_list_of_base_rows_cannot_be_changed_by_a_case(load: Load) -> None:
    base = "{id: app-1, display_name: Payroll, created_at: 2025-01-01T00:00:00Z, owner_count: 2}"

    assert "2 rows in the base" in refused(load, (base, f"[{base}, {base}]"))


def test_all_broken_files_are_told_at_once(tmp_path: Path, dictionary: Dictionary) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("- nothing", encoding="utf-8")

    with pytest.raises(DefinitionErrors) as caught:
        load_checks([tmp_path], dictionary)

    assert [error.at.path.name for error in caught.value.errors] == ["a.yaml", "b.yaml"]


def test_structures_numbers_and_lists_can_stand_in_test_rows(load_one: LoadOne) -> None:
    loaded = load_one(("owner_count: 2}", "owner_count: 2, password_credentials: [{keyId: k1, endDateTime: null}]}"))

    assert loaded.cases[0].rows["applications"][0]["password_credentials"] == [{"keyId": "k1", "endDateTime": None}]


def test_a_check_may_return_columns_that_only_the_database_can_name(load_one: LoadOne) -> None:
    loaded = load_one(
        (
            "    a.owner_count\n  from applications a\n",
            "    a.owner_count, c.*\n  from applications a, unnest(a.password_credentials) as c\n",
        ),
        ("evidence: [owner_count]", "evidence: [keyId]".lower()),
    )

    assert loaded.check.evidence == ("keyid",)


def test_severity_may_depend_on_a_condition(load_one: LoadOne) -> None:
    loaded = load_one(("severity: medium", "severity: {default: low, critical_when: owner_count = 0}"))

    assert loaded.check.severity.default is Severity.LOW
    assert loaded.check.severity.critical_when == "owner_count = 0"


def test_a_condition_may_be_the_boolean_true(load_one: LoadOne) -> None:
    loaded = load_one(
        ("applies_when: created_at < $now - to_days($grace_days)", "applies_when: true"),
        ("  grace_days: {type: integer, unit: days, default: 30, min: 1, max: 365}\n", "  {}\n"),
    )

    assert loaded.check.applies_when == "true"
    assert loaded.defaults == {}


def test_a_check_without_rows_takes_severity_into_account(load_one: LoadOne) -> None:
    loaded = load_one(
        (GOOD_ROWS, ""), ("severity: medium", "severity: {default: low, critical_when: owner_count = 0}")
    )

    assert "owner_count" in loaded.reads.source_columns["applications"]


def test_a_check_names_what_others_call_it(load_one: LoadOne) -> None:
    loaded = load_one(("params:\n", "frameworks: {prowler: [a], zta: ['1', '2']}\nparams:\n"))

    assert loaded.check.frameworks == {"prowler": ("a",), "zta": ("1", "2")}


def test_a_deprecated_check_says_why(load_one: LoadOne) -> None:
    loaded = load_one(("maturity: stable", "maturity: deprecated\ndeprecated_because: Graph dropped it."))

    assert loaded.check.deprecated_because == "Graph dropped it."


def test_a_check_without_rows_judges_its_home_table_and_asks_for_no_more_than_it_names(load_one: LoadOne) -> None:
    rows = GOOD_ROWS
    loaded = load_one((rows, ""))

    assert loaded.reads.source_columns == {
        "applications": frozenset({"id", "display_name", "created_at", "owner_count"})
    }


def test_a_typing_error_in_a_check_without_rows_finds_its_word(load: Load) -> None:
    rows = GOOD_ROWS
    sentence = refused(load, (rows, ""), ("fail_when: owner_count", "fail_when: ownr_count"))

    assert 'Did you mean "owner_count"?' in sentence


def test_a_case_changes_only_what_it_names(load_one: LoadOne) -> None:
    case = load_one().cases[1]

    assert case.rows["applications"] == (
        {"id": "app-1", "display_name": "Payroll", "created_at": "2025-01-01T00:00:00Z", "owner_count": 0},
    )


def test_a_case_can_empty_a_table(load_one: LoadOne) -> None:
    loaded = load_one(
        ("change: {applications: {owner_count: 0}}", "empty: [applications]"),
        ("expect: fail", "expect: {app-1: fail}"),
    )

    assert loaded.cases[1].rows["applications"] == ()


def test_rows_of_a_case_are_laid_over_the_base_row(load_one: LoadOne) -> None:
    change = "change: {applications: {owner_count: 0}}"
    rows = "rows: {applications: [{}, {id: app-2, owner_count: 0}]}"
    case = load_one((change, rows), ("expect: fail", "expect: {app-1: pass, app-2: [fail]}")).cases[1]

    first, second = case.rows["applications"]
    assert (first["id"], first["owner_count"]) == ("app-1", 2)
    assert (second["id"], second["owner_count"], second["display_name"]) == ("app-2", 0, "Payroll")
    assert case.expects.by_resource == {"app-1": ("pass",), "app-2": ("fail",)}


def test_times_of_other_zones_are_written_in_utc(load_one: LoadOne) -> None:
    case = load_one(("created_at: 2025-01-01T00:00:00Z", "created_at: 2025-01-01T02:00:00+02:00")).cases[0]

    assert case.rows["applications"][0]["created_at"] == "2025-01-01T00:00:00Z"


def test_a_check_on_change_reads_the_snapshot_before_and_its_rows_can_be_given(load_one: LoadOne) -> None:
    loaded = load_one(
        ("  from applications a\n", "  from applications a\n  join previous.applications b on b.id = a.id\n"),
        ("expect: fail", "expect: fail\n      previous: {applications: [{owner_count: 5}]}"),
    )

    assert loaded.reads.previous == {"applications"}
    assert loaded.cases[0].previous is None
    before = loaded.cases[1].previous
    assert before is not None
    assert (before["applications"][0]["id"], before["applications"][0]["owner_count"]) == ("app-1", 5)
