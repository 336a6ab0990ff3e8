"""Each fault alone: the table is whole, or it says that it is not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import msgspec
import pytest

from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.reading import Page, Restart
from posture.graph.credentials import Connection
from posture.graph.pursuit import RetryBudget
from posture.graph.reader import Part, TenantReader
from posture.graph.throttle import Pace
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.server import SimulatorServer
from posture.tables.table import WantedTable

from .conftest import USERS, facts, users_table


def read(reader: TenantReader, *wanted: WantedTable) -> list[Part]:
    return list(reader.read_tables(wanted or [users_table()], facts=facts(), resume={}))


def outcome_in(parts: list[Part]) -> TableOutcome:
    (outcome,) = [part for part in parts if isinstance(part, TableOutcome)]
    return outcome


def ids_in(parts: list[Part]) -> list[str]:
    """Ids of all items since the last restart."""
    ids: list[str] = []
    for part in parts:
        if isinstance(part, Restart):
            ids = []
        if isinstance(part, Page):
            ids += [msgspec.json.decode(line)["id"] for line in part.items.splitlines()]
    return ids


def test_a_table_is_read_to_its_end(reader: TenantReader) -> None:
    parts = read(reader)
    assert outcome_in(parts).outcome is Outcome.COMPLETE
    assert outcome_in(parts).rows == USERS
    assert outcome_in(parts).requests == 3
    assert outcome_in(parts).reason is None
    assert len(set(ids_in(parts))) == USERS


PASSING = [
    Fault(kind=FaultKind.THROTTLED, path="/users"),
    Fault(kind=FaultKind.THROTTLED, path="/users", after=1, times=3),
    Fault(kind=FaultKind.THROTTLED, path="/users", retry_after=1),
    Fault(kind=FaultKind.SERVER_ERROR, path="/users", after=1),
    Fault(kind=FaultKind.UNAVAILABLE, path="/users", times=2),
    Fault(kind=FaultKind.GATEWAY_TIMEOUT, path="/users"),
    Fault(kind=FaultKind.CONNECTION_RESET, path="/users", after=1, times=2),
    Fault(kind=FaultKind.TRUNCATED, path="/users", after=1),
    Fault(kind=FaultKind.MALFORMED_JSON, path="/users", after=1),
    Fault(kind=FaultKind.SLOW, path="/users", seconds=0.3),
    Fault(kind=FaultKind.REVOKED_TOKEN, path="/users", after=1),
    Fault(kind=FaultKind.CLAIMS_CHALLENGE, path="/users"),
    Fault(kind=FaultKind.CLAIMS_CHALLENGE, path="/users", after=1),
    Fault(kind=FaultKind.EMPTY_PAGE, path="/users"),
    Fault(kind=FaultKind.CLOCK_SKEW, path="/users", seconds=900),
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.kind}-{fault.after}-{fault.times}")
def test_a_passing_fault_leaves_a_whole_table(reader: TenantReader, simulator: SimulatorServer, fault: Fault) -> None:
    simulator.faults.add(fault)
    parts = read(reader)
    assert simulator.faults.hits[fault.kind] >= 1
    assert outcome_in(parts).reason is None
    assert outcome_in(parts).outcome is Outcome.COMPLETE
    assert sorted(ids_in(parts)) == sorted(set(ids_in(parts)))
    assert outcome_in(parts).rows == USERS
    assert outcome_in(parts).requests == len([r for r in simulator.requests if r.route == "users"])


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.THROTTLED,
        FaultKind.SERVER_ERROR,
        FaultKind.UNAVAILABLE,
        FaultKind.GATEWAY_TIMEOUT,
        FaultKind.CONNECTION_RESET,
        FaultKind.TRUNCATED,
        FaultKind.MALFORMED_JSON,
        FaultKind.REVOKED_TOKEN,
    ],
)
def test_a_lasting_fault_fails_the_table_with_a_sentence(
    reader: TenantReader, simulator: SimulatorServer, kind: FaultKind
) -> None:
    simulator.faults.add(Fault(kind=kind, path="/users", times=None))
    outcome = outcome_in(read(reader))
    assert outcome.outcome is Outcome.FAILED
    assert outcome.rows == 0
    assert outcome.reason
    assert outcome.reason.endswith(".")
    assert "\n" not in outcome.reason


def test_a_fault_that_lasts_from_the_second_page_on_leaves_a_partial_table(
    reader: TenantReader, simulator: SimulatorServer
) -> None:
    simulator.faults.add(Fault(kind=FaultKind.UNAVAILABLE, path="/users", after=1, times=None))
    outcome = outcome_in(read(reader))
    assert outcome.outcome is Outcome.PARTIAL
    assert outcome.rows == 10
    assert "503" in (outcome.reason or "")


def test_tries_are_bounded(reader: TenantReader, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.UNAVAILABLE, path="/users", times=None))
    assert outcome_in(read(reader)).requests == 6
    assert len([record for record in simulator.requests if record.route == "users"]) == 6


def test_a_wait_longer_than_the_budget_is_not_begun(
    connect: Callable[..., Connection], fast_pace: Pace, simulator: SimulatorServer
) -> None:
    simulator.faults.add(Fault(kind=FaultKind.THROTTLED, path="/users", retry_after=3000))
    outcome = outcome_in(read(TenantReader(connect(), pace=fast_pace, budget=RetryBudget(waiting_seconds=60))))
    assert outcome.outcome is Outcome.FAILED
    assert outcome.requests == 1
    assert "3000" in (outcome.reason or "")


def test_retry_after_is_obeyed_by_the_whole_class(reader: TenantReader, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.THROTTLED, path="/users", retry_after=1))
    read(reader)
    first, second = [record.at for record in simulator.requests if record.route == "users"][:2]
    assert (second - first).total_seconds() >= 1


def test_a_loop_of_links_ends_the_table_as_partial(reader: TenantReader, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.NEXT_LINK_LOOP, path="/users", after=1))
    outcome = outcome_in(read(reader))
    assert outcome.outcome is Outcome.PARTIAL
    assert "twice" in (outcome.reason or "")
    assert outcome.requests == 2


def test_a_loop_on_the_first_page_is_not_complete(reader: TenantReader, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.NEXT_LINK_LOOP, path="/users"))
    assert outcome_in(read(reader)).outcome is Outcome.PARTIAL


def test_empty_pages_without_end_end_the_table_as_partial(reader: TenantReader, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.EMPTY_PAGE, path="/users", after=1, times=None))
    outcome = outcome_in(read(reader))
    assert outcome.outcome is Outcome.PARTIAL
    assert outcome.rows == 10
    assert "without an item" in (outcome.reason or "")


def test_a_few_empty_pages_in_a_row_are_not_the_end(reader: TenantReader, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.EMPTY_PAGE, path="/users", after=1, times=20))
    outcome = outcome_in(read(reader))
    assert (outcome.outcome, outcome.rows) == (Outcome.COMPLETE, USERS)


def test_a_link_to_another_host_is_not_followed(reader: TenantReader, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.FOREIGN_NEXT_LINK, path="/users"))
    outcome = outcome_in(read(reader))
    assert outcome.outcome is Outcome.PARTIAL
    assert outcome.rows == 10
    assert outcome.requests == 1
    assert "another host" in (outcome.reason or "")


def test_an_expired_page_token_restarts_the_table_once(reader: TenantReader, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.EXPIRED_PAGE_TOKEN, path="/users"))
    parts = read(reader)
    assert len([part for part in parts if isinstance(part, Restart)]) == 1
    assert outcome_in(parts).outcome is Outcome.COMPLETE
    assert len(ids_in(parts)) == USERS
    assert outcome_in(parts).requests == 5


def test_a_page_token_that_expires_again_leaves_a_partial_table(
    reader: TenantReader, simulator: SimulatorServer
) -> None:
    simulator.faults.add(Fault(kind=FaultKind.EXPIRED_PAGE_TOKEN, path="/users", times=None))
    parts = read(reader)
    assert len([part for part in parts if isinstance(part, Restart)]) == 1
    assert outcome_in(parts).outcome is Outcome.PARTIAL


def test_a_slow_answer_is_given_up_and_asked_for_again(
    connect: Callable[..., Connection], fast_pace: Pace, simulator: SimulatorServer
) -> None:
    simulator.faults.add(Fault(kind=FaultKind.SLOW, path="/users", seconds=20))
    budget = RetryBudget(first_pause_seconds=0.01, answer_seconds=1)
    outcome = outcome_in(read(TenantReader(connect(), pace=fast_pace, budget=budget)))
    assert outcome.outcome is Outcome.COMPLETE
    assert outcome.requests == 4


def test_a_revoked_token_is_renewed_once_for_all_tables(reader: TenantReader, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.REVOKED_TOKEN, path="/users", after=1))
    read(reader)
    assert len([record for record in simulator.requests if record.route == "token"]) == 2


@pytest.mark.parametrize("status", [302, 404, 501])
def test_any_other_status_fails_the_table_at_once(
    reader: TenantReader, simulator: SimulatorServer, status: int
) -> None:
    simulator.faults.add(Fault(kind=FaultKind.NOT_IN_THIS_CLOUD, path="/users", times=None, status=status))
    outcome = outcome_in(read(reader))
    assert outcome.outcome is Outcome.FAILED
    assert outcome.requests == 1
    assert str(status) in (outcome.reason or "")


def test_a_token_that_cannot_be_renewed_ends_the_table_with_the_reason(
    reader: TenantReader, simulator: SimulatorServer
) -> None:
    (tenant,) = simulator.tenants
    stream = reader.read_tables([users_table()], facts=facts(), resume={})
    first = next(stream)
    kept = tenant.registrations[0]
    tenant.registrations[0] = dataclasses.replace(kept, secrets=("rolled-over",))
    simulator.faults.add(Fault(kind=FaultKind.REVOKED_TOKEN, path="/users", times=None))
    try:
        outcome = outcome_in([first, *stream])
    finally:
        tenant.registrations[0] = kept
    assert outcome.outcome is Outcome.PARTIAL
    assert "client secret is wrong" in (outcome.reason or "")
