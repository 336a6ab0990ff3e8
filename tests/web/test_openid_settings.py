"""What the settings say of a provider: roles, tenants, credentials, and a provider that is not as they say."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc.jwk import RSAKey

from posture.domain.operator import Role
from posture.errors import SettingsError
from posture.web.signing_in.sealed import Sealer
from tests.web.office import free_port
from tests.web.openid import OpenIdProvider, ProviderOffice

Opened = Callable[..., ProviderOffice]


@pytest.fixture
def opened(empty_database: Path, tmp_path: Path, provider: OpenIdProvider) -> Iterator[Opened]:
    """What opens a page with settings of its own."""
    shutil.copytree(empty_database, tmp_path / "data")
    offices: list[ProviderOffice] = []

    def open_office(*, issuer: str = provider.issuer, **settings: str) -> ProviderOffice:
        offices.append(ProviderOffice(tmp_path, issuer, **settings))
        return offices[-1]

    yield open_office
    for office in offices:
        office.close()


def test_groups_can_stand_for_roles(opened: Opened, provider: OpenIdProvider) -> None:
    office = opened(claim="groups")
    provider.account(roles=[], groups=["posture.helpdesk"])

    assert office.sign_in_at(office.client()).status_code == 303
    [operator] = office.application.acting.operators()
    assert operator.role is Role.HELPDESK


@pytest.mark.parametrize(
    ("values", "tenants"),
    [
        (["posture.helpdesk", "for-contoso"], frozenset({"contoso"})),
        (["posture.admin", "for-all"], None),
        (["posture.admin", "for-all", "for-contoso"], None),
    ],
)
def test_values_can_stand_for_tenants(
    opened: Opened, provider: OpenIdProvider, values: list[str], tenants: frozenset[str] | None
) -> None:
    office = opened(more='tenants: {for-contoso: [contoso], for-all: ["*"]}')
    provider.account(roles=values)

    office.sign_in_at(office.client())

    [operator] = office.application.acting.operators()
    assert operator.tenants == tenants


def test_where_values_stand_for_tenants_nobody_is_for_all_by_omission(
    opened: Opened, provider: OpenIdProvider
) -> None:
    office = opened(more="tenants: {for-contoso: [contoso]}")
    provider.account(roles=["posture.admin"])

    answer = office.sign_in_at(office.client())

    assert answer.status_code == 403
    assert "is for no tenant" in answer.text
    assert "for-contoso" in answer.text


def test_the_object_id_of_entra_is_the_account_of_the_person(opened: Opened, provider: OpenIdProvider) -> None:
    office = opened()
    provider.account(oid="44444444-4444-4444-8444-444444444444")

    office.sign_in_at(office.client())

    [operator] = office.application.acting.operators()
    assert operator.account == "44444444-4444-4444-8444-444444444444"


def test_somebody_who_takes_the_name_of_another_is_not_let_in(opened: Opened, provider: OpenIdProvider) -> None:
    office = opened()
    office.sign_in_at(office.client())
    provider.account("mallory", preferred_username="ANN@contoso.com")

    answer = office.sign_in_at(office.client())

    assert answer.status_code == 403
    assert "another operator" in answer.text


def test_a_hostile_name_is_shown_and_not_run(opened: Opened, provider: OpenIdProvider) -> None:
    office = opened()
    provider.account(preferred_username="<script>alert(1)</script>", roles=[])

    answer = office.sign_in_at(office.client())

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; has no role" in answer.text


@pytest.mark.parametrize("password", [None, "opens it"])
def test_the_page_can_prove_itself_with_a_certificate(
    opened: Opened, provider: OpenIdProvider, tmp_path: Path, password: str | None
) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    write_pem(tmp_path / "page.pem", key, password)
    public = RSAKey.import_key(key.public_key()).as_dict(private=False)
    provider.know_key({**public, "use": "sig", "alg": "PS256", "kid": "the page"})
    office = opened(credential=by_certificate(password))

    assert office.sign_in_at(office.client()).status_code == 303


@pytest.mark.parametrize(("content", "password"), [("not a key", None), (None, "another")])
def test_a_certificate_that_is_none_is_refused_before_anybody_comes(
    opened: Opened, tmp_path: Path, content: str | None, password: str | None
) -> None:
    write_pem(tmp_path / "page.pem", rsa.generate_private_key(public_exponent=65_537, key_size=2048), "opens it")
    if content is not None:
        (tmp_path / "page.pem").write_text(content, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"service\.sign_in\.certificate: .*page\.pem is no PEM file"):
        opened(credential=by_certificate(password))


def test_a_provider_that_says_it_is_somebody_else_is_not_believed(opened: Opened, provider: OpenIdProvider) -> None:
    office = opened(issuer=provider.issuer.replace("127.0.0.1", "localhost"))

    answer = office.client().get("/sign-in/start")

    assert answer.status_code == 503
    assert "somebody else than the settings say" in answer.text


def test_a_provider_that_is_not_there_is_told_in_a_sentence(opened: Opened) -> None:
    office = opened(issuer=f"http://127.0.0.1:{free_port()}")

    answer = office.client().get("/sign-in/start")

    assert answer.status_code == 503
    assert "does not answer as it should" in answer.text
    assert "Connection" not in answer.text
    assert "set-cookie" not in answer.headers


def test_who_is_signed_in_can_sign_out_while_the_provider_is_away(opened: Opened) -> None:
    office = opened(issuer=f"http://127.0.0.1:{free_port()}")
    client = office.signed_in()

    answer = client.post("/sign-out")

    assert answer.headers["location"] == "/sign-in"
    assert client.get("/sign-in").status_code == 200


def test_a_wrong_secret_of_the_page_signs_nobody_in(opened: Opened) -> None:
    office = opened(credential='client_id: posture-page\n    client_secret: "wrong"')

    answer = office.sign_in_at(office.client())

    assert answer.status_code == 403
    assert "does not answer as it should" in answer.text


def test_the_page_offers_the_provider_and_no_field_for_tokens(opened: Opened) -> None:
    page = opened().client().get("/sign-in?next=/plans").text

    assert 'name="token"' not in page
    assert "/sign-in/start?next=%2Fplans" in page


def test_where_there_is_no_provider_nobody_is_sent_to_one(office: ProviderOffice) -> None:
    assert office.client().get("/sign-in/start").status_code == 403
    assert office.client().get("/sign-in/callback?code=a&state=b").status_code == 403


def test_a_sealed_value_is_opened_by_the_same_secret_and_purpose_only() -> None:
    sealed = Sealer(b"secret", purpose="way").seal({"state": "s"})

    assert Sealer(b"secret", purpose="way").open(sealed, lasts=timedelta(minutes=1)) == {"state": "s"}
    assert Sealer(b"secret", purpose="hint").open(sealed, lasts=None) is None
    assert Sealer(b"another", purpose="way").open(sealed, lasts=None) is None
    assert Sealer(b"secret", purpose="way").open(sealed, lasts=timedelta(seconds=-1)) is None
    assert Sealer(b"secret", purpose="way").open("é", lasts=None) is None


def by_certificate(password: str | None) -> str:
    more = "" if password is None else f", password: {password}"
    return f"client_id: posture-page-with-a-certificate\n    certificate: {{path: ./page.pem{more}}}"


def write_pem(path: Path, key: rsa.RSAPrivateKey, password: str | None) -> None:
    """Write a certificate and its key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "posture page")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    hiding = NoEncryption() if password is None else BestAvailableEncryption(password.encode())
    path.write_bytes(
        certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hiding)
    )
