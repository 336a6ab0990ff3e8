"""A working proxy: requests for tokens and for Graph alike go through it, with its login."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from posture.domain.outcome import Outcome, TableOutcome
from posture.graph.credentials import Connection
from posture.graph.reader import TenantReader
from posture.graph.throttle import Pace
from posture.simulator.server import SimulatorServer
from tests.graph.tunnel import Tunnel

from .conftest import facts, users_table


@pytest.fixture
def tunnel() -> Iterator[Tunnel]:
    with Tunnel() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_token_and_tables_come_through_the_proxy_and_it_is_told_its_login(
    connect: Callable[..., Connection], fast_pace: Pace, simulator: SimulatorServer, tunnel: Tunnel
) -> None:
    reader = TenantReader(connect(proxy=f"http://who:pass@{tunnel.address}"), pace=fast_pace)

    assert reader.identify().granted
    signing_in = len(tunnel.seen.requests)
    parts = list(reader.read_tables([users_table()], facts=facts(), resume={}))

    [outcome] = [part for part in parts if isinstance(part, TableOutcome)]
    assert outcome.outcome is Outcome.COMPLETE
    assert signing_in >= 2  # one connection for the token, another for the tenant's facts
    assert len(tunnel.seen.requests) > signing_in
    assert {line.split()[0] for line in tunnel.seen.requests} == {"CONNECT"}
    assert tunnel.seen.logins == {"who:pass"}


def test_a_proxy_without_a_login_is_told_none(
    connect: Callable[..., Connection], fast_pace: Pace, simulator: SimulatorServer, tunnel: Tunnel
) -> None:
    reader = TenantReader(connect(proxy=f"http://{tunnel.address}"), pace=fast_pace)

    assert reader.identify().granted
    assert tunnel.seen.requests
    assert tunnel.seen.logins == {None}
