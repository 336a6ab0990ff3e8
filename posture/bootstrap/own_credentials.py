"""Which of a tenant's secrets and certificates are posture's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from posture.config import CredentialSettings, Settings, TenantSettings
from posture.definitions.catalog import Catalog
from posture.definitions.check_sql import compile_check
from posture.definitions.compiled import CompiledCheck
from posture.errors import SettingsError
from posture.usecases.own_credentials import OwnCredentials

_CHECKS: Final = ("secret-expiring-soon", "certificate-expiring-soon")


def own_checks(catalog: Catalog, *, warn_days: int) -> tuple[CompiledCheck, ...]:
    """Return the checks that posture's own credentials are judged with, whatever the settings say of these."""
    return tuple(compile_check(catalog.check(name), {"warn_days": warn_days}) for name in _CHECKS)


def own_credentials(tenant: TenantSettings, settings: Settings, catalog: Catalog) -> OwnCredentials | None:
    """Return what to look for in a tenant: the reader, the remediator and the identities that send mail from there;
    None if posture signs in without an app registration.

    Raises:
        SettingsError: the client id of the reader refers to a variable or file that is missing.
    """
    known = {tenant.reader.resolve_client_id(), *map(_client_id, _others(tenant, settings))}
    app_ids = frozenset(client_id.lower() for client_id in known if client_id is not None)
    if not app_ids:
        return None
    within = settings.notify.credential_notice
    return OwnCredentials(app_ids=app_ids, checks=own_checks(catalog, warn_days=within.days), within=within)


def _others(tenant: TenantSettings, settings: Settings) -> Iterator[CredentialSettings]:
    if tenant.remediator is not None:
        yield tenant.remediator
    for channel in settings.notify.channels:
        if channel.identity is not None and channel.identity.tenant == tenant.name:
            yield channel.identity.credential


def _client_id(credential: CredentialSettings) -> str | None:
    try:
        return credential.resolve_client_id()
    except SettingsError:
        return None  # a machine that only scans need not be told who the others are
