"""Trying actions out: cases that do not hold are told, and the probe catches what is bold without knowing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posture.definitions.catalog import load_actions
from posture.definitions.dictionary import Dictionary
from posture.snapshot.live import LiveDesk
from posture.tables import RESOURCE_TYPES, TABLES
from posture.tables.live import ONLY_LIVE
from posture.usecases.verify_actions import ActionVerification, verify_actions

ACTION = """\
kind: action
id: tried
title: Delete a guest
resource: user
risk: reversible
effect: The guest goes to the deleted users for thirty days and can be restored.
permissions: [User.DeleteRestore.All, UserAuthenticationMethod.ReadWrite.All]
secrets: []
read: [users, authentication_method_items]
guards:
  - {id: guests-only, require: user_type = 'guest', refuse: members stay}
done_when: department = 'gone'
steps:
  - id: remove
    for_each: select id as method_id from authentication_method_items where phone_type = 'mobile'
    request: DELETE /users/{resource_id}/authentication/phoneMethods/{method_id}
  - id: delete
    request: DELETE /users/{resource_id}
verify: {within: 2m, until_gone: users}
undo:
  possible: true
  within: 30d
  guards:
    - {id: was-enabled, require: (select account_enabled from before.users), refuse: was not enabled}
  done_when: (select count(*) from users) = 1
  steps:
    - id: restore
      request: POST /directory/deletedItems/{resource_id}/restore
      body: {newUserPrincipalName: ada@example.com}
  verify: {within: 2m, until: account_enabled}
approval: {people: 1, role: admin, valid_for: 24h}
limits: {per_run: 25, per_day: 100, share: 2%}
tests:
  now: 2026-03-01T00:00:00Z
  base:
    users: {id: u1, user_type: guest, account_enabled: true, department: Sales}
    authentication_method_items: []
  cases:
    - name: a guest goes
      expect: {outcome: done, calls: [DELETE /users/u1], bodies: [null]}
    - name: a kind that is not known
      change: {users: {user_type: null}}
      expect: {outcome: refused, guard: guests-only}
    - name: is marked as gone
      change: {users: {department: gone}}
      expect: {outcome: already_done}
    - name: undo cannot begin over a row that is not there
      undo: {}
      empty: [users]
      expect: {outcome: refused, guard: was-enabled}
