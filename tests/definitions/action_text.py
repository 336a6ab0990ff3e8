"""A good action, its text changed as a test wants it, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture.definitions.catalog import load_actions
from posture.definitions.dictionary import Dictionary
from posture.definitions.loaded_action import LoadedAction
from posture.errors import DefinitionErrors
from posture.tables import RESOURCE_TYPES, TABLES

DICTIONARY = Dictionary(TABLES, RESOURCE_TYPES)
Change = tuple[str, str]

GOOD_ACTION = """\
kind: action
id: leave-group
title: Take a user out of a group
resource: user
risk: reversible
effect: >
  The user loses at once whatever the group gives access to.
permissions: [GroupMember.ReadWrite.All]
directory_role: null
params:
  group_id: {type: object_id, required: true, from: found_group, help: "object id of the group"}
  days: {type: integer, default: 30, min: 1, max: 90, unit: days}
secrets: []
read: [users, user_memberships, {groups: group_id}]
guards:
  - id: members-only
    require: user_type = 'member' and created_at < $now - to_days($days)
    refuse: guests and new accounts are left alone
  - id: is-member
    require: (select count(*) from user_memberships where id = $group_id) = 1
    refuse: the user is no direct member of the group
done_when: false
steps:
  - id: remove
    for_each: select id as gone_id from groups where security_enabled
    request: DELETE /groups/{gone_id}/members/{resource_id}/$ref
    ok: [204, 404]
verify: {within: 2m, until: (select count(*) from user_memberships where id = $group_id) = 0}
undo:
  possible: true
  within: 30d
  guards:
    - id: was-member
      require: (select count(*) from before.user_memberships where id = $group_id) = 1
      refuse: the user was no member
  done_when: (select count(*) from user_memberships where id = $group_id) = 1
  steps:
    - id: add
      request: POST /groups/{group_id}/members/$ref
      body: {"@odata.id": "{graph}/directoryObjects/{resource_id}"}
  verify: {within: 2m, until: (select count(*) from user_memberships where id = $group_id) = 1}
approval: {people: 1, role: admin, valid_for: 24h}
limits: {per_run: 25, per_day: 100, share: 2%}
tests:
  now: 2026-03-01T00:00:00Z
  params: {group_id: g1}
  base:
    users: {id: u1, user_type: member, created_at: 2025-01-01T00:00:00Z}
    user_memberships: {id: g1}
    groups: {id: g1, security_enabled: true}
  cases:
    - name: a member is taken out
      expect: {outcome: done, calls: ["DELETE /groups/g1/members/u1/$ref"]}
    - name: a kind that is not known
      change: {users: {user_type: null}}
      expect: {outcome: refused, guard: members-only}
    - name: undo puts the member back
      undo: {}
      empty: [user_memberships]
      expect: {outcome: done, calls: ["POST /groups/g1/members/$ref"]}
"""
UNDO = GOOD_ACTION[GOOD_ACTION.index("undo:\n") : GOOD_ACTION.index("approval:")]
UNDO_CASE = GOOD_ACTION[GOOD_ACTION.index("    - name: undo puts") :]
REFUSED_CASE = GOOD_ACTION[GOOD_ACTION.index("    - name: a kind") : GOOD_ACTION.index("    - name: undo puts")]
NO_UNDO = (UNDO, "undo: {possible: false, because: nobody knows how}\n"), (UNDO_CASE, "")


def written(directory: Path, *changes: Change) -> Path:
    """Write the good action with texts replaced; the old text must be there."""
    text = GOOD_ACTION
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = directory / "leave-group.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def load(directory: Path, *changes: Change) -> LoadedAction:
    (found,) = load_actions([written(directory, *changes)], DICTIONARY)
    return found


def complaint(directory: Path, *changes: Change) -> tuple[str, str]:
    """Return what stands in the file where the one mistake is, and what is said about it."""
    path = written(directory, *changes)
    with pytest.raises(DefinitionErrors) as caught:
        load_actions([path], DICTIONARY)
    (error,) = caught.value.errors
    assert error.at.path == path
    line = path.read_text(encoding="utf-8").split("\n")[error.at.line - 1]
    return line[error.at.column - 1 :], f"{error.problem}. {error.advice}"
