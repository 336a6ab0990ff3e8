"""Getting in: every refusal is one sentence that says what to do, and no secret is ever shown."""

from __future__ import annotations

import dataclasses
import logging
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from posture.domain.tenant import Licence
from posture.errors import TenantUnreachable, TokenRefused
from posture.graph.credentials import Certificate, ClientSecret, Connection, WorkloadIdentity
from posture.graph.pursuit import RetryBudget
from posture.graph.reader import TenantReader
from posture.graph.tokens import roles_in
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import AppRegistration, FederatedCredential

from .conftest import PATIENT, ROLES, SECRET, TENANT_ID, user_id

Connect = Callable[..., Connection]
CERTIFICATE_CLIENT = "33333333-3333-3333-3333-333333333333"
PASSWORD = "pass~phrase_91"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pair:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def key_pem(self, password: str | None = None) -> bytes:
        encryption = (
            serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        )
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption_algorithm=encryption
        )

    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def make_pair() -> Pair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reader.example.com")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
    )
    return Pair(key=key, certificate=builder.sign(key, hashes.SHA256()))


@pytest.fixture(scope="module")
def pair() -> Pair:
    return make_pair()


@pytest.fixture
def certificate_client(simulator: SimulatorServer, pair: Pair) -> str:
    (tenant,) = simulator.tenants
    tenant.registrations[1:] = [
        AppRegistration(
            client_id=CERTIFICATE_CLIENT,
            object_id=user_id(901),
            certificates_pem=(pair.certificate_pem().decode(),),
            roles=ROLES,
        )
    ]
    return CERTIFICATE_CLIENT


def refused(connection: Connection) -> TokenRefused:
    with pytest.raises(TokenRefused) as caught:
        TenantReader(connection, budget=PATIENT).identify()
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_tenant_says_who_it_is(connect: Connect) -> None:
    facts = TenantReader(connect()).identify()
    assert facts.tenant_id == TENANT_ID
    assert facts.display_name == "Contoso"
    assert facts.licences == frozenset(Licence)
    assert facts.granted == ROLES
    assert facts.clock_skew is not None
    assert abs(facts.clock_skew) < timedelta(seconds=30)


def test_a_wrong_clock_is_noticed(connect: Connect, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.CLOCK_SKEW, path="/organization", seconds=900))
    skew = TenantReader(connect()).identify().clock_skew
    assert skew is not None
    assert timedelta(seconds=890) < skew < timedelta(seconds=910)


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"credential": ClientSecret(value="wrong~secret")}, "7000215", "client secret is wrong"),
        ({"credential": ClientSecret(value="ended-secret")}, "7000222", "has ended"),
        ({"client_id": "99999999-9999-9999-9999-999999999999"}, "700016", "unknown in tenant"),
        ({"tenant_id": "99999999-9999-9999-9999-999999999999"}, "90002", "does not exist"),
        ({"graph_root": "https://graph.example.com"}, "70011", "endpoints.graph in the settings"),
    ],
)
def test_a_refusal_is_explained(connect: Connect, changes: dict[str, object], code: str, words: str) -> None:
    error = refused(connect(**changes))  # type: ignore[arg-type]
    assert error.code == code
    assert words in str(error)


def test_a_malformed_tenant_id_is_refused_without_asking(connect: Connect, simulator: SimulatorServer) -> None:
    assert "tenant" in str(refused(connect(tenant_id="not a tenant/../")))
    assert simulator.requests == []


@pytest.mark.parametrize("kind", ["pem", "pem with password", "pfx", "pfx with password"])
def test_a_certificate_signs_in(
    connect: Connect, certificate_client: str, pair: Pair, tmp_path: Path, kind: str
) -> None:
    password = PASSWORD if "password" in kind else None
    path = tmp_path / "reader.bin"
    if kind.startswith("pem"):
        path.write_bytes(pair.key_pem(password) + pair.certificate_pem())
    else:
        encryption = (
            serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        )
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"", pair.key, pair.certificate, None, encryption))
    connection = connect(Certificate(path=path, password=password), client_id=certificate_client)
    assert TenantReader(connection).identify().granted == ROLES


def test_another_certificate_is_refused(connect: Connect, certificate_client: str, tmp_path: Path) -> None:
    other = make_pair()
    path = tmp_path / "other.pem"
    path.write_bytes(other.key_pem() + other.certificate_pem())
    error = refused(connect(Certificate(path=path, password=None), client_id=certificate_client))
    assert error.code == "700027"


