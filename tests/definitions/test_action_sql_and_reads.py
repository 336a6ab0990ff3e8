"""The SQL of action files, and the tables that they may read live."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.definitions.action_text import Change, complaint, load

READ = "read: [users, user_memberships, {groups: group_id}]"
REQUIRE = "require: user_type = 'member' and created_at < $now - to_days($days)"
FOR_EACH = "for_each: select id as gone_id from groups where security_enabled"


def requiring(condition: str) -> Change:
    """Return the change that makes another condition of the first guard; ``days`` stays in use."""
    return REQUIRE, f"require: $days > 0 and {condition}"


@pytest.mark.parametrize(
    ("change", "stands", "said"),
    [
        (requiring("user_typ = 'member'"), "user_typ", 'Did you mean "user_type"?'),
        (requiring("(select count(*) from grups) = 0"), "grups", 'Did you mean "groups"?'),
        (requiring("(select count(*) from domains) = 0"), "domains", '"read" does not name the table domains'),
        (requiring("user_type = $kind"), "$kind", "there is no parameter $kind"),
        (requiring("coalesce(account_enabled, true)"), "coalesce", "never a reason to act"),
        (requiring("account_enabled is not null"), "account_enabled is not", "may not stand in this condition"),
        (requiring("exists (from groups)"), "$days", "may not stand in this condition"),
        (requiring("created_at < now()"), "now()", "Use $now"),
        (requiring("read_text('x') = 'y'"), "read_text", "read_text is not allowed here"),
        (requiring("(select count(*) from before.users) = 0"), "before.users", 'there is no schema "before"'),
        (requiring("(select count(*) from answers) = 0"), "answers", 'there is no table "answers"'),
        (requiring("user_type = ("), "(", "this is not SQL as DuckDB speaks it"),
        ((REQUIRE, "require: select 1"), "select", "this is not a condition"),
        (("done_when: false", "done_when: users_type = 'x'"), "users_type", 'Did you mean "user_type"?'),
        (("until: (select count(*) from user_memberships", "until: (select count(*) from memberships"),
         "memberships", 'no table "memberships"'),
        (("until: (select count(*) from user_memberships where id = $group_id) = 0", "until_gone: user"),
         "user}", 'Did you mean "users"?'),
        (("until: (select count(*) from user_memberships where id = $group_id) = 0", "until_gone: domains"),
         "domains}", "It reads users, user_memberships, groups"),
        ((FOR_EACH, "for_each: delete from groups"), "delete", "only a SELECT is allowed here"),
        ((FOR_EACH, "for_each: select gone_id from groups"), "gone_id", 'there is no column "gone_id"'),
        ((FOR_EACH, "for_each: select unnest(group_types) from groups"),
         "select", "nobody can say which columns this gives"),
        ((FOR_EACH, "for_each: select id as gone_id, id as resource_id from groups"),
         "select", "such as resource_id as its_resource_id"),
        (("from before.user_memberships", "from before.domains"), "domains", '"read" does not name the table'),
        (("from before.user_memberships", "from before.answers"), "answers", '"read" does not name'),
        (("from before.user_memberships", "from previous.users"), "previous.users", 'or one of the schema "before"'),
    ],
)  # fmt: skip
def test_sql_that_cannot_be_is_told_with_its_place(tmp_path: Path, change: Change, stands: str, said: str) -> None:
    text, sentence = complaint(tmp_path, change)

    assert text.startswith(stands)
    assert said in sentence


@pytest.mark.parametrize(
    ("read", "stands", "said"),
    [
        ("[users, user_memberships, {groups: group_id}, usres]", "usres", 'Did you mean "users"?'),
        ("[users, users, user_memberships, {groups: group_id}]", "users, user_m", "users stands here twice"),
        ("[user_memberships, users, {groups: group_id}]", "user_memb", "the first table is not users"),
        ("[{users: group_id}, user_memberships, {groups: group_id}]", "{users", "Begin with users"),
        ("[users, user_memberships, {groups: group}]", "{groups", 'Did you mean "group_id"?'),
        ("[users, user_memberships, {groups: days}]", "{groups", 'no parameter "days" holds an id'),
        ("[users, user_memberships, {groups: answers.id}]", "{groups", "no parameter"),
        (
            "[users, user_memberships, {groups: group_id, domains: group_id}]",
            "{groups",
            "one table and its parameter",
        ),
        ("[users, user_memberships, groups]", "groups", "groups cannot be read for a single user"),
        (
            "[users, user_memberships, {groups: group_id}, risk_detections]",
            "risk_d",
            "cannot be read for a single user",
        ),
        (
            "[users, user_memberships, {groups: group_id}, {risk_detections: group_id}]",
            "{risk_d",
            "whose id is given",
        ),
        ("[users, user_memberships, {groups: group_id}, {domains: group_id}]", "{domains", "domains is read whole"),
        (
            "[users, user_memberships, {groups: group_id}, {user_origins: group_id}]",
            "{user_or",
            "users would be read",
        ),
        ("[users, user_memberships, {groups: group_id}, domains]", "domains", "nothing reads domains. Take it out."),
        ("[users, user_memberships, {groups: group_id}, user_origins]", "", ""),
    ],
)
def test_tables_that_cannot_be_read_so_are_told(tmp_path: Path, read: str, stands: str, said: str) -> None:
    if not said:
        assert "user_origins" in load(tmp_path, (READ, f"read: {read}")).action.reads
        return

    text, sentence = complaint(tmp_path, (READ, f"read: {read}"))

    assert text.startswith(stands)
    assert said in sentence


@pytest.mark.parametrize(
    ("read", "stands", "said"),
    [
        ("[{groups: answers.id}]", "{groups", 'no parameter "answers.id" holds an id'),
        ("[tenants]", "tenants", "nothing reads tenants"),
        ("[tenant]", "tenant", 'Did you mean "tenants"?'),
    ],
)
def test_tables_of_undoing_are_held_to_the_same(tmp_path: Path, read: str, stands: str, said: str) -> None:
    text, sentence = complaint(tmp_path, ("  within: 30d\n", f"  within: 30d\n  read: {read}\n"))

    assert text.startswith(stands)
    assert said in sentence
