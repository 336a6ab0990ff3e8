"""Settings as the rest of the product sees them: typed, frozen, paths absolute, secrets hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from posture.config.references import Secret, SettingText
from posture.definitions.dictionary import did_you_mean
from posture.definitions.yaml_source import YamlDocument
from posture.domain.check import ParameterValue
from posture.domain.tenant import Cloud
from posture.errors import UsageError

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """How to get out. ``proxy`` is a URL and may hold a password."""

    ca_bundle: Path | None
    proxy: Secret | None


@dataclass(frozen=True, kw_only=True)
class CheckSettings:
    """Which checks to evaluate, by id, and their parameters: check id → parameter name → value.

    ``only`` empty means all. ``skip`` wins over ``only``.
    """

    only: tuple[str, ...]
    skip: tuple[str, ...]
    parameters: Mapping[str, Mapping[str, ParameterValue]]

    def wants(self, check: str) -> bool:
        """Say whether the check is switched on by these settings alone."""
        return check not in self.skip and (not self.only or check in self.only)


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Roots of a custom cloud, https, without a path: Graph, and the authority for tokens."""

    graph: str
    login: str


@dataclass(frozen=True, kw_only=True)
class ClientSecretReader:
    client_id: str
    secret: Secret


@dataclass(frozen=True, kw_only=True)
class CertificateReader:
    """``path`` is a PEM or PFX file with certificate and private key."""

    client_id: str
    path: Path
    password: Secret | None


@dataclass(frozen=True, kw_only=True)
class ManagedIdentityReader:
    """``client_id`` None means the identity that the system assigned."""

    client_id: str | None


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentityReader:
    client_id: str
    token_file: Path


Reader = ClientSecretReader | CertificateReader | ManagedIdentityReader | WorkloadIdentityReader


@dataclass(frozen=True, kw_only=True)
class ReaderSettings:
    """How a tenant is signed in to, references not yet looked up. Exactly one kind of credential is set."""

    client_id: SettingText | None
    client_secret: SettingText | None
    certificate_path: SettingText | None
    certificate_password: SettingText | None
    token_file: SettingText | None

    def resolve(self) -> Reader:
        """Return the credential with its secrets.

        Raises:
            SettingsError: a variable or file that the credential refers to is missing, or a client id is no GUID.
        """
        client_id = None if self.client_id is None else resolved_guid(self.client_id)
        if client_id is not None and self.client_secret is not None:
            return ClientSecretReader(client_id=client_id, secret=self.client_secret.secret())
        if client_id is not None and self.certificate_path is not None:
            password = self.certificate_password
            return CertificateReader(
                client_id=client_id,
                path=resolved_path(self.certificate_path),
                password=None if password is None else password.secret(),
            )
        if client_id is not None and self.token_file is not None:
            return WorkloadIdentityReader(client_id=client_id, token_file=resolved_path(self.token_file))
        return ManagedIdentityReader(client_id=client_id)


@dataclass(frozen=True, kw_only=True)
class TenantSettings:
    """One tenant. What it refers to is looked up on use, so that it does not stand in the way of the others."""

    name: str
    cloud: Cloud
    endpoints: Endpoints | None
    tenant_id_text: SettingText
    reader: ReaderSettings
    protected_users: tuple[str, ...]
    protected_groups: tuple[str, ...]
    checks: CheckSettings

    @property
    def tenant_id(self) -> str:
        """The directory id, in lower case.

        Raises:
            SettingsError: it refers to a variable or file that is missing, or is no GUID.
        """
        return resolved_guid(self.tenant_id_text)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A whole settings file. ``warnings`` are sentences for people; nothing was printed.

    ``store_url`` may hold a password. ``snapshots_kept`` counts published snapshots a tenant.
    ``document`` serves messages about the file and is not for reading values.
    """

    path: Path
    data_dir: Path
    store_url: Secret
    http: HttpSettings
    snapshots_kept: int
    check_directories: tuple[Path, ...]
    checks: CheckSettings
    tenants: tuple[TenantSettings, ...]
    warnings: tuple[str, ...]
    document: YamlDocument = field(repr=False)

    def tenant(self, name: str) -> TenantSettings:
        """Return the tenant of that name.

        Raises:
            UsageError: there is none.
        """
        for tenant in self.tenants:
            if tenant.name == name:
                return tenant
        known = [tenant.name for tenant in self.tenants]
        advice = did_you_mean(name, known, otherwise=f"Known: {', '.join(known)}.")
        raise UsageError(f'{self.path} has no tenant "{name}". {advice}')

    def wants(self, tenant: TenantSettings, check: str) -> bool:
        """Say whether a check is switched on in a tenant: by the whole file and by the tenant's own part."""
        return self.checks.wants(check) and tenant.checks.wants(check)

    def parameters_of(self, tenant: TenantSettings, check: str) -> dict[str, ParameterValue]:
        """Return the parameters set for a check; what the tenant sets wins."""
        return {**self.checks.parameters.get(check, {}), **tenant.checks.parameters.get(check, {})}


def resolved_guid(text: SettingText) -> str:
    """Return the resolved text as a GUID in lower case; raise SettingsError if it is none."""
    value = text.resolve().strip()
    if not _GUID.fullmatch(value):
        raise text.error(
            "it is not a GUID",
            "Copy the id from the overview page in the Entra admin center, e.g. 11111111-1111-1111-1111-111111111111",
        )
    return value.lower()


def resolved_path(text: SettingText) -> Path:
    """Return the resolved text as an absolute path; a relative one starts at the settings file's directory."""
    return (text.at.path.parent / Path(text.resolve()).expanduser()).absolute()
