"""How long a token is used, and what counts while the token endpoint is down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from posture.errors import TenantUnreachable
from posture.graph.credentials import Connection
from posture.graph.timing import Timing
from posture.graph.tokens import TokenSource
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.server import SimulatorServer


@dataclass
class Clock:
    """The wall clock, put forward at will."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source(connect: Callable[..., Connection], clock: Clock) -> TokenSource:
    return TokenSource(connect(), timing=Timing(now=clock.now))


def token_of(source: TokenSource) -> str:
    return asyncio.run(source.get_token()).token


def asked_for_tokens(simulator: SimulatorServer) -> int:
    return len([record for record in simulator.requests if record.path.endswith("/oauth2/v2.0/token")])


def put_forward_to(clock: Clock, source: TokenSource, *, before_the_end: timedelta) -> None:
    ends_at = datetime.fromtimestamp(asyncio.run(source.get_token()).expires_on, UTC)
    clock.ahead = ends_at - before_the_end - datetime.now(UTC)


def test_a_token_is_asked_for_once_and_renewed_before_its_end(
    source: TokenSource, clock: Clock, simulator: SimulatorServer
) -> None:
    assert token_of(source) == token_of(source)
    assert asked_for_tokens(simulator) == 1

    put_forward_to(clock, source, before_the_end=timedelta(minutes=4))
    token_of(source)

    assert asked_for_tokens(simulator) == 2
    assert source.generation == 2


def test_while_the_token_endpoint_is_down_a_token_that_still_counts_is_used(
    source: TokenSource, clock: Clock, simulator: SimulatorServer
) -> None:
    first = token_of(source)
    simulator.faults.add(Fault(kind=FaultKind.UNAVAILABLE, path="/oauth2/", times=None))
    put_forward_to(clock, source, before_the_end=timedelta(minutes=4))

    assert token_of(source) == first
    asked = asked_for_tokens(simulator)
    assert token_of(source) == first
    assert asked_for_tokens(simulator) == asked  # not with every request

    clock.ahead += timedelta(minutes=1)
    simulator.faults.clear()
    token_of(source)
    assert source.generation == 2


def test_a_token_that_has_ended_is_not_used_any_more(
    source: TokenSource, clock: Clock, simulator: SimulatorServer
) -> None:
    token_of(source)
    put_forward_to(clock, source, before_the_end=timedelta(0))
    simulator.faults.add(Fault(kind=FaultKind.UNAVAILABLE, path="/oauth2/", times=None))

    with pytest.raises(TenantUnreachable, match="503"):
        token_of(source)


def test_a_refused_token_is_not_used_on(source: TokenSource, simulator: SimulatorServer) -> None:
    token_of(source)
    simulator.faults.add(Fault(kind=FaultKind.UNAVAILABLE, path="/oauth2/", times=None))

    with pytest.raises(TenantUnreachable):
        asyncio.run(source.renew(source.generation))
