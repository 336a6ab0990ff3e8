"""What goes wrong between posture and Graph while it acts: done is done, and what nobody knows is said to be open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from posture.domain.plan import PlanState, TargetState
from posture.errors import GraphError
from posture.simulator.faults import Fault, FaultKind

from .acting_company import Executed, Office
from .scenes_of_users import allow_passes, kinds_of_methods

WRITES = ("PATCH", "POST", "DELETE")
NEW_GROUP = {"display_name": "Pilots", "mail_nickname": "pilots", "description": "who tries things first"}
SEEDS = range(6)


def blocking(office: Office) -> tuple[Callable[[], Executed], Callable[[], int]]:
    """Return how to block a user, and how many users that has blocked."""
    user = office.member(0)["id"]
    plan = office.approved("disable-user", user)
    return lambda: office.execute(plan), lambda: int(office.state(f"users/{user}")["accountEnabled"] is False)


def making_a_group(office: Office) -> tuple[Callable[[], Executed], Callable[[], int]]:
    plan = office.approved("create-group", office.tenant.tenant_id, **NEW_GROUP)
    groups = office.tenant.collections["groups"]
    return lambda: office.execute(plan), lambda: sum(one["displayName"] == "Pilots" for one in groups)


def issuing_a_pass(office: Office) -> tuple[Callable[[], Executed], Callable[[], int]]:
    allow_passes(office)
    user = office.user("member_email_only")["id"]
    plan = office.approved("issue-temporary-access-pass", user)
    return lambda: office.execute(plan), lambda: kinds_of_methods(office, user).count("temporaryAccessPass")


def fault_of_writes(kind: FaultKind, **changes: Any) -> Fault:
    return Fault(kind=kind, methods=WRITES, path=r"/v1\.0/(users|groups)", **changes)


def answers(office: Office) -> list[int | None]:
    """Return the status of every write; None if the connection was cut."""
    return [one.status for one in office.server.requests if one.method in WRITES and "/oauth2/" not in one.path]


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (FaultKind.UNAVAILABLE, [503, 204]),
        (FaultKind.SERVER_ERROR, [500, 204]),
        (FaultKind.GATEWAY_TIMEOUT, [504, 204]),
        (FaultKind.CONNECTION_RESET, [None, 204]),
        (FaultKind.ANSWER_LOST, [None, 204]),
        (FaultKind.REVOKED_TOKEN, [401, 204]),
    ],
)
def test_what_may_be_sent_twice_is_sent_until_it_is_answered(
    office: Office, kind: FaultKind, sent: list[int | None]
) -> None:
    execute, changed = blocking(office)
    office.server.faults.add(fault_of_writes(kind))

    done = execute()

    assert (done.plan.state, changed()) == (PlanState.DONE, 1)
    assert answers(office) == sent


@pytest.mark.parametrize("what", [blocking, making_a_group, issuing_a_pass])
def test_too_many_requests_are_waited_out_whatever_is_sent(office: Office, what: Any) -> None:
    execute, changed = what(office)
    office.server.faults.add(fault_of_writes(FaultKind.THROTTLED, retry_after=1))

    done = execute()

    assert (done.plan.state, changed()) == (PlanState.DONE, 1)
    first, second = [one for one in office.server.requests if one.method in WRITES and "/oauth2/" not in one.path]
    assert (first.status, first.retry_after) == (429, 1)
    assert (second.at - first.at).total_seconds() >= 1


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        (FaultKind.CONNECTION_RESET, 0),
        (FaultKind.UNAVAILABLE, 0),
        (FaultKind.GATEWAY_TIMEOUT, 0),
        (FaultKind.ANSWER_LOST, 1),
        (FaultKind.TRUNCATED, 1),
    ],
)
def test_what_must_not_be_sent_twice_is_looked_for_instead(office: Office, kind: FaultKind, made: int) -> None:
    execute, changed = making_a_group(office)
    office.server.faults.add(fault_of_writes(kind))

    done = execute()

    assert len(answers(office)) == 1
    assert changed() == made
    if made:
        assert done.target.state is TargetState.DONE
    else:
        assert done.target.state is TargetState.UNVERIFIED
        assert "it was not sent again" in str(done.target.because)


@pytest.mark.parametrize(("kind", "made"), [(FaultKind.CONNECTION_RESET, 0), (FaultKind.ANSWER_LOST, 1)])
def test_a_code_that_was_lost_on_the_way_is_not_called_done(office: Office, kind: FaultKind, made: int) -> None:
    execute, changed = issuing_a_pass(office)
    office.server.faults.add(fault_of_writes(kind))

    done = execute()

    assert (done.target.state, done.revealed) == (TargetState.UNVERIFIED, {})
    assert (len(answers(office)), changed()) == (1, made)
    says = "the answer with the code or password was lost" if made else "it was not sent again"
    assert says in str(done.target.because)


def test_a_group_whose_answer_was_lost_is_not_deleted_by_guessing(office: Office) -> None:
    execute, changed = making_a_group(office)
    office.server.faults.add(fault_of_writes(FaultKind.ANSWER_LOST))
    done = execute()

    undone = office.undo(done.plan)

    assert (undone.target.state, changed()) == (TargetState.REFUSED, 1)


def test_an_outage_that_does_not_end_leaves_the_target_unverified(office: Office) -> None:
    execute, changed = blocking(office)
    office.server.faults.add(fault_of_writes(FaultKind.UNAVAILABLE, times=None))

    done = execute()

    assert (done.target.state, changed()) == (TargetState.UNVERIFIED, 0)
    assert set(answers(office)) == {503}


@pytest.mark.parametrize(
    ("what", "reads"), [(blocking, r"/v1\.0/users"), (making_a_group, r"/v1\.0/groups")], ids=["change", "creation"]
)
def test_a_change_that_shows_late_is_waited_for(office: Office, what: Any, reads: str) -> None:
    execute, changed = what(office)
    office.server.faults.add(Fault(kind=FaultKind.STALE_READS, path=reads, times=3))

    done = execute()

    assert (done.plan.state, changed(), len(answers(office))) == (PlanState.DONE, 1, 1)
    assert done.looks >= 1
    assert office.pause.waited == sorted(office.pause.waited)


def test_a_change_that_does_not_show_is_unverified_and_can_be_taken_back(office: Office) -> None:
    execute, changed = blocking(office)
    office.server.faults.add(Fault(kind=FaultKind.STALE_READS, times=None, seconds=600))

    done = execute()

    assert (done.target.state, changed(), len(answers(office))) == (TargetState.UNVERIFIED, 1, 1)
    assert done.plan.state is PlanState.FAILED
    office.server.faults.clear()
    assert (office.undo(done.plan).plan.state, changed()) == (PlanState.DONE, 0)


@pytest.mark.parametrize("kind", [FaultKind.UNAVAILABLE, FaultKind.CONNECTION_RESET, FaultKind.MALFORMED_JSON])
def test_what_cannot_be_read_before_acting_is_not_acted_on(office: Office, kind: FaultKind) -> None:
    execute, changed = blocking(office)
    office.server.faults.add(Fault(kind=kind, path=r"/v1\.0/users", methods=("GET",), times=None))

    done = execute()

    assert (done.target.state, changed(), office.writes) == (TargetState.REFUSED, 0, [])


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_goes_wrong_nothing_is_called_what_it_is_not(office: Office, seed: int) -> None:
    execute, changed = (blocking, making_a_group, issuing_a_pass)[seed % 3](office)
    kinds = (FaultKind.UNAVAILABLE, FaultKind.CONNECTION_RESET, FaultKind.ANSWER_LOST, FaultKind.TRUNCATED)
    office.server.faults.add(
        *(Fault(kind=kind, times=None, probability=0.12, seed=seed * 10 + at) for at, kind in enumerate(kinds))
    )

    try:
        done = execute()
    except GraphError:  # not even signed in
        assert (changed(), office.writes) == (0, [])
        return

    told, carried_out = done.target.state, changed()
    assert carried_out <= 1
    if told in (TargetState.DONE, TargetState.ALREADY_DONE):
        assert carried_out == 1
    if told is TargetState.REFUSED:
        assert (carried_out, office.writes) == (0, [])
    if told is not TargetState.DONE:
        assert done.target.because
