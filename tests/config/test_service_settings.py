"""``service`` in the settings: where the page is, and who signs in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from posture.config import ALL_TENANTS, ServiceSettings, parse_settings
from posture.config.service_settings import ClientCertificate, ClientSecret
from posture.domain.operator import Role
from posture.errors import SettingsError

TENANTS = """\
tenants:
  - name: contoso
    tenant_id: 11111111-1111-4111-8111-111111111111
    reader: {client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${env:SECRET}"}
"""
SIGN_IN = """
    issuer: https://login.example.com/v2.0
    client_id: page
    client_secret: ${env:PAGE_SECRET}
    roles: {admin: [posture.admin]}
"""


def read(service: str, tmp_path: Path) -> ServiceSettings:
    text = f"service:\n{service}\n{TENANTS}"
    return parse_settings(text, path=tmp_path / "posture.yaml", environment={}).service


def refusal(service: str, tmp_path: Path) -> str:
    with pytest.raises(SettingsError) as raised:
        read(service, tmp_path)
    return str(raised.value)


def test_without_settings_the_page_is_for_this_machine_and_tokens(tmp_path: Path) -> None:
    service = parse_settings(TENANTS, path=tmp_path / "posture.yaml", environment={}).service

    assert (service.host, service.port, service.url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert (service.tls, service.sign_in, service.trusted_proxies) == (None, None, ())
    assert (service.idle, service.longest) == (timedelta(minutes=30), timedelta(hours=8))
    assert not service.is_secure


@pytest.mark.parametrize(
    ("listen", "host", "port", "url"),
    [
        ("127.0.0.1:9000", "127.0.0.1", 9000, "http://127.0.0.1:9000"),
        ("localhost:9000", "127.0.0.1", 9000, "http://127.0.0.1:9000"),
        ("[::1]:9000", "::1", 9000, "http://[::1]:9000"),
    ],
)
def test_the_page_listens_on_an_address_of_this_machine(
    tmp_path: Path, listen: str, host: str, port: int, url: str
) -> None:
    service = read(f'  listen: "{listen}"', tmp_path)

    assert (service.host, service.port, service.url) == (host, port, url)


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080", "10.0.0.1:80"])
def test_the_page_is_not_opened_to_other_machines_without_protection(tmp_path: Path, listen: str) -> None:
    said = refusal(f'  listen: "{listen}"\n  url: https://posture.example.com', tmp_path)

    assert "posture.yaml:2:11: service.listen" in said
    assert "Set tls with certificate and key, or trusted_proxies" in said


@pytest.mark.parametrize(
    "protection", ["tls: {certificate: ./c.pem, key: ./k.pem}", "trusted_proxies: [10.0.0.5, 10.1.0.0/24]"]
)
def test_with_protection_it_is(tmp_path: Path, protection: str) -> None:
    service = read(f"  listen: 0.0.0.0:8443\n  url: https://Posture.example.com/\n  {protection}", tmp_path)

    assert (service.host, service.url, service.is_secure) == ("0.0.0.0", "https://posture.example.com", True)  # noqa: S104


@pytest.mark.parametrize(
    ("service", "problem"),
    [
        ("  listen: posture.example.com:8080", "it is no address and port"),
        ('  listen: ":8080"', "it is no address and port"),
        ("  listen: 127.0.0.1", "it is no address and port"),
        ("  listen: 127.0.0.1:0", "it is no address and port"),
        ("  listen: 127.0.0.1:70000", "it is no address and port"),
        ("  listen: 127.0.0.1:٣", "it is no address and port"),
        ("  url: http://posture.example.com", "it is not https"),
        ("  url: https://posture.example.com/page", "it has a path"),
        ("  url: https://ann:secret@posture.example.com", "it has more than host"),
        ("  url: http://127.0.0.1:8080\n  tls: {certificate: a, key: b}", "it is not https, although tls is set"),
        ("  trusted_proxies: [10.0.0.5]", 'the key "url" is missing'),
        ("  listen: 0.0.0.0:1\n  tls: {certificate: a, key: b}", 'the key "url" is missing'),
        ("  trusted_proxies: [proxy.example.com]", "it is no address or network"),
        ("  trusted_proxies: [0.0.0.0/0]", "it trusts everybody"),
        ('  trusted_proxies: ["::/0"]', "it trusts everybody"),
        ("  tls: {certificate: a}", "key"),
        ("  lifetimes: {idle: 9h}", "idle is longer than longest"),
        ("  lifetimes: {idle: soon}", "it is no duration"),
        ("  sign-in: {}", "sign-in"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(tmp_path: Path, service: str, problem: str) -> None:
    said = refusal(service, tmp_path)

    assert problem in said
    assert "posture.yaml:" in said
    assert "ann:secret" not in said


def test_what_proves_that_the_page_is_the_page_is_looked_up_when_it_is_used(tmp_path: Path) -> None:
    text = f"service:\n  sign_in:{SIGN_IN}\n{TENANTS}"
    known = parse_settings(
        text, path=tmp_path / "posture.yaml", environment={"PAGE_SECRET": "s3cret"}
    ).service.sign_in
    missing = parse_settings(text, path=tmp_path / "posture.yaml", environment={}).service.sign_in

    assert known is not None
    assert missing is not None
    assert isinstance(credential := known.resolve(), ClientSecret)
    assert credential.secret.reveal() == "s3cret"
    assert "s3cret" not in repr(known)
    with pytest.raises(SettingsError, match="PAGE_SECRET"):
        missing.resolve()


def test_a_provider_is_read_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "page.pem").touch()
    provider = read(
        """\
  sign_in:
    issuer: https://login.example.com/v2.0/
    client_id: page
    certificate: {path: ./page.pem}
    scopes: [profile, groups]
    claim: groups
    roles: {viewer: [a, b], helpdesk: [c], admin: [d]}
    tenants: {a: [contoso], d: ["*"]}""",
        tmp_path,
    ).sign_in

    assert provider is not None
    assert provider.issuer == "https://login.example.com/v2.0/"  # the slash is part of the name
    assert provider.scopes == ("openid", "profile", "groups")
    assert provider.roles == {"a": Role.VIEWER, "b": Role.VIEWER, "c": Role.HELPDESK, "d": Role.ADMIN}
    assert provider.tenants == {"a": ("contoso",), "d": (ALL_TENANTS,)}
    assert provider.resolve() == ClientCertificate(path=tmp_path / "page.pem", password=None)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (("client_secret: ${env:PAGE_SECRET}", ""), "it needs exactly one credential"),
        (("client_id: page", "client_id: page\n    certificate: {path: a}"), "it needs exactly one credential"),
        (("https://login", "http://login"), "it is not https"),
        (("https://login.example.com/v2.0", "login"), "it is no address of a page"),
        (("{admin: [posture.admin]}", "{}"), "nobody could sign in"),
        (("{admin: [posture.admin]}", "{admin: [x], viewer: [x]}"), '"x" is viewer already'),
        (("roles: {admin: [posture.admin]}", ""), "roles"),
        (("claim", "claims"), ""),
    ],
)
def test_a_provider_that_cannot_work_is_refused(tmp_path: Path, changed: tuple[str, str], problem: str) -> None:
    said = refusal(
        f"  sign_in:{SIGN_IN.replace(*changed)}    {'claims: x' if changed[1] == 'claims' else ''}", tmp_path
    )

    assert problem in said


def test_tenants_of_a_provider_must_be_there(tmp_path: Path) -> None:
    said = refusal(f"  sign_in:{SIGN_IN}    tenants: {{posture.admin: [contosso]}}", tmp_path)

    assert 'there is no tenant "contosso"' in said
    assert "contoso" in said


def test_a_secret_in_the_file_itself_is_warned_of(tmp_path: Path) -> None:
    text = f"service:\n  sign_in:{SIGN_IN.replace('${env:PAGE_SECRET}', 'hunter2')}\n{TENANTS}"

    settings = parse_settings(text, path=tmp_path / "posture.yaml", environment={})

    [warning] = settings.warnings
    assert "service.sign_in.client_secret" in warning
    assert "hunter2" not in warning
    assert "hunter2" not in str(settings.fingerprint())
