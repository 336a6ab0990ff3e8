"""Settings as the rest of the product sees them: typed, frozen, paths absolute, secrets hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from posture.config.credentials import CredentialSettings, resolved_guid
from posture.config.fingerprint import Fingerprint, fingerprint_of
from posture.config.notify_settings import NotifySettings
from posture.config.references import Secret, SettingText
from posture.config.remediation import RemediationSettings
from posture.config.service_settings import ServiceSettings
from posture.definitions.dictionary import did_you_mean
from posture.definitions.yaml_source import YamlDocument
from posture.domain.action import ApprovalRule, Limits
from posture.domain.check import ParameterValue
from posture.domain.job import DEFAULT_QUEUE
from posture.domain.schedule import Schedule
from posture.domain.tenant import Cloud
from posture.errors import UsageError


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
class ExportSettings:
    """Where exported findings go: a directory for each tenant below this one, with so many exports ``kept``."""

    directory: Path
    kept: int


@dataclass(frozen=True, kw_only=True)
class TenantSettings:
    """One tenant. What it refers to is looked up on use, so that it does not stand in the way of the others.

    ``remediator`` None means that the tenant is only read. ``remediation_enabled`` is what the tenant's own part
    says; without a remediator nothing can be changed in any case. ``queue`` is where workers take its jobs from.
    """

    name: str
    cloud: Cloud
    endpoints: Endpoints | None
    tenant_id_text: SettingText
    reader: CredentialSettings
    remediator: CredentialSettings | None
    remediation_enabled: bool
    remediation: RemediationSettings
    protected_users: tuple[str, ...]
    protected_groups: tuple[str, ...]
    checks: CheckSettings
    queue: str = DEFAULT_QUEUE

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
    ``schedules`` are those of the file and the built-in ones; jobs that have ended stay on record for ``jobs_kept``.
    ``document`` serves messages about the file and is not for reading values.
    """

    path: Path
    data_dir: Path
    store_url: Secret
    http: HttpSettings
    snapshots_kept: int
    check_directories: tuple[Path, ...]
    action_directories: tuple[Path, ...]
    checks: CheckSettings
    remediation: RemediationSettings
    notify: NotifySettings
    schedules: tuple[Schedule, ...]
    export: ExportSettings
    jobs_kept: timedelta
    service: ServiceSettings
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

    def rule_overrides(self, tenant: TenantSettings, action: str) -> tuple[ApprovalRule, ...]:
        """Return what the whole file and the tenant ask of approvals of an action, besides the action file."""
        return tuple(asked.rule for part in self._remediation(tenant) for asked in part.demands(action))

    def limit_overrides(self, tenant: TenantSettings, action: str) -> tuple[Limits, ...]:
        """Return the limits that the whole file and the tenant set for an action, besides the action file."""
        return tuple(asked.limits for part in self._remediation(tenant) for asked in part.demands(action))

    def fingerprint(self) -> Fingerprint:
        """Return what the audit keeps of these settings: a digest and a summary, both without secrets."""
        return fingerprint_of(self.document)

    def _remediation(self, tenant: TenantSettings) -> tuple[RemediationSettings, ...]:
        return self.remediation, tenant.remediation
