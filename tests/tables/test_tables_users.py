"""What is derived of users: where they come from, and when they were last active."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

Rows = list[dict[str, Any]]
Derive = Callable[..., Rows]

# Snapshots hold UTC without a zone.
JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 1) for month in (1, 2, 3))  # noqa: DTZ001


def activity(**at: datetime) -> dict[str, str]:
    return {name: time.isoformat() for name, time in at.items()}


def test_a_success_counts_even_where_attempts_are_later(derive: Derive) -> None:
    user = {"user_id": "u1"} | activity(
        last_successful_sign_in_at=JANUARY, last_sign_in_at=MARCH, last_non_interactive_sign_in_at=FEBRUARY
    )

    (row,) = derive("user_last_activity", user_sign_in_activity=[user])

    assert row == {"user_id": "u1", "last_active_at": JANUARY, "has_signed_in": True}


def test_without_a_recorded_success_the_later_attempt_counts(derive: Derive) -> None:
    user = {"user_id": "u1"} | activity(last_sign_in_at=JANUARY, last_non_interactive_sign_in_at=FEBRUARY)

    (row,) = derive("user_last_activity", user_sign_in_activity=[user])

    assert row["last_active_at"] == FEBRUARY


@pytest.mark.parametrize("kind", ["last_sign_in_at", "last_non_interactive_sign_in_at"])
def test_one_kind_of_attempt_is_enough(derive: Derive, kind: str) -> None:
    (row,) = derive("user_last_activity", user_sign_in_activity=[{"user_id": "u1"} | activity(**{kind: JANUARY})])

    assert (row["last_active_at"], row["has_signed_in"]) == (JANUARY, True)


def test_a_user_without_any_time_never_signed_in_if_others_did(derive: Derive) -> None:
    users = [{"user_id": "u1"}, {"user_id": "u2"} | activity(last_sign_in_at=JANUARY)]

    rows = derive("user_last_activity", user_sign_in_activity=users)

    assert {row["user_id"]: row["has_signed_in"] for row in rows} == {"u1": False, "u2": True}


def test_if_nobody_has_any_time_it_is_not_known_that_nobody_signed_in(derive: Derive) -> None:
    rows = derive("user_last_activity", user_sign_in_activity=[{"user_id": "u1"}, {"user_id": "u2"}])

    assert [row["has_signed_in"] for row in rows] == [None, None]


@pytest.mark.parametrize(("told", "meant"), [(True, True), (False, False), (None, False)])
def test_an_account_that_was_never_synchronised_is_not(derive: Derive, told: bool | None, meant: bool) -> None:
    (row,) = derive("user_origins", users=[{"id": "u1", "on_premises_sync_enabled": told}])

    assert row["is_synchronised"] is meant


@pytest.mark.parametrize(("told", "meant"), [(True, True), (False, False), (None, False)])
def test_an_account_that_was_never_made_one_of_a_room_is_none(derive: Derive, told: bool | None, meant: bool) -> None:
    (row,) = derive("user_origins", users=[{"id": "u1", "is_resource_account": told}])

    assert row["is_resource_account"] is meant


@pytest.mark.parametrize(
    ("hired", "started"), [(MARCH.isoformat(), MARCH), (None, JANUARY)], ids=["recorded", "not recorded"]
)
def test_who_has_no_day_of_hiring_starts_when_the_account_is_made(
    derive: Derive, hired: str | None, started: datetime
) -> None:
    user = {"id": "u1", "created_at": JANUARY.isoformat(), "employee_hire_at": hired}

    (row,) = derive("user_origins", users=[user])

    assert row["starts_at"] == started


@pytest.mark.parametrize(
    ("state", "changed", "since"),
    [
        ("PendingAcceptance", MARCH.isoformat(), MARCH),
        ("PendingAcceptance", None, JANUARY),
        (None, None, None),
    ],
)
def test_an_invitation_without_a_date_is_as_old_as_the_account(
    derive: Derive, state: str | None, changed: str | None, since: datetime | None
) -> None:
    user = {"id": "u1", "created_at": JANUARY.isoformat(), "external_user_state": state}

    (row,) = derive("user_origins", users=[user | {"external_user_state_changed_at": changed}])

    assert row["invitation_changed_at"] == since


@pytest.mark.parametrize(("told", "meant"), [("PendingAcceptance", "PendingAcceptance"), (None, "none")])
def test_an_account_that_was_not_invited_says_so(derive: Derive, told: str | None, meant: str) -> None:
    (row,) = derive("user_origins", users=[{"id": "u1", "external_user_state": told}])

    assert row["invitation_state"] == meant