"""
GUARDS = "  - {id: guests-only, require: user_type = 'guest', refuse: members stay}\n"
FIRST = "expect: {outcome: done, calls: [DELETE /users/u1], bodies: [null]}"
Try = Callable[..., ActionVerification]
LIVE = Dictionary(TABLES, RESOURCE_TYPES).with_tables(ONLY_LIVE)


@pytest.fixture(scope="module")
def desk() -> Iterator[LiveDesk]:
    desk = LiveDesk(LIVE.tables)
    yield desk
    desk.close()


@pytest.fixture
def attempt(tmp_path: Path, desk: LiveDesk) -> Try:
    """Try the action with texts replaced; the old text must be there."""

    def try_changed(*changes: tuple[str, str], with_probe: bool = True) -> ActionVerification:
        text = ACTION
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "tried.yaml"
        path.write_text(text, encoding="utf-8")
        (loaded,) = load_actions([path], LIVE)
        (found,) = verify_actions([loaded], desk=desk, dictionary=LIVE, with_probe=with_probe)
        return found

    return try_changed


def problems(verification: ActionVerification) -> list[str]:
    return [result.problem for result in verification.cases if result.problem is not None]


def sentences(verification: ActionVerification) -> list[str]:
    return [f"{violation.case}: {violation.sentence}" for violation in verification.violations]


def test_an_action_that_does_as_it_says_holds(attempt: Try) -> None:
    verification = attempt()

    assert (problems(verification), sentences(verification)) == ([], [])
    assert verification.holds
    assert (verification.action, len(verification.cases)) == ("tried", 4)


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("{outcome: done, calls: [DELETE /users/u2]}", "expected DELETE /users/u2, got DELETE /users/u1"),
        (
            "{outcome: done, calls: [DELETE /users/u1], bodies: [{a: 1}]}",
            "expected {'a': 1} as body of call 1, got none",
        ),
    ],
)
def test_requests_other_than_expected_are_told(attempt: Try, expect: str, said: str) -> None:
    assert problems(attempt((FIRST, f"expect: {expect}"))) == [said]


def test_an_outcome_other_than_expected_is_told(attempt: Try) -> None:
    unmarked = ("is marked as gone\n      change: {users: {department: gone}}", "is marked as gone")
    member = ("change: {users: {department: gone}}", "change: {users: {user_type: member}}")

    assert problems(attempt(unmarked)) == ["expected already_done, got done"]
    assert problems(attempt(member)) == ["expected already_done, got refused by guests-only"]


def test_a_refusal_by_another_guard_is_told(attempt: Try) -> None:
    two = (GUARDS, GUARDS + "  - {id: enabled, require: account_enabled, refuse: is blocked}\n")
    other = ("change: {users: {user_type: null}}", "change: {users: {account_enabled: null}}")

    assert problems(attempt(two, other)) == ["expected refused by guests-only, got refused by enabled"]


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (("user_type = 'guest'", "cast(user_type as bigint) = 1"), 2),
        (("where phone_type", "where (select cast(user_type as bigint) = 1 from users) and phone_type"), 1),
        (("until_gone: users", "until: cast(user_type as bigint) = 1"), 2),
    ],
)
def test_sql_that_fails_is_a_broken_action_and_no_refusal(attempt: Try, change: tuple[str, str], broken: int) -> None:
    method = ("authentication_method_items: []", "authentication_method_items: [{id: m1}]")

    verification = attempt(change, method, with_probe=False)

    assert len(problems(verification)) == broken
    assert all("the action breaks: " in problem for problem in problems(verification))
    assert not verification.holds


def test_sql_that_fails_on_a_value_that_could_be_is_told_by_the_probe(attempt: Try) -> None:
    casting = "(select count(*) from users where cast(employee_id as bigint) = 5) = 0 and user_type = 'guest',"

    told = sentences(attempt(("user_type = 'guest',", casting)))

    assert any("with 'posture-unheard-of-value' in users.employee_id the action breaks: " in one for one in told)


def test_a_value_that_a_request_needs_and_nobody_knows_refuses_without_a_guard(attempt: Try) -> None:
    named = ("request: DELETE /users/{resource_id}\n", "for_each: select department as gone_id from users\n"
             "    request: DELETE /users/{gone_id}\n")  # fmt: skip
    known = (FIRST, "expect: {outcome: done, calls: [DELETE /users/Sales]}")
    unknown = ("- name: a guest goes", "- name: whom nobody knows\n      change: {users: {department: null}}\n"
               "      expect: {outcome: refused}\n    - name: a guest goes")  # fmt: skip

    verification = attempt(named, known, unknown)

    assert problems(verification) == []


def test_waiting_for_what_is_true_already_is_told(attempt: Try) -> None:
    verification = attempt(("until_gone: users", "until: user_type = 'guest'"))

    assert problems(verification) == ["what is waited for after acting is true before it, so waiting shows nothing"]


def test_the_probe_catches_a_guard_that_passes_over_what_is_not_known(attempt: Try) -> None:
    verification = attempt(
        (
            "user_type = 'guest',",
            "(select count(*) from users where job_title = 'boss') = 0 and user_type = 'guest',",
        )
    )

    assert [one for one in sentences(verification) if "users.job_title" in one] == [
        "a guest goes: without users.job_title it sends DELETE /users/u1, but with 'boss' there it refuses",
        "is marked as gone: without users.job_title it is done already, but with 'boss' there it refuses",
    ]
    assert not verification.holds


def test_the_probe_catches_an_action_that_does_less_and_calls_it_done(attempt: Try) -> None:
    verification = attempt(
        ("authentication_method_items: []", "authentication_method_items: [{id: m1, phone_type: mobile}]"),
        (
            FIRST,
            "expect: {outcome: done, calls: [DELETE /users/u1/authentication/phoneMethods/m1, DELETE /users/u1]}",
        ),
    )

    assert [one for one in sentences(verification) if "phone_type" in one] == [
        "a guest goes: without authentication_method_items.phone_type it sends DELETE /users/u1, but with 'mobile' "
        "there it sends DELETE /users/u1/authentication/phoneMethods/m1, DELETE /users/u1"
    ]


def test_acting_where_knowledge_would_have_said_already_is_no_violation(attempt: Try) -> None:
    assert [one for one in sentences(attempt()) if "department" in one] == []


def test_the_probe_takes_away_what_was_kept_from_before_as_well(attempt: Try) -> None:
    closing = ("require: (select account_enabled from before.users)",
               "require: (select count(*) from before.users where not account_enabled) = 0")  # fmt: skip
    kept = ("empty: [users]\n      expect: {outcome: refused, guard: was-enabled}",
            "expect: {outcome: already_done}")  # fmt: skip

    assert "without before.users.account_enabled it is done already, but with False there it refuses" in " ".join(
        sentences(attempt(closing, kept))
    )


def test_a_case_that_does_not_hold_is_not_probed(attempt: Try) -> None:
    bold = (GUARDS, "  - {id: guests-only, require: (select count(*) from users where user_type = 'member') = 0,"
            " refuse: members stay}\n")  # fmt: skip
    wrong = (FIRST, "expect: {outcome: done, calls: [DELETE /users/u2]}")

    assert not [one for one in sentences(attempt(bold, wrong)) if one.startswith("a guest goes")]
    assert sentences(attempt(bold, wrong, with_probe=False)) == []


def test_the_probe_tries_the_values_that_the_case_gives_its_parameters(attempt: Try) -> None:
    parameters = (
        "secrets: []",
        "params: {title: {type: string, required: true}, titles: {type: list, of: text, required: true}}",
    )
    given = ("  base:", "  params: {title: boss, titles: [head]}\n  base:")
    looking = (
        "user_type = 'guest',",
        "(select count(*) from users where job_title = $title or job_title in $titles) = 0 and user_type = 'guest',",
    )

    told = [one for one in sentences(attempt(parameters, given, looking)) if "job_title" in one]

    assert any("with 'boss' there it refuses" in one or "with 'head' there it refuses" in one for one in told)
