"""What the remediator needs, and what it lacks."""

from __future__ import annotations

import pytest

from posture.domain.finding import FindingState
from posture.usecases.action_permissions import missing_permissions, permissions_of, write_permissions
from posture.usecases.fitting import fitting_actions
from tests.usecases.acting_desk import action
from tests.usecases.test_decide_and_propose import a_view


def test_an_action_needs_what_its_steps_send_and_what_only_it_reads() -> None:
    assert permissions_of(action("revoke-sessions")) == ("User.RevokeSessions.All",)
    assert "UserAuthenticationMethod.Read.All" in permissions_of(action("issue-temporary-access-pass"))


def test_what_may_write_need_not_be_asked_to_read() -> None:
    assert "UserAuthenticationMethod.Read.All" not in permissions_of(action("reset-mfa"))


def test_every_permission_says_which_actions_need_it() -> None:
    found = write_permissions([action("revoke-sessions"), action("reset-mfa")])

    assert {one.permission: one.actions for one in found} == {
        "User.RevokeSessions.All": ("reset-mfa", "revoke-sessions"),
        "UserAuthenticationMethod.ReadWrite.All": ("reset-mfa",),
    }


@pytest.mark.parametrize("name", ["revoke-sessions", "reset-mfa", "issue-temporary-access-pass", "create-group"])
def test_what_is_asked_for_is_enough_and_nothing_of_it_can_be_left_out(name: str) -> None:
    loaded = action(name)
    needed = frozenset(permissions_of(loaded))

    assert missing_permissions(loaded, needed) is None
    for permission in needed:
        assert f"add {permission}" in str(missing_permissions(loaded, needed - {permission}))


def test_wider_permissions_are_enough() -> None:
    assert missing_permissions(action("revoke-sessions"), frozenset({"User.ReadWrite.All"})) is None


def test_a_token_that_tells_nothing_is_not_enough() -> None:
    assert "not known whether they are enough" in str(missing_permissions(action("revoke-sessions"), None))


def test_the_directory_role_is_part_of_the_advice() -> None:
    assert "Graph also wants a directory role" in str(missing_permissions(action("disable-user"), frozenset()))


def test_what_fits_a_finding_says_why_it_is_not_possible() -> None:
    offered = [action("revoke-sessions"), action("disable-user")]

    possible = fitting_actions(a_view(), offered, closed=lambda _: None)
    closed = fitting_actions(a_view(), offered, closed=lambda loaded: f"no {loaded.action.id}")
    resolved = fitting_actions(a_view(state=FindingState.RESOLVED), offered, closed=lambda _: None)

    assert [(one.loaded.action.id, one.impossible_because) for one in possible] == [
        ("disable-user", None),
        ("revoke-sessions", None),
    ]
    assert [one.impossible_because for one in closed] == ["no disable-user", "no revoke-sessions"]
    assert {one.impossible_because for one in resolved} == {"the finding is resolved"}
