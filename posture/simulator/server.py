"""The simulator as a server: uvicorn over TLS on loopback, in a thread for tests or in the foreground."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from posture.simulator.addresses import find_address
from posture.simulator.app import SimulatorApp
from posture.simulator.certificates import CertificatePaths, write_certificates
from posture.simulator.control import Control
from posture.simulator.exchange import Exchange
from posture.simulator.faults import FaultPlan
from posture.simulator.identity import TokenSigner
from posture.simulator.request_log import RequestRecord
from posture.simulator.service import GraphService
from posture.simulator.sign_in import SignIn
from posture.simulator.tenant import Tenant
from posture.simulator.throttling import Throttle

_STOP_SECONDS = 10
_START_SECONDS = 30
_CLOSING_TURNS = 10  # turns of the event loop until aborted TLS connections have let go of their sockets


class ServerNotStarted(RuntimeError):
    """The simulator could not listen."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def _tracked_protocol(open_connections: dict[Any, Any]) -> type[H11Protocol]:
    """Return uvicorn's HTTP protocol that also notes its transport, so that a fault can cut it."""

    class TrackedProtocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            open_connections[tuple(transport.get_extra_info("peername")[:2])] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client is not None:
                open_connections.pop(tuple(self.client), None)
            super().connection_lost(exc)

    return TrackedProtocol


@dataclass(kw_only=True)
class SimulatorServer:
    """A running simulator; use it as a context manager, or ``serve_forever`` in the foreground.

    ``directory`` receives the certificates. ``port`` 0 takes a free one. ``token_lifetime`` None means Graph's own.
    """

    tenants: Sequence[Tenant]
    directory: Path
    port: int = 0
    throttling: bool = True
    token_lifetime: timedelta | None = None
    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.tenants = self._serving = list(self.tenants)
        find_address("GET", "/v1.0/users")  # reads the facts now, so that the first answer is not a slow one
        self.certificates: CertificatePaths = write_certificates(self.directory)
        self.throttle = Throttle(clock=self.monotonic, enabled=self.throttling)
        self.signer = TokenSigner(now=self.now, lifetime=self.token_lifetime)
        self.exchange = self._exchange()
        self._connections: dict[Any, Any] = {}
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def _exchange(self) -> Exchange:
        by_id = {tenant.tenant_id.lower(): tenant for tenant in self.tenants}
        service = GraphService(tenants=by_id, signer=self.signer, throttle=self.throttle, now=self.now)
        sign_in = SignIn(tenants=by_id, signer=self.signer, now=self.now)
        return Exchange(service=service, sign_in=sign_in, now=self.now)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def ca_bundle(self) -> Path:
        return self.certificates.ca_bundle

    @property
    def requests(self) -> list[RequestRecord]:
        """Every request so far, tokens and batch members included; clear it between tests."""
        return self.exchange.requests

    @property
    def faults(self) -> FaultPlan:
        return self.exchange.faults

    def put(self, tenant: Tenant) -> None:
        """Serve a tenant from now on, in place of the one with the same id, which stays as it is."""
        self._serving[:] = [tenant if one.tenant_id == tenant.tenant_id else one for one in self._serving]
        self.exchange.service.put(tenant)

    def __enter__(self) -> Self:
        server = self._listen()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(server)), daemon=True)
        self._thread.start()
        _wait_until(lambda: server.started or not self._is_alive(), _START_SECONDS)
        if not server.started:
            raise ServerNotStarted(f"The simulator did not start on port {self.port}.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        if self._socket is not None:
            self._socket.close()

    def serve_forever(self, on_ready: Callable[[SimulatorServer], None]) -> None:
        """Serve in the foreground until SIGTERM or SIGINT; ``on_ready`` is called once requests are answered."""
        with self:
            stopped = threading.Event()
            before = {number: signal.signal(number, _setter(stopped)) for number in _SIGNALS}
            try:
                on_ready(self)
                stopped.wait()
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    async def _serve(self, server: uvicorn.Server) -> None:
        """Serve until told to stop; then cut what clients still hold open, or its sockets would leak."""
        await server.serve(sockets=[self._socket] if self._socket else None)
        for transport in list(self._connections.values()):
            transport.abort()
        for _ in range(_CLOSING_TURNS):
            await asyncio.sleep(0)

    def _is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _listen(self) -> uvicorn.Server:
        self._socket = _bound_socket(self.port)
        self.port = self._socket.getsockname()[1]
        app = SimulatorApp(
            exchange=self.exchange,
            control=Control(faults=self.faults, requests=self.requests, tenants=self.tenants),
            now=self.now,
            drop=self._drop,
        )
        self._server = uvicorn.Server(self._config(app))
        return self._server

    def _config(self, app: SimulatorApp) -> uvicorn.Config:
        return uvicorn.Config(
            app,
            http=_tracked_protocol(self._connections),
            ws="none",
            lifespan="off",
            interface="asgi3",
            ssl_certfile=str(self.certificates.certificate),
            ssl_keyfile=str(self.certificates.key),
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=2,
        )

    def _drop(self, client: Any, is_cut: bool) -> None:
        """Reset the connection, or close it after what was written."""
        transport = self._connections.get(tuple(client))
        if transport is not None:
            transport.close() if is_cut else transport.abort()


_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _setter(event: threading.Event) -> Callable[[int, FrameType | None], None]:
    return lambda _number, _frame: event.set()


def _bound_socket(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise ServerNotStarted(
            f"The simulator cannot listen on 127.0.0.1:{port}: {error.strerror}. Choose another port."
        ) from None
    return listener


def _wait_until(is_true: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not is_true() and time.monotonic() < ends:
        time.sleep(0.01)
