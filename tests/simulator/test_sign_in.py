from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from posture.simulator.registrations import DEMO_CLIENT_ID
from posture.simulator.tenant import AppRegistration, FederatedCredential
from tests.simulator.builders import NOW, TENANT_ID, InProcess, Reply, a_tenant, in_process

ENDPOINT = f"https://localhost:8443/{TENANT_ID}/oauth2/v2.0/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def refusal(reply: Reply) -> tuple[int, str, int]:
    body = reply.body
    assert body["error_description"].startswith(f"AADSTS{body['error_codes'][0]}: ")
    return reply.status, body["error"], body["error_codes"][0]


def test_a_token_carries_the_claims_of_an_application(graph: InProcess) -> None:
    reply = graph.sign_in()
    claims = jwt.decode(reply.body["access_token"], options={"verify_signature": False})

    assert (reply.body["token_type"], reply.body["expires_in"]) == ("Bearer", 3599)
    assert (claims["tid"], claims["appid"], claims["idtyp"]) == (TENANT_ID, DEMO_CLIENT_ID, "app")
    assert claims["aud"] == "https://localhost:8443"
    assert "User.Read.All" in claims["roles"]
    assert claims["exp"] - claims["iat"] == 3599
    assert "xms_cc" not in claims


def test_who_opts_into_continuous_evaluation_gets_a_long_token(graph: InProcess) -> None:
    reply = graph.sign_in(claims=json.dumps({"access_token": {"xms_cc": {"values": ["cp1"]}}}))
    claims = jwt.decode(reply.body["access_token"], options={"verify_signature": False})

    assert (claims["xms_cc"], reply.body["expires_in"]) == (["cp1"], 86_400)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_secret": "old"}, (401, "invalid_client", 7000222)),
        ({"client_secret": ""}, (401, "invalid_client", 7000218)),
        ({"client_id": "99999999-9999-4999-8999-999999999999"}, (400, "unauthorized_client", 700016)),
        ({"tenant": "99999999-9999-4999-8999-999999999999"}, (400, "invalid_request", 90002)),
        ({"scope": "https://graph.example.org/.default"}, (400, "invalid_scope", 70011)),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
        ({"claims": "{not json"}, (400, "invalid_request", 9000411)),
        ({"claims": "[]"}, (400, "invalid_request", 9000411)),
    ],
)
def test_refusals_carry_their_code(tmp_path: Path, changes: dict[str, str], expected: tuple[int, str, int]) -> None:
    registration = AppRegistration(
        client_id=DEMO_CLIENT_ID, object_id="o", secrets=("good",), expired_secrets=("old",), roles=frozenset()
    )
    graph = in_process(tmp_path, a_tenant(registrations=[registration]))

    assert refusal(graph.sign_in(**({"client_secret": "good"} | changes))) == expected


def test_no_secret_is_repeated_in_a_refusal(graph: InProcess) -> None:
    assert b"hunter2" not in graph.sign_in(client_secret="hunter2").content


