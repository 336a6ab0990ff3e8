"""The page on the network: uvicorn, bounded against clients that are slow on purpose.

A proxy in front should bound the same: heads of requests within seconds, bodies of a megabyte, idle connections.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

import uvicorn
from h11 import IDLE
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from posture.config import ServiceSettings
from posture.errors import SettingsError

HEAD_SECONDS: Final = 15.0
ANSWER_SECONDS: Final = 60.0
_KEEP_ALIVE_SECONDS: Final = 5
_MOST_CONNECTIONS: Final = 400
_GRACE_SECONDS: Final = 10
_BACKLOG: Final = 512
_LARGEST_HEAD: Final = 32 * 1024


class PatientProtocol(H11Protocol):
    """Cuts off who does not send the head of a request in time, or does not take the answer.

    uvicorn bounds how long a connection is idle after an answer, but neither how long a head may trickle in nor how
    long an answer may wait for whom it is for.
    """

    head_seconds: float = HEAD_SECONDS
    answer_seconds: float = ANSWER_SECONDS
    _head_timer: asyncio.TimerHandle | None = None
    _answer_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_for_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._forget_answer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        # asyncio says so when 64 KiB wait for the client, and "resume" when three quarters of them are gone.
        self._answer_timer = self.loop.call_later(self.answer_seconds, self._cut_off)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._forget_answer()

    def _wait_for_head(self) -> None:
        """Let the time run while a head is outstanding. It runs on, whatever piece of the head arrives."""
        if self.conn.their_state is not IDLE:
            self._stop_waiting()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self._cut_off)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _forget_answer(self) -> None:
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None

    def _cut_off(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


def server_of(
    app: ASGIApp, settings: ServiceSettings, *, protocol: type[H11Protocol] = PatientProtocol
) -> uvicorn.Server:
    """Return the server, not yet started.

    Raises:
        SettingsError: a file for TLS is missing, or a variable or file that is referred to.
    """
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=protocol,
        ws="none",
        backlog=_BACKLOG,
        loop="asyncio",
        # The application believes trusted proxies itself.
        proxy_headers=False,
        server_header=False,
        # Who asked for what is in the audit; addresses may hold what was searched for.
        access_log=False,
        log_config=None,
        lifespan="off",
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
        **_tls(settings),
    )
    return uvicorn.Server(config)


def bound_socket(settings: ServiceSettings) -> socket.socket:
    """Return a socket that listens where the settings say.

    Raises:
        SettingsError: somebody else listens there, or this machine has no such address.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host, settings.port))
        # From now on who comes waits, and is not turned away.
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise SettingsError(
            f"cannot listen on {settings.host}, port {settings.port} ({error.strerror}): end what listens there, or "
            "change service.listen"
        ) from error
    bound.set_inheritable(False)
    return bound


def _tls(settings: ServiceSettings) -> dict[str, Any]:
    if settings.tls is None:
        return {}
    tls = settings.tls.resolve()
    return {
        "ssl_certfile": str(tls.certificate),
        "ssl_keyfile": str(tls.key),
        "ssl_keyfile_password": None if tls.password is None else tls.password.reveal(),
    }
