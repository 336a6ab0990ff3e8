"""Action files: what is taken out of a good one, and that the parts of one must make sense together."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from posture.definitions.action_lint import lint_action, lint_actions
from posture.domain.action import Risk, Step
from posture.domain.operator import Role
from posture.tables.live import LiveRead
from tests.definitions.action_text import NO_UNDO, UNDO, Change, complaint, load


def told(reads: tuple[LiveRead, ...]) -> dict[str, tuple[str | None, set[str]]]:
    return {read.wanted.table.name: (read.parameter, {c.name for c in read.wanted.columns}) for read in reads}


def test_a_good_file_becomes_an_action(tmp_path: Path) -> None:
    action = load(tmp_path).action

    assert (action.id, action.resource, action.home, action.risk) == (
        "leave-group", "user", "users", Risk.REVERSIBLE,
    )  # fmt: skip
    assert action.reads == {"users": None, "user_memberships": None, "groups": "group_id"}
    assert [guard.id for guard in action.guards] == ["members-only", "is-member"]
    assert action.done_when == "false"
    assert (action.approval.role, action.approval.valid_for) == (Role.ADMIN, timedelta(days=1))
    assert (action.limits.share, action.limits.failures) == (0.02, 3)
    assert action.undo is not None
    assert (action.undo.within, action.undo.verify.within) == (timedelta(days=30), timedelta(minutes=2))
    assert action.undo_impossible_because is None
    assert action.is_local


def test_a_text_that_becomes_part_of_a_sentence_is_one_line(tmp_path: Path) -> None:
    folded = ("directory_role: null", "directory_role: >\n  User Administrator,\n  always.")
    block = (NO_UNDO[0][0], "undo:\n  possible: false\n  because: |\n    nobody\n    knows how\n")

    action = load(tmp_path, folded, block, NO_UNDO[1]).action

    assert (action.directory_role, action.undo_impossible_because) == (
        "User Administrator, always.",
        "nobody knows how",
    )


def test_a_step_says_what_is_sent_and_what_it_means(tmp_path: Path) -> None:
    assert load(tmp_path).action.steps == (
        Step(
            id="remove",
            method="DELETE",
            path="/groups/{gone_id}/members/{resource_id}/$ref",
            for_each="select id as gone_id from groups where security_enabled",
            body=None,
            ok=frozenset({204, 404}),
            later=frozenset(),
            passes=1,
            may_repeat=True,
            keep=(),
            reveal=None,
        ),
    )


def test_a_post_may_not_be_repeated_unless_the_file_says_so(tmp_path: Path) -> None:
    silent = load(tmp_path).action.undo
    said = load(tmp_path, ("- id: add\n", "- id: add\n      may_repeat: true\n")).action.undo

    assert silent is not None
    assert said is not None
    assert [silent.steps[0].may_repeat, said.steps[0].may_repeat] == [False, True]


def test_live_reads_are_the_source_tables_with_the_columns_that_the_sql_needs_and_keys(tmp_path: Path) -> None:
    loaded = load(tmp_path)

    assert told(loaded.live) == {
        "users": (None, {"id", "user_type", "created_at"}),
        "user_memberships": (None, {"id"}),
        "groups": ("group_id", {"id", "security_enabled"}),
    }
    assert told(loaded.undo_live) == {"users": (None, {"id"}), "user_memberships": (None, {"id"})}


def test_what_undoing_wants_to_know_of_the_time_before_is_read_before_acting(tmp_path: Path) -> None:
    question = ("(select count(*) from before.user_memberships", "(select count(mail_enabled) from before.groups")

    loaded = load(tmp_path, question)

    assert "mail_enabled" in told(loaded.live)["groups"][1]
    assert "groups" not in told(loaded.undo_live)


def test_a_derived_table_reads_what_it_is_made_of_and_sql_may_name_that_as_well(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        ("read: [users,", "read: [users, privileged_principals,"),
        ("user_type = 'member'", "(select count(*) from privileged_principals) = 0 and user_type = 'member'"),
        ("done_when: false", "done_when: (select count(*) from role_definitions) = 0"),
    )

    assert {"role_definitions", "role_groups", "active_role_assignments"} <= told(loaded.live).keys()
    assert "privileged_principals" not in told(loaded.live)
    assert loaded.action.reads["privileged_principals"] is None


def test_undoing_may_read_the_object_whose_id_a_step_kept(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        ("    ok: [204, 404]\n", "    ok: [204, 404]\n    keep: [id, keyId]\n"),
        ("  within: 30d\n", "  within: 30d\n  read: [{groups: answers.id}]\n"),
        ("  guards:\n    - id: was-member\n", "  guards:\n    - id: still\n"
         "      require: (select any_value(keyId) from answers) = (select display_name from groups)\n"
         "      refuse: it is another one\n    - id: was-member\n"),
    )  # fmt: skip

    assert told(loaded.live)["groups"][0] == "group_id"
    assert told(loaded.undo_live)["groups"] == ("answers.id", {"id", "display_name"})
    assert "answers" not in told(loaded.undo_live)


def test_a_parameter_may_be_filled_by_a_finding(tmp_path: Path) -> None:
    loaded = load(tmp_path)

    assert loaded.sources == {"group_id": "found_group"}
    assert {parameter.name: parameter.default for parameter in loaded.action.parameters} == {
        "group_id": None, "days": 30,
    }  # fmt: skip


def test_the_values_that_an_action_compares_with_are_known_to_the_probe(tmp_path: Path) -> None:
    loaded = load(tmp_path)

    assert "member" in loaded.strings
    assert {0, 1, 30} <= loaded.integers
    assert loaded.columns_read["users"] >= {"user_type", "created_at"}
    assert loaded.columns_matched["user_memberships"] == {"id"}


def test_the_version_changes_with_what_the_action_does_and_not_with_its_tests(tmp_path: Path) -> None:
    versions = [
        load(tmp_path, *changes).action.version
        for changes in ([], [("a member is taken out", "a member leaves")], [("per_run: 25", "per_run: 24")])
    ]

    assert len(versions[0]) == 16
    assert versions[0] == versions[1]
    assert versions[0] != versions[2]


def test_what_cannot_be_undone_says_why(tmp_path: Path) -> None:
    loaded = load(tmp_path, *NO_UNDO)

    assert loaded.action.undo is None
    assert loaded.action.undo_impossible_because == "nobody knows how"
    assert loaded.undo_live == ()


def test_a_secret_can_stand_in_a_body_and_what_is_shown_once_is_named(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        ("secrets: []", "secrets: [password]"),
        ('{"@odata.id": "', '{"@odata.id": "{graph}", list: ["{password}"], text: "'),
        ("- id: add\n", "- id: add\n      reveal: secretText\n"),
    )

    assert loaded.action.secrets == ("password",)
    assert loaded.action.undo is not None
    assert loaded.action.undo.steps[0].reveal == "secretText"


def test_until_gone_reads_its_table(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        ("until: (select count(*) from user_memberships where id = $group_id) = 0", "until_gone: users"),
    )

    assert loaded.action.verify.until_gone == "users"
    assert loaded.action.verify.until is None


@pytest.mark.parametrize(
    ("change", "stands", "said"),
    [
        (("id: leave-group", "id: quit-group"), "quit-group", 'the id is not "leave-group"'),
        (("guards:\n  - id: mem", "guard:\n  - id: mem"), "guard:", 'Did you mean "guards"?'),
        (("kind: action", "kind: check"), "check", "Use one of: action"),
        (("resource: user", "resource: users"), "users", 'Did you mean "user"?'),
        (("resource: user", "resource: printer"), "printer", "Use one of: tenant, user"),
        (("risk: reversible", "risk: destructive"), "1,", "what is destructive needs 2 people"),
        (("per_day: 100", "per_day: 3"), "3,", "fewer are allowed in a day than in one run"),
        (("share: 2%", "share: 200%"), "200%", "it is no share"),
        (("valid_for: 24h", "valid_for: 24"), "24}", "it is no duration"),
        (("role: admin", "role: viewer"), "viewer", "Use one of: helpdesk, admin"),
        (("ReadWrite.All]", "ReadWrite.All, GroupMember.ReadWrite.All]"), "GroupMember", "stands here twice"),
        (("secrets: []", "secrets: [a, a]"), "a]", '"a" stands here twice'),
        (("secrets: []", "secrets: [group_id]"), "group_id]", '"group_id" cannot name a secret'),
        (("secrets: []", "secrets: [graph]"), "graph]", '"graph" cannot name a secret'),
        (("secrets: []", "secrets: [password]"), "password]", 'the secret "password" is never used'),
        (("default: 30", "default: 30, required: true"), "{type: integer", 'what "days" is'),
        (("default: 30, ", ""), "{type: integer", 'Write either "default" or "required: true"'),
        (("  days:", "  resource_id:"), "{type: integer", '"resource_id" cannot name a parameter'),
        (("  days:", "  started_at:"), "{type: integer", '"started_at" cannot name a parameter'),
        (("default: 30", "default: 300"), "{type: integer", "more than the maximum"),
        (("$now - to_days($days)", "$now"), "{type: integer", 'the parameter "days" is never used'),
        (("- id: is-member", "- id: members-only"), "members-only", 'two guards are called "members-only"'),
        (("verify: {within: 2m, until:", "verify: {within: 2m, until_gone: users, until:"), "{within", "either"),
        (("    refuse: guests", "    refused: guests"), "refused:", 'Did you mean "refuse"?'),
        (("possible: true", "possible: true\n  because: it is"), "it is", "says why something cannot be undone"),
        (("possible: true", "possible: false"), "possible", 'the key "because" is missing'),
        (("possible: true", "possible: false\n  because: it is"), "30d", 'what cannot be undone has no "within"'),
        (("  within: 30d\n", ""), "possible", 'the key "within" is missing'),
        (("  within: 30d\n", "  within: null\n"), "possible", 'the key "within" is missing'),
        ((UNDO, "undo: {possible: true, within: 1d, done_when: false}\n"), "{possible", '"steps" is missing'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_advice(tmp_path: Path, change: Change, stands: str, said: str) -> None:
    text, sentence = complaint(tmp_path, change)

    assert text.startswith(stands)
    assert said in sentence


def test_a_good_action_reads_well(tmp_path: Path) -> None:
    assert lint_actions([load(tmp_path)]) == ()
    assert lint_actions([load(tmp_path, *NO_UNDO)]) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("title: Take", "title: take"), "does not read as a headline"),
        (("access to.", "access to"), '"effect" is not a full sentence'),
        ((', help: "object id of the group"', ""), "no unit and no help"),
        (("are left alone", "are left alone."), "stands inside a sentence"),
        (("the user was no member", "the user was no member."), "stands inside a sentence"),
        (("params: {group_id: g1}", "params: {group_id: 1d2a77e0-93cf-4b0c-8f5e-7a6b1d2c3e4f}"), "like a real id"),
    ],
)
def test_what_a_reviewer_would_say_is_said(tmp_path: Path, change: Change, said: str) -> None:
    (remark,) = lint_action(load(tmp_path, change))

    assert said in str(remark)
