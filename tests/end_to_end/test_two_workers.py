"""Two processes want to execute one plan: one does, and the other is told so; whoever lost the plan sends nothing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pytest

from posture.domain.journal import SendState
from posture.domain.plan import Plan, PlanState, TargetState
from posture.simulator.faults import Fault, FaultKind
from tests.store.postgresql import Cluster

from .large_company import LargeOffice, large_office, staff_id
from .plans_to_kill import Order, orders
from .workers import Workers, until

FIFTY = {"issue-temporary-access-pass": 18, "create-group": 18, "remove-group-member": 14}
# All fifty take a minute: `make endurance` runs them, every other run of the tests some of each.
ROUNDS = FIFTY if os.environ.get("POSTURE_ENDURANCE") else dict.fromkeys(FIFTY, 3)
AT_A_TIME = 2
PASS = "issue-temporary-access-pass"
PASSES = "/v1.0/users/{}/authentication/temporaryAccessPassMethods"
LATER = 2_500  # numbers that no round has
BREAK_LOCK = """
select pg_terminate_backend(pid)
from pg_locks
where locktype = 'advisory'
  and ((classid::bigint << 32) | objid::bigint) = hashtextextended('posture plan {}', 0)
"""
# What the loser of a race may be told, by when it came: the plan is being executed, or it has ended.
TURNED_AWAY = {"PlanInProgress", "NotAllowedToDecide", "ActionRefused"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """An office and its workers; ``cluster`` is the server of its database, None if that is SQLite."""

    office: LargeOffice
    workers: Workers
    cluster: Cluster | None = None
    database: str = ""

    def posts(self, user_id: str) -> int:
        """How often a pass was asked for."""
        path = PASSES.format(user_id)
        return sum((one.method, one.path) == ("POST", path) for one in self.office.server.requests)

    def break_lock(self, plan: Plan) -> None:
        """End the connection whose lock keeps other processes from the plan, as a restarted server would."""
        assert self.cluster is not None
        self.cluster.run(BREAK_LOCK.format(plan.id), database=self.database)

    def plan(self, plan: Plan) -> Plan:
        return self.office.application.acting.plan(plan.id)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("sqlite")
    with large_office(directory) as office, office.workers(directory / "work") as workers:
        yield Place(office=office, workers=workers)


@pytest.fixture(scope="module")
def on_postgresql(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("postgresql")
    database = cluster.new_database()
    with (
        large_office(directory, store=cluster.url(database)) as office,
        office.workers(directory / "work") as workers,
    ):
        yield Place(office=office, workers=workers, cluster=cluster, database=database)


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    found: Place = request.getfixturevalue(request.param)
    yield found
    found.office.server.faults.clear()


def race(place: Place, order: Order) -> tuple[Plan, list[list[dict[str, Any]]]]:
    """Let two processes execute a plan at the same moment, and return it as it ended and what each told."""
    plan = place.office.approved(order.action, *order.targets, **order.parameters)
    names = (f"{order.name}-left", f"{order.name}-right")
    place.workers.execute(plan.id, *names)
    statuses = sorted(place.workers.wait(name) for name in names)
    assert statuses == [0, 4], [place.workers.log(name) for name in names]
    return place.plan(plan), [place.workers.events(name) for name in names]


def test_one_of_two_executes_and_each_target_is_acted_on_once(place: Place) -> None:
    made = orders(ROUNDS, place.office.tenant)
    place.office.server.requests.clear()

    with ThreadPoolExecutor(AT_A_TIME) as threads:
        ended = list(threads.map(lambda order: race(place, order), made))

    writes = Counter((one.method, unquote(one.path), str(one.sent)) for one in place.office.writes)
    assert len(writes) == sum(rounds * (1 if action == "create-group" else 2) for action, rounds in ROUNDS.items())
    assert set(writes.values()) == {1}
    for plan, told in ended:
        assert plan.state is PlanState.DONE
        (loser,) = [events for events in told if events[-1]["event"] != "ExecutionEnded"]
        assert [event["event"] for event in loser][-1] in TURNED_AWAY
        assert len(loser) == 1
        assert plan.id in loser[-1]["sentence"]


def begun(place: Place, first: int, name: str) -> Plan:
    """Let a process execute a plan that hands out two passes, and return when the tenant has made the first one and
    its answer is on the way."""
    plan = place.office.approved(PASS, staff_id(first), staff_id(first + 1))
    place.office.server.requests.clear()
    place.office.server.faults.add(Fault(kind=FaultKind.SLOW, path="temporaryAccessPassMethods", seconds=2))
    place.workers.execute(plan.id, name)
    until(lambda: place.posts(staff_id(first)) == 1)
    return plan


def test_a_stopped_process_keeps_its_plan_until_it_is_killed(place: Place) -> None:
    first = LATER
    plan = begun(place, first, "sleeper")
    place.workers.stop("sleeper")

    place.workers.execute(plan.id, "early")
    assert place.workers.wait("early") == 4
    place.workers.kill("sleeper")
    assert place.workers.wait("sleeper") == -9
    place.workers.execute(plan.id, "late")
    assert place.workers.wait("late") == 0

    assert [event["event"] for event in place.workers.events("early")] == ["PlanInProgress"]
    assert place.workers.events("late")[0] == {"event": "ExecutionStarted", "is_resumed": True}
    states = [target.state for target in place.plan(plan).targets]
    assert states == [TargetState.UNVERIFIED, TargetState.DONE]
    assert (place.posts(staff_id(first)), place.posts(staff_id(first + 1))) == (1, 1)


def test_who_has_lost_the_lock_sends_nothing_more(on_postgresql: Place) -> None:
    first, place = LATER + 10, on_postgresql
    plan = begun(place, first, "loser")
    place.workers.stop("loser")
    place.break_lock(plan)

    place.workers.execute(plan.id, "heir")
    assert place.workers.wait("heir") == 0
    place.workers.go("loser")
    assert place.workers.wait("loser") == 4

    assert place.workers.events("heir")[0] == {"event": "ExecutionStarted", "is_resumed": True}
    told = place.workers.events("loser")
    assert [event["event"] for event in told][-2:] == ["ShownOnce", "ClaimLost"]
    assert (place.posts(staff_id(first)), place.posts(staff_id(first + 1))) == (1, 1)
    ended = place.plan(plan)
    assert [target.state for target in ended.targets] == [TargetState.UNVERIFIED, TargetState.DONE]
    journal = place.office.application.acting.journal(ended)
    assert [entry.state for entry in journal] == [SendState.LOST, SendState.ANSWERED]


def test_who_has_lost_the_lock_in_the_middle_of_a_request_that_may_be_repeated_does_no_harm(
    on_postgresql: Place,
) -> None:
    place = on_postgresql
    ids = (staff_id(LATER + 20), staff_id(LATER + 21))
    plan = place.office.approved("disable-user", *ids)
    place.office.server.requests.clear()
    place.office.server.faults.add(Fault(kind=FaultKind.SLOW, path="users", methods=("PATCH",), seconds=2))
    place.workers.execute(plan.id, "first")
    until(lambda: any(one.method == "PATCH" for one in place.office.server.requests))
    place.break_lock(plan)

    place.workers.execute(plan.id, "second")
    statuses = {place.workers.wait("first"), place.workers.wait("second")}

    assert 0 in statuses
    assert [target.state for target in place.plan(plan).targets] == [TargetState.DONE, TargetState.DONE]
    users = {one["id"]: one for one in place.office.tenant.collections["users"]}
    assert [users[id]["accountEnabled"] for id in ids] == [False, False]
