"""``kill -9`` at any moment of executing, with faults all the while: nothing is done twice, lost, or told wrongly."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from posture.domain.journal import JournalEntry, SendState
from posture.domain.plan import FINAL, Plan, PlanState, Target, TargetState
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.request_log import RequestRecord
from posture.simulator.server import SimulatorServer
from tests.store.postgresql import Cluster

from .large_company import LargeOffice, large_office
from .plans_to_kill import Order, orders
from .workers import Workers

TWO_HUNDRED = {
    "disable-user": 28,
    "revoke-sessions": 28,
    "reset-mfa": 10,
    "issue-temporary-access-pass": 25,
    "remove-group-member": 28,
    "delete-guest": 28,
    "revoke-app-role": 17,
    "create-user": 18,
    "create-group": 18,
}
# All two hundred take minutes: `make endurance` executes them, every other run of the tests some of each.
IS_ENDURANCE = bool(os.environ.get("POSTURE_ENDURANCE"))
ON_SQLITE = TWO_HUNDRED if IS_ENDURANCE else dict.fromkeys(TWO_HUNDRED, 2) | {"issue-temporary-access-pass": 4}
TWENTY = {"issue-temporary-access-pass": 6, "create-group": 4, "remove-group-member": 5, "reset-mfa": 5}
ON_POSTGRESQL = TWENTY if IS_ENDURANCE else dict.fromkeys(TWENTY, 2) | {"issue-temporary-access-pass": 4}
AT_A_TIME = 4
SEED = 20261121
NOT_SENT = {"throttled"}
WRITES = {"path": r"^/v1\.0/(?!\$batch|directoryObjects/getByIds)", "methods": ("POST", "PATCH", "DELETE")}
READS = {"path": r"^/v1\.0/", "methods": ("GET",)}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One plan after it was executed, killed and executed again until it ended."""

    order: Order
    plan: Plan
    journal: Sequence[JournalEntry]
    kills: int
    events: Sequence[dict[str, Any]]

    def entries(self, target: Target) -> list[JournalEntry]:
        return [entry for entry in self.journal if entry.target == target.number]


@dataclass(frozen=True, kw_only=True)
class Aftermath:
    office: LargeOffice
    outcomes: Sequence[Outcome]

    @property
    def targets(self) -> Iterator[tuple[Outcome, Target]]:
        return ((outcome, target) for outcome in self.outcomes for target in outcome.plan.targets)


@contextmanager
def aftermath_on(store: str | None, directory: Path) -> Iterator[Aftermath]:
    """``store`` is the address of an empty database on PostgreSQL; None means SQLite in its usual place."""
    with large_office(directory, store=store) as office:
        counts = ON_POSTGRESQL if store else ON_SQLITE
        made = orders(counts, office.tenant)
        with office.workers(directory / "work") as workers, ThreadPoolExecutor(AT_A_TIME) as threads:
            office.server.requests.clear()
            office.server.faults.add(*mix())
            outcomes = list(threads.map(lambda order: executed(office, workers, order), made))
            office.server.faults.clear()
        yield Aftermath(office=office, outcomes=outcomes)


def mix() -> list[Fault]:
    """What goes wrong while plans are executed: before the tenant has acted, after it has, and slowly."""
    rates = {
        FaultKind.THROTTLED: 0.06,
        FaultKind.UNAVAILABLE: 0.05,
        FaultKind.GATEWAY_TIMEOUT: 0.03,
        FaultKind.CONNECTION_RESET: 0.06,
        FaultKind.ANSWER_LOST: 0.08,
        FaultKind.TRUNCATED: 0.04,
        FaultKind.SLOW: 0.4,
    }
    on_writes = [
        Fault(kind=kind, times=None, probability=rate, seed=SEED + n, seconds=0.06, **WRITES)  # type: ignore[arg-type]
        for n, (kind, rate) in enumerate(rates.items())
    ]
    on_reads = [
        Fault(kind=kind, times=None, probability=0.01, seed=SEED + n, seconds=0.1, **READS)  # type: ignore[arg-type]
        for n, kind in enumerate(rates, start=100)
    ]
    return on_writes + on_reads


