"""A receiver of webhooks over TLS that answers, or fails to, as it is told."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from posture.simulator.certificates import write_certificates


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Answers each request with the next of ``answers``; when there are none left, with 202 and nothing more."""

    def __init__(self, directory: Path) -> None:
        paths = write_certificates(directory)
        self.ca_bundle = paths.ca_bundle
        self.answers: list[Behaviour] = []
        self.received: list[Received] = []
        self.connections = 0
        self.closing = threading.Event()
        self._server = _Server(self, paths.certificate, paths.key)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # each ends by itself when the receiver closes
    request_queue_size = 50

    def __init__(self, receiver: Receiver, certificate: Path, key: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.receiver = receiver
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        connection.settimeout(10)
        # The handshake is made by the first read, in the thread of the connection.
        return self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are what is tested."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def receiver(self) -> Receiver:
        return self.server.receiver

    def setup(self) -> None:
        super().setup()
        self.receiver.connections += 1

    def do_POST(self) -> None:
        behave = self.receiver.answers.pop(0) if self.receiver.answers else answer(202)
        behave(self)

    def take(self) -> Received:
        """Read the request and remember it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.receiver.received.append(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        return self.receiver.received[-1]

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()


Behaviour = Callable[[Handler], None]


def answer(status: int, body: str | bytes = b"", **headers: str) -> Behaviour:
    """Answer with a status; underscores in names of headers stand for hyphens."""
    content = body.encode() if isinstance(body, str) else body

    def behave(handler: Handler) -> None:
        handler.take()
        handler.send_response(status)
        for name, value in {**headers, "Content_Length": str(len(content))}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return behave


def answer_first(status: int) -> Behaviour:
    """Answer before the request is read, then read it, as servers do that refuse what is too long."""

    def behave(handler: Handler) -> None:
        answer_with(handler, status, "", {"Connection": "close"})
        handler.take()

    return behave


def echo(status: int) -> Behaviour:
    """Answer with the address and the headers that were sent, in the text and in headers."""

    def behave(handler: Handler) -> None:
        received = handler.take()
        url = f"{handler.receiver.address}{received.path}"
        answer_with(handler, status, f"no flow at {url} {received.headers}", {"X-Url": url, "X-Path": received.path})

    return behave


def answer_with(handler: Handler, status: int, text: str, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(text.encode())


def hang(handler: Handler) -> None:
    """Take the request and say nothing."""
    handler.take()
    handler.receiver.closing.wait(20)
    handler.hang_up()


def drip(start: bytes) -> Behaviour:
    """Begin an answer as given, then send one byte at a time."""

    def behave(handler: Handler) -> None:
        handler.take()
        handler.wfile.write(start)
        while not handler.receiver.closing.wait(0.05):
            handler.wfile.write(b"x")
        handler.hang_up()

    return behave


def drop_unread(handler: Handler) -> None:
    """Hang up without reading what was posted."""
    handler.hang_up()


def drop_unanswered(handler: Handler) -> None:
    """Take the request and hang up."""
    handler.take()
    handler.hang_up()
