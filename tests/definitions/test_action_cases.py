"""The tests inside action files: how they are unfolded, and what they must show."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.definitions.action_text import NO_UNDO, REFUSED_CASE, UNDO_CASE, Change, complaint, load

DONE = 'expect: {outcome: done, calls: ["DELETE /groups/g1/members/u1/$ref"]}'
REFUSED = "expect: {outcome: refused, guard: members-only}"
NOW = "now: 2026-03-01T00:00:00Z"
KEEP = ("    ok: [204, 404]\n", "    ok: [204, 404]\n    keep: [id]\n")


def test_cases_are_unfolded_over_the_base(tmp_path: Path) -> None:
    done, refused, undo = load(tmp_path).cases

    assert (done.resource_id, done.parameters) == ("u1", {"group_id": "g1", "days": 30})
    assert done.rows["users"] == ({"id": "u1", "user_type": "member", "created_at": "2025-01-01T00:00:00Z"},)
    assert done.expects.calls == ("DELETE /groups/g1/members/u1/$ref",)
    assert (done.expects.bodies, done.before, done.is_undo) == (None, None, False)
    assert refused.rows["users"][0]["user_type"] is None
    assert (refused.expects.outcome, refused.expects.guard) == ("refused", "members-only")
    assert undo.is_undo


def test_undoing_knows_the_base_as_it_was_before_and_the_case_as_it_is_now(tmp_path: Path) -> None:
    undo = load(tmp_path).cases[2]

    assert undo.rows["user_memberships"] == ()
    assert undo.before is not None
    assert undo.before["user_memberships"] == ({"id": "g1"},)


def test_what_was_kept_can_be_said_in_another_way(tmp_path: Path) -> None:
    kept = "undo: {before: {users: [{user_type: guest}]}, answers: [{step_id: remove, id: x}]}"

    undo = load(tmp_path, KEEP, ("undo: {}", kept)).cases[2]

    assert undo.before is not None
    assert undo.before["users"][0]["user_type"] == "guest"
    assert undo.answers == ({"step_id": "remove", "id": "x"},)


def test_times_are_in_utc_and_the_approval_is_now_unless_said(tmp_path: Path) -> None:
    silent = load(tmp_path).cases[0]
    said = load(tmp_path, (NOW, f"{NOW}\n  approved_at: 2026-02-28T23:00:00+01:00")).cases[0]

    assert (silent.now, silent.approved_at) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    assert said.approved_at == datetime(2026, 2, 28, 22, tzinfo=UTC)


def test_a_case_may_give_a_parameter_another_value(tmp_path: Path) -> None:
    done = load(tmp_path, ("a member is taken out\n", "a member is taken out\n      params: {days: 7}\n")).cases[0]

    assert done.parameters == {"group_id": "g1", "days": 7}


@pytest.mark.parametrize(
    ("change", "stands", "said"),
    [
        ((NOW, "now: today"), "today", '"today" is not a time'),
        ((NOW, f"{NOW}\n  approved_at: 2026-03-01"), "2026-03-01", "the time has no zone"),
        (("users: {id: u1, ", "users: {"), "users:", "no row of users with an id"),
        (("    user_memberships: {id: g1}", "    user_membership: {id: g1}"), "user_membership:", "does not read"),
        (("change: {users: {user_type", "change: {users: {kind"), "kind", 'users has no column "kind"'),
        (("a kind that is not known", "a member is taken out"), "name: a member", "two cases are called"),
        ((DONE, "expect: {outcome: refused, guard: is-member}"), "- name", "no case expects done"),
        ((REFUSED, "expect: {outcome: already_done}"), "- name", "no case expects refused"),
        (("user_type: null", "user_type: guest"), "- name", "no case is refused because a value is not known"),
        ((UNDO_CASE, ""), "- name", "no case tries the undoing"),
        ((DONE, "expect: {outcome: done}"), "{outcome: done", "does not say which requests are sent"),
        ((DONE, 'expect: {outcome: already_done, calls: ["x"]}'), "{outcome", "nothing is sent if"),
        ((DONE, DONE.replace("done,", "done, guard: is-member,")), "is-member", "only what is refused names a guard"),
        ((DONE, DONE.replace("}", ", bodies: [{}, {}]}")), "[{}, {}]", "there is not one body for each call"),
        ((REFUSED, REFUSED.replace("members-only", "member-only")), "member-only", 'Did you mean "members-only"?'),
        ((DONE, "expect: {outcome: refused, guard: was-member}"), "was-member", 'there is no guard "was-member"'),
        ((DONE, "expect: {outcome: dun}"), "dun", "Use one of: done, already_done, refused"),
        (("params: {group_id: g1}", "params: {}"), "name: a member", 'needs the parameter "group_id"'),
        (("params: {group_id: g1}", "params: {group_id: a b}"), "name: a member", "an id of Microsoft Graph"),
        (("undo: {}", "undo: {answers: [{step_id: removed}]}"), "{step_id", 'Did you mean "remove"?'),
        (("undo: {}", "undo: {answers: [{step_id: remove, id: x}]}"), "x}", "remove does not keep id"),
        (("undo: {}", "undo: {before: {tenants: [{}]}}"), "tenants", 'does not read a table "tenants"'),
    ],
)  # fmt: skip
def test_a_case_that_cannot_be_is_told_with_its_place(tmp_path: Path, change: Change, stands: str, said: str) -> None:
    text, sentence = complaint(tmp_path, change)

    assert text.startswith(stands)
    assert said in sentence


def test_what_cannot_be_undone_has_no_case_that_tries(tmp_path: Path) -> None:
    text, sentence = complaint(tmp_path, NO_UNDO[0])

    assert text.startswith("{}")
    assert "the action cannot be undone" in sentence


def test_a_guard_of_undoing_refuses_in_undo_cases(tmp_path: Path) -> None:
    changes = (
        UNDO_CASE[UNDO_CASE.index("undo: {}") :],
        "undo: {before: {user_memberships: []}}\n      expect: {outcome: refused, guard: was-member}\n",
    )

    assert load(tmp_path, changes).cases[2].expects.guard == "was-member"


def test_an_action_that_reads_nothing_that_can_be_unknown_needs_no_such_case(tmp_path: Path) -> None:
    changes = [
        ("user_type = 'member' and created_at < $now - to_days($days)", "$days > 0"),
        (" where security_enabled", ""),
        (REFUSED_CASE, "    - name: no member\n      empty: [user_memberships]\n"
         "      expect: {outcome: refused, guard: is-member}\n"),
    ]  # fmt: skip

    assert len(load(tmp_path, *changes).cases) == 3
