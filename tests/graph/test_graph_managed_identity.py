"""Signing in as a managed identity: the machine's own endpoint gives the token, Graph checks it as any other.

Source of the endpoint's form: learn.microsoft.com/azure/app-service/overview-managed-identity
"""

from __future__ import annotations

import json
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from posture.errors import TenantUnreachable, TokenRefused
from posture.graph.credentials import Connection, ManagedIdentity
from posture.graph.reader import TenantReader
from posture.simulator.server import SimulatorServer

from .conftest import CLIENT_ID, PATIENT, SECRET, TENANT_ID

Connect = Callable[..., Connection]
HEADER = "made-up-header-of-this-machine"


@dataclass(kw_only=True)
class Machine:
    """What the endpoint was asked, and how it answers."""

    simulator: SimulatorServer
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    refuses: bool = False

    def token(self) -> str:
        form = urlencode(
            {
                "client_id": CLIENT_ID,
                "client_secret": SECRET,
                "grant_type": "client_credentials",
                "scope": f"{self.simulator.url}/.default",
            }
        ).encode()
        url = f"{self.simulator.url}/{TENANT_ID}/oauth2/v2.0/token"
        context = ssl.create_default_context(cafile=str(self.simulator.ca_bundle))
        with urllib.request.urlopen(url, form, context=context) as answer:  # noqa: S310 - our own simulator
            return str(json.loads(answer.read())["access_token"])


@contextmanager
def an_endpoint(machine: Machine) -> Iterator[str]:
    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            machine.asked.append(parse_qs(urlsplit(self.path).query))
            if machine.refuses or self.headers.get("X-IDENTITY-HEADER") != HEADER:
                self._answer(400, {"statusCode": 400, "message": "no identity is assigned"})
                return
            expires_on = str(int(time.time()) + 3600)
            self._answer(
                200,
                {
                    "access_token": machine.token(),
                    "expires_on": expires_on,
                    "resource": machine.simulator.url,
                    "token_type": "Bearer",
                },
            )

        def _answer(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/msi/token"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def machine(simulator: SimulatorServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    found = Machine(simulator=simulator)
    with an_endpoint(found) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", url)
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)
        yield found


@pytest.mark.parametrize("client_id", [None, CLIENT_ID])
def test_the_identity_of_the_machine_opens_graph(connect: Connect, machine: Machine, client_id: str | None) -> None:
    reader = TenantReader(connect(credential=ManagedIdentity(), client_id=client_id), budget=PATIENT)

    facts = reader.identify()

    assert facts.tenant_id == TENANT_ID
    (asked,) = machine.asked
    assert asked["resource"] == [machine.simulator.url]
    assert asked.get("client_id") == (None if client_id is None else [client_id])


def test_an_identity_that_is_not_assigned_is_one_sentence(connect: Connect, machine: Machine) -> None:
    machine.refuses = True

    with pytest.raises(TokenRefused) as caught:
        TenantReader(connect(credential=ManagedIdentity(), client_id=None), budget=PATIENT).identify()

    assert "managed identity" in str(caught.value).lower()
    assert "\n" not in str(caught.value)


def test_an_endpoint_that_does_not_answer_is_one_sentence(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)

    with pytest.raises((TokenRefused, TenantUnreachable)) as caught:
        TenantReader(connect(credential=ManagedIdentity(), client_id=None), budget=PATIENT).identify()

    assert "\n" not in str(caught.value)
