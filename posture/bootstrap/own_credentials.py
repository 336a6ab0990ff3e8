"""Which of a tenant's secrets and certificates are posture's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from posture.config import TenantSettings
from posture.definitions.catalog import Catalog
from posture.definitions.check_sql import compile_check
from posture.errors import SettingsError
from posture.usecases.own_credentials import OwnCredentials

CREDENTIAL_NOTICE: Final = timedelta(days=90)
EXEMPTION_NOTICE: Final = timedelta(days=14)
_CHECKS: Final = ("secret-expiring-soon", "certificate-expiring-soon")


def own_credentials(tenant: TenantSettings, catalog: Catalog) -> OwnCredentials | None:
    """Return what to look for in a tenant; None if posture signs in without an app registration there.

    Raises:
        SettingsError: the client id of the reader refers to a variable or file that is missing.
    """
    known = {tenant.reader.resolve_client_id(), _remediator_id(tenant)}
    app_ids = frozenset(client_id.lower() for client_id in known if client_id is not None)
    if not app_ids:
        return None
    warn_days = {"warn_days": CREDENTIAL_NOTICE.days}
    return OwnCredentials(
        app_ids=app_ids,
        checks=tuple(compile_check(catalog.check(name), warn_days) for name in _CHECKS),
        within=CREDENTIAL_NOTICE,
    )


def _remediator_id(tenant: TenantSettings) -> str | None:
    try:
        return tenant.remediator.resolve_client_id() if tenant.remediator else None
    except SettingsError:
        return None  # a machine that only scans need not be told who the remediator is
