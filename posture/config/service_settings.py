"""The service as the settings have it: where it listens, how it is reached, how people sign in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from posture.config.credentials import resolved_path
from posture.config.references import Secret, SettingText
from posture.domain.operator import Role

ALL_TENANTS: Final = "*"
"""Stands for every tenant among the names of tenants."""


@dataclass(frozen=True, kw_only=True)
class TlsSettings:
    """PEM files that the page is served with, and what opens the key, if that is needed; looked up on use."""

    certificate_text: SettingText
    key_text: SettingText
    password_text: SettingText | None

    def resolve(self) -> Tls:
        """Return the files.

        Raises:
            SettingsError: one is missing, or a variable or file that is referred to.
        """
        password = self.password_text
        return Tls(
            certificate=_existing(self.certificate_text),
            key=_existing(self.key_text),
            password=None if password is None else password.secret(),
        )


@dataclass(frozen=True, kw_only=True)
class Tls:
    """PEM files, both there; the certificate is followed by those that lead to a known authority."""

    certificate: Path
    key: Path
    password: Secret | None


@dataclass(frozen=True, kw_only=True)
class ProviderSettings:
    """An OpenID provider. What it takes to prove to it that we are we is looked up on use.

    ``claim`` names the claim of the ID token whose values ``roles`` (value → role) and ``tenants`` (value → names of
    tenants) map. ``tenants`` None means that everybody sees all tenants; else everybody needs a value that stands
    for some, or for ``ALL_TENANTS``.
    """

    issuer: str
    client_id: str
    client_secret_text: SettingText | None
    certificate_text: SettingText | None
    certificate_password_text: SettingText | None
    scopes: tuple[str, ...]
    claim: str
    roles: Mapping[str, Role]
    tenants: Mapping[str, tuple[str, ...]] | None

    def resolve(self) -> ClientSecret | ClientCertificate:
        """Return how we prove that we are we.

        Raises:
            SettingsError: a file is missing, or a variable or file that is referred to.
        """
        if self.client_secret_text is not None:
            return ClientSecret(secret=self.client_secret_text.secret())
        if self.certificate_text is None:
            raise ValueError("the settings were read without a credential")
        password = self.certificate_password_text
        return ClientCertificate(
            path=_existing(self.certificate_text), password=None if password is None else password.secret()
        )


@dataclass(frozen=True, kw_only=True)
class ClientSecret:
    secret: Secret


@dataclass(frozen=True, kw_only=True)
class ClientCertificate:
    """``path`` is a PEM file with certificate and private key."""

    path: Path
    password: Secret | None


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """How the web page is served.

    ``url`` is how people reach it: scheme, host and port, without a slash at the end. ``trusted_proxies`` are
    addresses and networks whose word about the client is believed. A sign-in ends ``idle`` after its last request and
    ``longest`` after its beginning. Without ``sign_in`` people sign in with their operator tokens.
    """

    host: str
    port: int
    url: str
    tls: TlsSettings | None
    trusted_proxies: tuple[str, ...]
    sign_in: ProviderSettings | None
    idle: timedelta
    longest: timedelta

    @property
    def is_secure(self) -> bool:
        """Say whether people reach the page through TLS, ours or a proxy's."""
        return self.url.startswith("https://")


def _existing(text: SettingText) -> Path:
    path = resolved_path(text)
    if not path.is_file():
        raise text.error(f"there is no file {path}", "Correct the path")
    return path
