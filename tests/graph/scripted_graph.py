"""A Graph of a few lines over TLS that answers changes as a script says, for what no service does on demand."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from posture.domain.tenant import Cloud
from posture.graph.credentials import ClientSecret, Connection
from posture.simulator.certificates import write_certificates

from .conftest import CLIENT_ID, SECRET, TENANT_ID

OWN_OBJECT_ID = "AAAAAAAA-0000-0000-0000-000000000001"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer. ``is_dropped`` closes the connection instead, ``is_cut`` in the middle of the body; both come
    after the whole request has arrived.
    """

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_dropped: bool = False
    is_cut: bool = False


def error(status: int, code: str = "SomeCode", message: str = "Some words.", **headers: str) -> Reply:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Reply(status=status, body=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


@dataclass(frozen=True, kw_only=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    port: int


@dataclass(kw_only=True)
class ScriptedGraph:
    """Replies are given in order, the last one again and again. ``received`` holds what was sent to Graph."""

    url: str
    ca_bundle: Path
    script: list[Reply] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    token_reply: Reply | None = None
    claims: dict[str, Any] = field(
        default_factory=lambda: {"oid": OWN_OBJECT_ID, "appid": CLIENT_ID, "roles": ["A.B"]}
    )

    def connection(self) -> Connection:
        return Connection(
            tenant_id=TENANT_ID,
            cloud=Cloud.CUSTOM,
            graph_root=self.url,
            login_root=self.url,
            client_id=CLIENT_ID,
            credential=ClientSecret(value=SECRET),
            ca_bundle=self.ca_bundle,
            proxy=None,
        )

    def reply_to(self, request: Received) -> Reply:
        if "/oauth2/" in request.path:
            return self.token_reply or self._token()
        if "openid-configuration" in request.path:
            return _as_json(_endpoints(self.url))
        self.received.append(request)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def _token(self) -> Reply:
        claims = {**self.claims, "number": len(self.tokens)}
        parts = [_encoded({"alg": "none", "typ": "JWT"}), _encoded(claims), "c2lnbmF0dXJl"]
        self.tokens.append(".".join(parts))
        return _as_json({"token_type": "Bearer", "expires_in": 3600, "access_token": self.tokens[-1]})


@contextmanager
def scripted_graph(directory: Path) -> Iterator[ScriptedGraph]:
    """Serve until the context is left."""
    certificates = write_certificates(directory)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.certificate, certificates.key)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    graph = ScriptedGraph(url=f"https://localhost:{server.server_port}", ca_bundle=certificates.ca_bundle)
    server.RequestHandlerClass = _handler(graph)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield graph
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(graph: ScriptedGraph) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __getattr__(self, name: str) -> Callable[[], None]:
            """Give one answer to all methods; the library looks for do_GET and its like."""
            if name.startswith("do_"):
                return self._answer
            raise AttributeError(name)

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Received(
                method=self.command, path=self.path, headers=headers, body=body, port=self.client_address[1]
            )
            reply = graph.reply_to(request)
            if reply.is_dropped:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body) + int(reply.is_cut)))
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = self.close_connection or reply.is_cut

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _endpoints(url: str) -> Mapping[str, str]:
    return {
        "issuer": f"{url}/{TENANT_ID}/v2.0",
        "authorization_endpoint": f"{url}/{TENANT_ID}/oauth2/v2.0/authorize",
        "token_endpoint": f"{url}/{TENANT_ID}/oauth2/v2.0/token",
    }


def _as_json(document: object) -> Reply:
    return Reply(status=200, headers={"Content-Type": "application/json"}, body=json.dumps(document).encode())


def _encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")