def executed(office: LargeOffice, workers: Workers, order: Order) -> Outcome:
    """Execute a plan, kill its process once to three times, and let it end."""
    chance = random.Random(f"{SEED} {order.name}")  # noqa: S311 - repeatable on purpose
    plan = office.approved(order.action, *order.targets, **order.parameters)
    kills, wanted = 0, chance.choice((1, 1, 1, 2, 3))
    for _ in range(30):
        seen = len(office.server.requests)
        workers.execute(plan.id, order.name)
        if kills < wanted:
            wait_for_a_moment(office.server, workers, order, seen, chance)
            workers.kill(order.name)
        status = workers.wait(order.name)
        assert status in (-9, 0, 4), workers.log(order.name)[-5000:]
        kills += status == -9
        plan = office.application.acting.plan(plan.id)
        if plan.state in FINAL:
            break
    return Outcome(
        order=order,
        plan=plan,
        journal=office.application.acting.journal(plan),
        kills=kills,
        events=workers.events(order.name),
    )


def wait_for_a_moment(
    server: SimulatorServer, workers: Workers, order: Order, seen: int, chance: random.Random
) -> None:
    """Wait until the process has sent some requests about its targets, often until one that changes them, and a
    little more; or until it has ended."""
    wants_write, more = chance.random() < 0.7, chance.uniform(0, 0.02)
    left = chance.choice((1, 1, len(order.targets))) if wants_write else chance.randint(1, 4 * len(order.targets))
    ends = time.monotonic() + 30
    while left > 0 and workers.ended(order.name) is None and time.monotonic() < ends:
        time.sleep(0.003)
        fresh = server.requests[seen:]
        seen += len(fresh)
        left -= sum((one.method != "GET" or not wants_write) and is_about(one, order) for one in fresh)
    time.sleep(more)


def is_about(record: RequestRecord, order: Order) -> bool:
    text = f"{unquote(record.path)} {unquote(record.query)} {record.sent or ''}"
    return any(mark in text for mark in order.marks)


def executions_were_killed_and_many_in_the_middle(aftermath: Aftermath) -> None:
    kills = sum(outcome.kills for outcome in aftermath.outcomes)
    resumed = sum(event.get("is_resumed", False) for outcome in aftermath.outcomes for event in outcome.events)

    # Of a few not much can be said.
    assert kills >= (0.9 if IS_ENDURANCE else 0.6) * len(aftermath.outcomes)
    assert resumed >= (0.5 if IS_ENDURANCE else 0.2) * len(aftermath.outcomes)
    if IS_ENDURANCE:
        assert any(
            "interrupted before the answer" in (entry.error or "") for o in aftermath.outcomes for entry in o.journal
        )


def every_plan_and_every_target_has_ended(aftermath: Aftermath) -> None:
    assert {outcome.plan.state for outcome in aftermath.outcomes} <= FINAL - {PlanState.REJECTED, PlanState.EXPIRED}
    assert [target for _, target in aftermath.targets if target.state is TargetState.WAITING] == []


def most_of_what_was_wished_is_done(aftermath: Aftermath) -> None:
    states = Counter(target.state for _, target in aftermath.targets)

    assert states[TargetState.DONE] > sum(states.values()) / (2 if IS_ENDURANCE else 4), states


def what_is_said_to_be_done_is_as_wished(aftermath: Aftermath) -> None:
    wrong = [
        (outcome.order.name, target.resource.id)
        for outcome, target in aftermath.targets
        if target.state in (TargetState.DONE, TargetState.ALREADY_DONE)
        and not outcome.order.is_wished(aftermath.office.tenant, target.resource.id, outcome.plan.approved_at)
    ]

    assert wrong == []


def what_is_not_done_says_why(aftermath: Aftermath) -> None:
    silent = [
        (outcome.order.name, target)
        for outcome, target in aftermath.targets
        if target.state not in (TargetState.DONE, TargetState.ALREADY_DONE) and not target.because
    ]

    assert silent == []


def what_was_refused_was_not_sent(aftermath: Aftermath) -> None:
    sent = [
        outcome.order.name
        for outcome, target in aftermath.targets
        if target.state in (TargetState.REFUSED, TargetState.ALREADY_DONE) and outcome.entries(target)
    ]

    assert sent == []


