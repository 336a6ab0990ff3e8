"""A working proxy: requests for tokens and for Graph alike go through it, with its login."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest

from posture.domain.outcome import Outcome, TableOutcome
from posture.graph.credentials import Connection
from posture.graph.reader import TenantReader
from posture.graph.throttle import Pace
from posture.simulator.server import SimulatorServer

from .conftest import facts, users_table


@dataclass
class Seen:
    """What the proxy was asked for: the first line of each request and its login, if there was one."""

    requests: list[str] = field(default_factory=list)
    logins: set[str | None] = field(default_factory=set)


class Tunnel(ThreadingTCPServer):
    """Answers CONNECT by carrying bytes both ways, as a company's proxy does."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), TunnelHandler)
        self.seen = Seen()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class TunnelHandler(StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Tunnel)
        first = self.rfile.readline().decode().strip()
        login = None
        while (line := self.rfile.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            if name.lower() == "proxy-authorization":
                login = base64.b64decode(value.split()[-1]).decode()
        self.server.seen.requests.append(first)
        self.server.seen.logins.add(login)
        host, _, port = first.split()[1].rpartition(":")
        with socket.create_connection((host, int(port))) as far:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=carry, args=(far, self.connection), daemon=True)
            back.start()
            carry(self.connection, far)
            back.join(5)


def carry(source: socket.socket, target: socket.socket) -> None:
    """Copy bytes until one side ends."""
    try:
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


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