@pytest.mark.parametrize("content", [b"", b"not a certificate", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_an_unusable_certificate_file_is_named(connect: Connect, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.pem"
    path.write_bytes(content)
    assert "broken.pem" in str(refused(connect(Certificate(path=path, password=None))))


def test_a_wrong_certificate_password_is_said_without_showing_it(
    connect: Connect, pair: Pair, tmp_path: Path
) -> None:
    path = tmp_path / "locked.pem"
    path.write_bytes(pair.key_pem(PASSWORD) + pair.certificate_pem())
    error = refused(connect(Certificate(path=path, password="another-one")))
    assert "password" in str(error)
    assert "another-one" not in str(error)


def test_a_missing_certificate_file_is_named(connect: Connect, tmp_path: Path) -> None:
    error = refused(connect(Certificate(path=tmp_path / "gone.pem", password=None)))
    assert "gone.pem" in str(error)
    assert "No such file" in str(error)


def test_a_missing_token_file_is_said(connect: Connect, tmp_path: Path) -> None:
    assert "gone.jwt" in str(refused(connect(WorkloadIdentity(token_file=tmp_path / "gone.jwt"))))


def federated_client(simulator: SimulatorServer, pair: Pair, *, subject: str) -> str:
    public = pair.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    trust = FederatedCredential(issuer="https://issuer.example.com", subject=subject, public_key_pem=public.decode())
    (tenant,) = simulator.tenants
    tenant.registrations[1:] = [
        AppRegistration(client_id=CERTIFICATE_CLIENT, object_id=user_id(901), roles=ROLES, federated=(trust,))
    ]
    return CERTIFICATE_CLIENT


def write_platform_token(path: Path, pair: Pair) -> Path:
    now = datetime.now(UTC)
    claims = {
        "iss": "https://issuer.example.com",
        "sub": "job:scan",
        "aud": "api://AzureADTokenExchange",
        "iat": now,
        "nbf": now,
        "exp": now + timedelta(minutes=5),
    }
    path.write_text(jwt.encode(claims, pair.key, algorithm="RS256"))
    return path


def test_a_workload_identity_signs_in(
    connect: Connect, simulator: SimulatorServer, pair: Pair, tmp_path: Path
) -> None:
    client = federated_client(simulator, pair, subject="job:scan")
    token_file = write_platform_token(tmp_path / "token.jwt", pair)
    connection = connect(WorkloadIdentity(token_file=token_file), client_id=client)
    assert TenantReader(connection).identify().granted == ROLES


def test_a_workload_identity_that_nobody_trusts_is_refused(
    connect: Connect, simulator: SimulatorServer, pair: Pair, tmp_path: Path
) -> None:
    client = federated_client(simulator, pair, subject="job:another")
    token_file = write_platform_token(tmp_path / "token.jwt", pair)
    error = refused(connect(WorkloadIdentity(token_file=token_file), client_id=client))
    assert "federated credential" in str(error)
    assert error.code is not None


def test_an_app_without_consent_has_no_granted_permission(connect: Connect, simulator: SimulatorServer) -> None:
    (tenant,) = simulator.tenants
    tenant.registrations[1:] = [
        AppRegistration(client_id=CERTIFICATE_CLIENT, object_id=user_id(901), secrets=("s",), roles=frozenset())
    ]
    connection = connect(ClientSecret(value="s"), client_id=CERTIFICATE_CLIENT)
    facts = TenantReader(connection).identify()
    assert facts.granted == frozenset()
    assert facts.licences is None
    assert facts.display_name is None


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def unreachable(connection: Connection) -> str:
    budget = RetryBudget(tries=2, first_pause_seconds=0.01)
    with pytest.raises(TenantUnreachable) as caught:
        TenantReader(connection, budget=budget).identify()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_token_host_that_does_not_answer_is_named(connect: Connect) -> None:
    root = f"https://localhost:{closed_port()}"
    assert root.removeprefix("https://") in unreachable(connect(login_root=root))


@pytest.mark.parametrize("kind", [FaultKind.CONNECTION_RESET, FaultKind.UNAVAILABLE, FaultKind.MALFORMED_JSON])
def test_a_graph_host_without_a_usable_answer_is_named(
    connect: Connect, simulator: SimulatorServer, kind: FaultKind
) -> None:
    simulator.faults.add(Fault(kind=kind, path="/organization", times=None))
    assert simulator.url.removeprefix("https://") in unreachable(connect())


def test_a_token_that_graph_never_accepts_is_said(connect: Connect, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.REVOKED_TOKEN, path="/organization", times=None))
    assert "does not accept" in str(refused(connect()))


def test_an_untrusted_token_host_is_unreachable(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    text = unreachable(connect(ca_bundle=None))
    assert "certificate" in text.lower()
    assert "http.ca_bundle" in text


def test_a_ca_bundle_in_the_settings_replaces_the_environment(
    connect: Connect, simulator: SimulatorServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(make_pair().certificate_pem())
    monkeypatch.setenv("SSL_CERT_FILE", str(simulator.ca_bundle))
    assert "certificate" in unreachable(connect(ca_bundle=other)).lower()


def test_a_broken_ca_bundle_is_named(connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    assert "ca.pem" in unreachable(connect(ca_bundle=path))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_the_environment_names_the_trusted_authorities(
    connect: Connect, simulator: SimulatorServer, monkeypatch: pytest.MonkeyPatch, variable: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(make_pair().certificate_pem())
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(other))
    monkeypatch.setenv(variable, str(simulator.ca_bundle))
    assert TenantReader(connect(ca_bundle=None)).identify().display_name == "Contoso"


def test_the_proxy_is_used_for_tokens_and_for_graph(connect: Connect) -> None:
    proxy = f"http://who:proxy-secret@localhost:{closed_port()}"
    text = unreachable(connect(proxy=proxy))
    assert "proxy-secret" not in text


def test_plain_http_is_refused() -> None:
    with pytest.raises(ValueError, match="https"):
        Connection(
            tenant_id=TENANT_ID,
            cloud="custom",  # type: ignore[arg-type]
            graph_root="http://localhost",
            login_root="https://localhost",
            client_id=None,
            credential=ClientSecret(value=SECRET),
            ca_bundle=None,
            proxy=None,
        )


def test_no_secret_and_no_token_is_logged_printed_or_raised(
    connect: Connect, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], pair: Pair, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    TenantReader(connect()).identify()
    error = refused(connect(ClientSecret(value="wrong~secret")))
    seen = caplog.text + "".join(capfd.readouterr())
    for secret in (SECRET, "wrong~secret", "Bearer ey"):
        assert secret not in seen
        assert secret not in repr(error)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert SECRET not in repr(connect())


def test_a_refusal_prints_nothing_by_itself(connect: Connect, capfd: pytest.CaptureFixture[str]) -> None:
    refused(connect(ClientSecret(value="wrong~secret")))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("token", ["", "a.b", "a.!!!.c", "a.e30K.c.d", "a.bm90IGpzb24.c", "a.WzFd.c"])
def test_a_token_that_cannot_be_decoded_tells_nothing(token: str) -> None:
    assert roles_in(token) is None


def test_a_token_without_roles_grants_nothing() -> None:
    assert roles_in("a.e30.c") == frozenset()


def test_the_password_of_a_proxy_of_the_environment_is_not_told(
    connect: Connect, simulator: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://who:proxy-secret@localhost:99999")
    monkeypatch.setenv("NO_PROXY", "graph.example.com")
    connection = connect(graph_root="https://graph.example.com", login_root="https://login.example.com")
    text = unreachable(connection)
    assert "login.example.com" in text
    assert "proxy-secret" not in text


@pytest.mark.parametrize("kind", [FaultKind.THROTTLED, FaultKind.UNAVAILABLE])
def test_a_token_host_that_asks_for_a_long_wait_is_not_waited_for(
    connect: Connect, simulator: SimulatorServer, kind: FaultKind
) -> None:
    simulator.faults.add(Fault(kind=kind, path="/oauth2/", times=None, retry_after=86_400))
    assert "try again later" in unreachable(connect())
    assert len([record for record in simulator.requests if record.status in (429, 503)]) == 1


@pytest.mark.parametrize("kind", [FaultKind.THROTTLED, FaultKind.UNAVAILABLE, FaultKind.SERVER_ERROR])
def test_a_token_host_in_lasting_trouble_is_no_refusal(
    connect: Connect, simulator: SimulatorServer, kind: FaultKind
) -> None:
    simulator.faults.add(Fault(kind=kind, path="/oauth2/", times=None))
    text = unreachable(connect())
    assert "gives no token at the moment" in text
    assert "try again later" in text


def test_a_token_host_that_is_busy_for_a_moment_is_asked_again(connect: Connect, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.THROTTLED, path="/oauth2/", times=1, retry_after=1))
    assert TenantReader(connect()).identify().display_name == "Contoso"


def test_a_workload_identity_does_not_wait_long_either(
    connect: Connect, simulator: SimulatorServer, pair: Pair, tmp_path: Path
) -> None:
    simulator.faults.add(Fault(kind=FaultKind.THROTTLED, path="/oauth2/", times=None, retry_after=86_400))
    token_file = write_platform_token(tmp_path / "token.jwt", pair)
    client = federated_client(simulator, pair, subject="job:scan")
    assert "HTTP 429" in unreachable(connect(WorkloadIdentity(token_file=token_file), client_id=client))
