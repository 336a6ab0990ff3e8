"""The simulator over TLS: what only a real connection can show."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from azure.identity import CertificateCredential, ClientSecretCredential
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from posture.simulator.__main__ import main
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.registrations import DEMO_CLIENT_ID, DEMO_SECRET, demo_registration
from posture.simulator.server import ServerNotStarted, SimulatorServer, utc_now
from posture.simulator.tenant import AppRegistration
from tests.simulator.builders import TENANT_ID, a_tenant, guid, over_tls
from tests.simulator.test_sign_in import certificate_of, pem_of

USERS = "/v1.0/users?$select=id&$top=10"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    with SimulatorServer(tenants=[a_tenant()], directory=tmp_path_factory.mktemp("simulator")) as running:
        yield running


def token_of(server: SimulatorServer) -> str:
    credential = ClientSecretCredential(
        TENANT_ID,
        DEMO_CLIENT_ID,
        DEMO_SECRET,
        authority=server.url,
        disable_instance_discovery=True,
        connection_verify=str(server.ca_bundle),
    )
    with credential:
        return credential.get_token(f"{server.url}/.default").token


@pytest.fixture
def client(server: SimulatorServer) -> Iterator[httpx.Client]:
    server.faults.clear()
    with over_tls(server) as http:
        http.headers["Authorization"] = f"Bearer {token_of(server)}"
        yield http


def test_azure_identity_signs_in_and_reads(client: httpx.Client, server: SimulatorServer) -> None:
    server.requests.clear()

    reply = client.get(USERS, headers={"client-request-id": "abc"})

    assert reply.status_code == 200
    assert reply.json()["@odata.nextLink"].startswith(f"{server.url}/v1.0/users?")
    assert reply.headers["client-request-id"] == "abc"
    record = server.requests[-1]
    assert (record.route, record.status, record.client_request_id) == ("users", 200, "abc")
    assert record.body_bytes == len(reply.content)


def test_azure_identity_signs_in_with_a_certificate(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = certificate_of(key, ends=utc_now().replace(year=utc_now().year + 1, day=1))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both = tmp_path / "reader.pem"
    both.write_bytes(private + pem_of(certificate).encode())
    registration = AppRegistration(client_id=DEMO_CLIENT_ID, object_id="o", certificates_pem=(pem_of(certificate),))
    tenant = a_tenant(registrations=[registration])
    with SimulatorServer(tenants=[tenant], directory=tmp_path) as server:
        credential = CertificateCredential(
            TENANT_ID,
            DEMO_CLIENT_ID,
            str(both),
            authority=server.url,
            disable_instance_discovery=True,
            connection_verify=str(server.ca_bundle),
        )
        with credential:
            assert credential.get_token(f"{server.url}/.default").token


def test_a_client_that_does_not_know_the_authority_refuses(server: SimulatorServer) -> None:
    with httpx.Client() as stranger, pytest.raises(httpx.ConnectError):
        stranger.get(f"{server.url}/v1.0/users")


def test_a_reset_connection_gives_no_answer(client: httpx.Client, server: SimulatorServer) -> None:
    server.faults.add(Fault(kind=FaultKind.CONNECTION_RESET))

    with pytest.raises(httpx.TransportError):
        client.get(USERS)
    assert client.get(USERS).status_code == 200


def test_a_truncated_body_is_shorter_than_announced(client: httpx.Client, server: SimulatorServer) -> None:
    server.faults.add(Fault(kind=FaultKind.TRUNCATED))

    with pytest.raises(httpx.RemoteProtocolError):
        client.get(USERS)
    assert client.get(USERS).status_code == 200


def test_a_slow_answer_is_a_whole_answer(client: httpx.Client, server: SimulatorServer) -> None:
    server.faults.add(Fault(kind=FaultKind.SLOW, seconds=0.05))

    assert len(client.get(USERS).json()["value"]) == 10
    assert server.requests[-1].faults == ("slow",)


def test_the_date_can_be_wrong(client: httpx.Client, server: SimulatorServer) -> None:
    server.faults.add(Fault(kind=FaultKind.CLOCK_SKEW, seconds=-7_200))

    wrong = parsedate_to_datetime(client.get(USERS).headers["Date"])
    right = parsedate_to_datetime(client.get(USERS).headers["Date"])

    assert (right - wrong).total_seconds() > 7_000


def test_faults_and_the_log_are_reached_over_http(client: httpx.Client, server: SimulatorServer) -> None:
    added = client.post("/_simulator/faults", json={"kind": "unavailable", "times": 2})
    refused = client.post("/_simulator/faults", json={"kind": "nonsense"})
    statuses = [client.get(USERS).status_code]
    hits = client.get("/_simulator/faults").json()
    client.delete("/_simulator/faults")
    statuses.append(client.get(USERS).status_code)
    logged = client.get("/_simulator/requests").json()
    client.delete("/_simulator/requests")

    assert (added.status_code, refused.status_code) == (201, 400)
    assert (statuses, hits) == ([503, 200], {"unavailable": 1})
    assert [row["status"] for row in logged[-2:]] == [503, 200]
    assert server.requests == []
    assert client.get("/_simulator/nothing").status_code == 404


def test_a_body_that_is_too_large_is_refused(client: httpx.Client) -> None:
    assert client.post("/v1.0/$batch", content=b"x" * (5 * 1024 * 1024)).status_code == 413


def test_the_private_key_is_for_the_owner_only(server: SimulatorServer) -> None:
    assert stat.S_IMODE(server.certificates.key.stat().st_mode) == 0o600


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = SimulatorServer(tenants=[a_tenant()], directory=tmp_path, port=port)
        with pytest.raises(ServerNotStarted, match=str(port)):
            server.__enter__()

        assert main(["--port", str(port), "--users", "20", "--directory", str(tmp_path)]) == 2


def test_two_servers_do_not_share_tokens(server: SimulatorServer, tmp_path: Path) -> None:
    other_tenant = a_tenant(registrations=[demo_registration()])
    with SimulatorServer(tenants=[other_tenant], directory=tmp_path) as other, over_tls(other) as http:
        reply = http.get(USERS, headers={"Authorization": f"Bearer {token_of(server)}"})

        assert reply.status_code == 401


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_announces_itself_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "posture.simulator", "--users", "50", "--directory", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    options = ["--licence", "none", "--withhold", "User.Read.All", "--throttling", "off"]
    with subprocess.Popen(command + options, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.send_signal(number)
        rest = process.stdout.read()

    assert sorted(ready) == [
        "ca_bundle", "client_id", "client_secret", "emergency_accounts", "mailbox", "mailer_client_id",
        "mailer_client_secret", "remediator_client_id", "remediator_client_secret", "tenant_id", "url",
    ]  # fmt: skip
    assert (process.returncode, rest) == (0, "")


def test_the_state_of_the_tenant_can_be_asked_for(client: httpx.Client, server: SimulatorServer) -> None:
    tenant = server.tenants[0]

    def state(path: str, **more: str) -> httpx.Response:
        return client.get("/_simulator/state", params={"path": path} | more)

    assert state(f"users/{guid(1)}").json() == tenant.collections["users"][0]
    assert len(state("users").json()) == len(tenant.collections["users"])
    assert state(f"groups/{guid(5002)}/members").json() == tenant.relations[f"groups/{guid(5002)}/members"]
    assert state("policies/authorizationPolicy").json() == tenant.singletons["policies/authorizationPolicy"]
    methods = state(f"users/{guid(1)}/authentication/methods").json()
    assert methods[0]["@odata.type"] == "#microsoft.graph.passwordAuthenticationMethod"
    assert (state("users/nobody").status_code, state("users", tenant="nobody").status_code) == (404, 404)


def test_a_write_goes_over_the_wire_and_its_lost_answer_as_a_reset(tmp_path: Path) -> None:
    tenant = a_tenant(registrations=[demo_registration(frozenset({"User.ReadWrite.All"}))])
    url, state = f"/v1.0/users/{guid(2)}", f"/_simulator/state?path=users/{guid(2)}"
    with SimulatorServer(tenants=[tenant], directory=tmp_path) as server, over_tls(server) as http:
        http.headers["Authorization"] = f"Bearer {token_of(server)}"
        http.post("/_simulator/faults", json={"kind": "answer_lost", "methods": ["PATCH"]})

        with pytest.raises(httpx.TransportError):
            http.patch(url, json={"accountEnabled": False})

        assert http.get(state).json()["accountEnabled"] is False
        assert http.get("/_simulator/requests").json()[-1]["sent"] == {"accountEnabled": False}
        again = http.patch(url, json={"accountEnabled": True})
        assert (again.status_code, again.content) == (204, b"")
        assert http.get(state).json()["accountEnabled"] is True