def test_discovery_names_the_token_endpoint_and_knows_its_tenants(graph: InProcess) -> None:
    path = "/v2.0/.well-known/openid-configuration"

    assert graph.get(f"/{TENANT_ID}{path}").body["token_endpoint"] == ENDPOINT
    assert refusal(graph.get(f"/nobody{path}"))[2] == 90002


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate_of(key: rsa.RSAPrivateKey, *, ends: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reader")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def thumbprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).rstrip(b"=").decode()


def own_assertion(key: rsa.RSAPrivateKey, certificate: x509.Certificate, **changes: Any) -> str:
    claims: dict[str, Any] = {
        "aud": ENDPOINT,
        "iss": DEMO_CLIENT_ID,
        "sub": DEMO_CLIENT_ID,
        "jti": "1",
        "exp": int((NOW + timedelta(minutes=5)).timestamp()),
        "nbf": int(NOW.timestamp()),
    }
    header = (
        {"x5t#S256": thumbprint(certificate, hashes.SHA256())} if "header" not in changes else changes.pop("header")
    )
    algorithm = changes.pop("algorithm", "PS256")
    return jwt.encode(claims | changes, key, algorithm=algorithm, headers=header)


def with_certificate(directory: Path, *pems: str) -> InProcess:
    registration = AppRegistration(client_id=DEMO_CLIENT_ID, object_id="o", certificates_pem=pems)
    return in_process(directory, a_tenant(registrations=[registration]))


def prove(graph: InProcess, assertion: str) -> Reply:
    return graph.sign_in(client_secret="", client_assertion=assertion, client_assertion_type=ASSERTION_TYPE)


def test_a_certificate_proves_the_application(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    certificate = certificate_of(key, ends=NOW + timedelta(days=300))
    graph = with_certificate(tmp_path, pem_of(certificate))
    by_sha1 = {"x5t": thumbprint(certificate, hashes.SHA1())}  # noqa: S303  (x5t is SHA-1)

    assert prove(graph, own_assertion(key, certificate)).status == 200
    assert prove(graph, own_assertion(key, certificate, header=by_sha1, algorithm="RS256")).status == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": int((NOW - timedelta(hours=1)).timestamp())}, 700024),
        ({"nbf": int((NOW + timedelta(hours=1)).timestamp())}, 700024),
        ({"exp": None}, 50027),
        ({"aud": "https://login.example.org/token"}, 700023),
        ({"sub": "somebody-else"}, 700021),
        ({"header": {}}, 700027),
        ({"header": {"x5t": "wrong"}}, 700027),
    ],
)
def test_a_bad_assertion_proves_nothing(
    tmp_path: Path, key: rsa.RSAPrivateKey, changes: dict[str, Any], code: int
) -> None:
    certificate = certificate_of(key, ends=NOW + timedelta(days=300))
    graph = with_certificate(tmp_path, pem_of(certificate))

    assert refusal(prove(graph, own_assertion(key, certificate, **changes))) == (401, "invalid_client", code)


def test_a_foreign_key_and_an_ended_certificate_prove_nothing(
    tmp_path: Path, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey
) -> None:
    good = certificate_of(key, ends=NOW + timedelta(days=300))
    ended = certificate_of(key, ends=NOW - timedelta(days=1))
    graph = with_certificate(tmp_path, pem_of(good), pem_of(ended))

    assert refusal(prove(graph, own_assertion(other_key, good)))[2] == 700027
    assert refusal(prove(graph, own_assertion(key, ended)))[2] == 700027
    assert refusal(prove(graph, "no.jwt.at-all"))[2] == 50027


def federated(directory: Path, key: rsa.RSAPrivateKey) -> InProcess:
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    trust = FederatedCredential(
        issuer="https://idp.example.com", subject="pod:reader", public_key_pem=public.decode()
    )
    registration = AppRegistration(client_id=DEMO_CLIENT_ID, object_id="o", federated=(trust,))
    return in_process(directory, a_tenant(registrations=[registration]))


def workload_token(key: rsa.RSAPrivateKey, **changes: Any) -> str:
    claims = {
        "iss": "https://idp.example.com",
        "sub": "pod:reader",
        "aud": "api://AzureADTokenExchange",
        "exp": int((NOW + timedelta(minutes=5)).timestamp()),
    }
    return jwt.encode(claims | changes, key, algorithm="RS256")


def test_a_trusted_issuer_proves_the_application(
    tmp_path: Path, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey
) -> None:
    graph = federated(tmp_path, key)

    assert prove(graph, workload_token(key)).status == 200
    assert prove(graph, workload_token(key, aud=["api://AzureADTokenExchange"])).status == 200
    assert refusal(prove(graph, workload_token(other_key)))[2] == 700027
    assert refusal(prove(graph, workload_token(key, sub="pod:other")))[2] == 700213
    assert refusal(prove(graph, workload_token(key, exp=1)))[2] == 700024