def what_must_not_be_repeated_was_sent_once_at_most(aftermath: Aftermath) -> None:
    sent: Counter[tuple[str, str]] = Counter()
    for outcome, target in aftermath.targets:
        once = outcome.order.once
        if once is not None:
            path = "/v1.0" + once.format(target.resource.id)
            sent[outcome.order.name, target.resource.id] = sum(
                one.method == "POST"
                and unquote(one.path) == path
                and is_about(one, outcome.order)
                and not NOT_SENT & set(one.faults)
                for one in aftermath.office.writes
            )

    assert sum(sent.values()) > (0.5 if IS_ENDURANCE else 0) * len(sent)
    assert {name: times for name, times in sent.items() if times > 1} == {}


def every_write_that_the_tenant_saw_is_in_the_journal(aftermath: Aftermath) -> None:
    known = {(e.method, unquote(e.path)) for outcome in aftermath.outcomes for e in outcome.journal}
    bodies = [str(entry.body) for outcome in aftermath.outcomes for entry in outcome.journal if entry.body]

    assert len(aftermath.office.writes) > len(aftermath.outcomes) / 2
    for write in aftermath.office.writes:
        assert (write.method, unquote(write.path).removeprefix("/v1.0")) in known
        if isinstance(write.sent, dict) and "displayName" in write.sent:
            assert any(repr(write.sent["displayName"]) in body for body in bodies)


def nothing_stays_intended(aftermath: Aftermath) -> None:
    assert [e for outcome in aftermath.outcomes for e in outcome.journal if e.state is SendState.INTENDED] == []


def what_was_shown_once_was_shown_for_all_that_is_done(aftermath: Aftermath) -> None:
    shown = {
        (outcome.order.name, event["target"])
        for outcome in aftermath.outcomes
        for event in outcome.events
        if event.get("shown")
    }
    done = {
        (outcome.order.name, target.number)
        for outcome, target in aftermath.targets
        if outcome.order.action in ("issue-temporary-access-pass", "create-user") and target.state is TargetState.DONE
    }

    assert done or not IS_ENDURANCE
    assert done - shown == set()


def what_was_kept_to_undo_is_how_it_was_before(aftermath: Aftermath) -> None:
    kept = 0
    with aftermath.office.application.store.open_acting_unit() as unit:
        for outcome, target in aftermath.targets:
            image = unit.image(outcome.plan.id, target.number)
            if target.state is TargetState.DONE and outcome.order.action == "disable-user":
                assert image is not None
                assert [row["account_enabled"] for row in image.tables["users"]] == [True]
                kept += 1
            if target.state is TargetState.DONE and outcome.order.action == "remove-group-member":
                assert image is not None
                group = outcome.order.parameters["group_id"]
                assert [row["id"] for row in image.tables["user_memberships"]].count(group) == 1
                kept += 1

    assert kept or not IS_ENDURANCE


def the_audit_is_whole_and_no_lock_is_left(aftermath: Aftermath) -> None:
    store = aftermath.office.application.store

    with store.reading() as reader:
        assert reader.audit.first_break() is None
    for outcome in aftermath.outcomes:
        with store.plan_locks().hold(outcome.plan.id):
            pass


# One test and not one for each: they look at the same two hundred executions, and those are made once.
PROMISES: tuple[Callable[[Aftermath], None], ...] = (
    executions_were_killed_and_many_in_the_middle,
    every_plan_and_every_target_has_ended,
    most_of_what_was_wished_is_done,
    what_is_said_to_be_done_is_as_wished,
    what_is_not_done_says_why,
    what_was_refused_was_not_sent,
    what_must_not_be_repeated_was_sent_once_at_most,
    every_write_that_the_tenant_saw_is_in_the_journal,
    nothing_stays_intended,
    what_was_shown_once_was_shown_for_all_that_is_done,
    what_was_kept_to_undo_is_how_it_was_before,
    the_audit_is_whole_and_no_lock_is_left,
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whenever_an_execution_is_killed_what_was_promised_holds(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store, broken = None, []
    if kind == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        store = cluster.url(cluster.new_database())
    with aftermath_on(store, tmp_path) as aftermath:
        for promise in PROMISES:
            try:
                promise(aftermath)
            except AssertionError as error:
                broken.append(f"{promise.__name__}: {error}")

    assert broken == []
