"""What people are told of a plan, from its proposal to its end: each step once, and only what is on record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from posture.domain.judgement import Resource
from posture.domain.notice import Event
from posture.domain.plan import Plan, PlanState
from posture.domain.request import Answered, GraphRequest
from posture.errors import ActionRefused, ClaimLost, NotAllowedToDecide
from posture.usecases.decide import approve_plan, reject_plan
from posture.usecases.expire import expired
from posture.usecases.propose import Proposal, propose_plan
from posture.usecases.propose_undo import propose_undo
from posture.usecases.tell_of_plan import tell_of_plan
from tests.domain.plans import HOUR, a_plan, a_rule, an_operator, limits
from tests.ports.made_up_tenant import NOW, MadeUpClock, MadeUpTenant, answered
from tests.ports.memory_acting import MemoryActing, MemoryActingUnit
from tests.usecases.acting_desk import Office, a_user, action, ended

ADA, GRACE, ALAN = (an_operator(name) for name in ("ada", "grace", "alan"))
GRANTED = frozenset({"User.EnableDisableAccount.All", "User.Read.All", "User.RevokeSessions.All"})


def a_proposal(**changes: Any) -> Proposal:
    loaded = action("disable-user")
    fields: dict[str, Any] = {
        "tenant_id": "t1",
        "tenant_name": "contoso",
        "loaded": loaded,
        "findings": [],
        "resources": [Resource(type="user", id="u1", name="u1@example.com")],
        "parameters": {},
        "reason": "stolen laptop",
        "rule": loaded.action.approval,
        "limits": limits(per_run=5, per_day=10, share=1.0),
        "population": 1000,
        "closed": None,
    }
    return Proposal(**(fields | changes))


def propose(store: MemoryActing, **changes: Any) -> Plan:
    return propose_plan(a_proposal(**changes), ADA, open_unit=store.open_unit, clock=MadeUpClock())


def approve(store: MemoryActing, plan: Plan, operator: Any = GRACE, *, at: datetime = NOW) -> Plan:
    return approve_plan(
        plan,
        operator,
        digest=plan.digest,
        note="agreed",
        missing=None,
        open_unit=store.open_unit,
        clock=MadeUpClock(at=at),
    )


def told(store: MemoryActing) -> list[tuple[Event, object]]:
    """Return every event and who brought it about, in the order in which they were told."""
    return [(notice.event, notice.facts["by"]) for notice in store.notices.values()]


def test_a_proposal_tells_that_it_waits() -> None:
    store = MemoryActing()

    plan = propose(store)

    [notice] = store.notices.values()
    assert (notice.event, notice.about, notice.at) == (Event.PLAN_WAITING, plan.id, NOW)
    assert notice.facts["first"] == ["u1@example.com"]
    assert notice.facts["by"] == "ada"


def test_a_refused_proposal_tells_nothing() -> None:
    store = MemoryActing()

    with pytest.raises(ActionRefused):
        propose(store, closed="contoso is read-only")

    assert store.notices == {}


def test_the_yes_that_was_needed_tells_that_the_plan_is_approved() -> None:
    store = MemoryActing()

    approve(store, propose(store))

    assert told(store) == [(Event.PLAN_WAITING, "ada"), (Event.PLAN_APPROVED, "grace")]


def test_after_the_first_yes_of_two_it_is_told_that_the_plan_still_waits() -> None:
    store = MemoryActing()
    plan = propose(store, rule=a_rule(people=2))

    approve(store, plan, GRACE)
    approve(store, plan, ALAN)

    waiting = [notice for notice in store.notices.values() if notice.event is Event.PLAN_WAITING]
    assert [notice.facts["approvals"] for notice in waiting] == [0, 1]
    assert told(store) == [(Event.PLAN_WAITING, "ada"), (Event.PLAN_WAITING, "grace"), (Event.PLAN_APPROVED, "alan")]
    assert len({notice.thread for notice in store.notices.values()}) == 1


def test_a_yes_that_replaces_one_that_ended_is_told_of_as_well() -> None:
    store = MemoryActing()
    plan = propose(store, rule=a_rule(people=2, valid_for=HOUR))
    approve(store, plan, GRACE)

    approve(store, plan, ALAN, at=NOW + 2 * HOUR)

    assert told(store)[1:] == [(Event.PLAN_WAITING, "grace"), (Event.PLAN_WAITING, "alan")]


def test_a_yes_that_does_not_count_tells_nothing() -> None:
    store = MemoryActing()
    plan = propose(store)

    with pytest.raises(NotAllowedToDecide):
        approve(store, plan, ADA)

    assert told(store) == [(Event.PLAN_WAITING, "ada")]


def test_a_rejection_tells_why() -> None:
    store = MemoryActing()
    plan = propose(store)

    reject_plan(plan, GRACE, note="wrong person", open_unit=store.open_unit, clock=MadeUpClock())

    *_, notice = store.notices.values()
    assert (notice.event, notice.facts["because"]) == (Event.PLAN_REJECTED, "grace: wrong person")


def test_a_plan_that_nobody_decided_on_tells_once_that_it_expired() -> None:
    store = MemoryActing()
    plan = propose(store)

    for _ in range(2):
        with pytest.raises(NotAllowedToDecide):
            approve(store, plan, at=NOW + timedelta(days=7))

    assert told(store) == [(Event.PLAN_WAITING, "ada"), (Event.PLAN_EXPIRED, "posture")]


def test_a_plan_that_somebody_else_ended_first_does_not_tell_that_it_expired() -> None:
    store = MemoryActing()
    plan = propose(store)
    reject_plan(plan, GRACE, note="wrong person", open_unit=store.open_unit, clock=MadeUpClock())

    with store.open_unit() as unit:
        expired(plan, unit=unit, now=NOW + timedelta(days=7))

    assert [event for event, _ in told(store)] == [Event.PLAN_WAITING, Event.PLAN_REJECTED]


def test_a_plan_that_is_being_executed_tells_nothing() -> None:
    store = MemoryActing()

    with store.open_unit() as unit:
        tell_of_plan(a_plan(state=PlanState.EXECUTING), unit=unit, at=NOW, by="ada")

    assert store.notices == {}


@contextmanager
def a_unit_that_cannot_commit(store: MemoryActing) -> Iterator[MemoryActingUnit]:
    with store.open_unit() as unit:
        yield unit
        raise ZeroDivisionError


def test_a_change_that_is_not_committed_tells_nothing() -> None:
    store = MemoryActing()

    with pytest.raises(ZeroDivisionError):
        propose_plan(a_proposal(), ADA, open_unit=lambda: a_unit_that_cannot_commit(store), clock=MadeUpClock())

    assert (store.plans, store.notices) == ({}, {})


# Executing


def patch(tenant: MadeUpTenant, request: GraphRequest) -> Answered:
    user = next(item for item in tenant.items["users"] if request.path.endswith(item["id"]))
    user.update(dict(request.body or {}))
    return answered(204)


def an_office(*users: str) -> Office:
    items = {"users": [a_user(id) for id in users]}
    return Office(tenant=MadeUpTenant(change=patch, items=items, granted=GRANTED))


@pytest.mark.parametrize(
    ("answers", "event", "counts"),
    [
        ([], Event.PLAN_DONE, {"done": 2}),
        ([403], Event.PLAN_PARTLY_DONE, {"failed": 1, "done": 1}),
        ([403, 403], Event.PLAN_FAILED, {"failed": 2}),
    ],
)
def test_the_end_of_an_execution_tells_how_it_went(answers: list[int], event: Event, counts: dict[str, int]) -> None:
    office = an_office("u1", "u2")
    office.tenant.answers.extend(answers)

    plan = ended(office.execute(office.approved("disable-user", "u1", "u2", limits=limits(failures=5, share=1.0))))

    [notice] = office.store.notices.values()
    assert (notice.event, notice.facts["by"], notice.about) == (event, "grace", plan.id)
    assert notice.facts["ended"] == counts


def test_an_execution_that_was_interrupted_tells_of_its_end_once() -> None:
    office = an_office("u1", "u2")
    plan = office.approved("disable-user", "u1", "u2", limits=limits(share=1.0))
    events = iter(office.executing(plan))
    next(events)
    next(events)
    del events

    office.execute(plan)

    assert told(office.store) == [(Event.PLAN_DONE, "grace")]


def test_a_worker_that_lost_the_plan_does_not_tell_of_its_end() -> None:
    office = an_office("u1")
    plan = office.approved("disable-user", "u1", limits=limits(share=1.0))
    events = iter(office.executing(plan))
    next(events)
    office.store.workers[plan.id] = "worker-2"

    with pytest.raises(ClaimLost):
        list(events)

    assert office.store.notices == {}


def test_an_undo_waits_for_somebody_like_every_plan() -> None:
    office = an_office("u1")
    plan = ended(office.execute(office.approved("disable-user", "u1", limits=limits(share=1.0))))

    back = propose_undo(
        plan,
        action("disable-user"),
        ADA,
        reason="",
        rule=a_rule(),
        limits=limits(),
        closed=None,
        open_unit=office.store.open_unit,
        clock=office.clock,
    )

    *_, notice = office.store.notices.values()
    assert (notice.event, notice.about, notice.facts["undoes"]) == (Event.PLAN_WAITING, back.id, plan.id)


def test_a_plan_whose_approval_ended_before_it_began_tells_that_it_expired() -> None:
    office = an_office("u1")
    plan = office.approved("disable-user", "u1", limits=limits(share=1.0))
    late = replace(office, clock=MadeUpClock(at=NOW + timedelta(days=30)))

    with pytest.raises(NotAllowedToDecide):
        late.execute(plan, an_operator(expires_at=NOW + timedelta(days=90)))

    assert told(office.store) == [(Event.PLAN_EXPIRED, "posture")]
