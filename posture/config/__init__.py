"""Settings file and environment → typed values."""

from posture.config.check_names import refuse_unknown_checks
from posture.config.loading import load_settings
from posture.config.location import find_config
from posture.config.references import Secret, SettingText
from posture.config.settings import (
    CertificateReader,
    CheckSettings,
    ClientSecretReader,
    Endpoints,
    HttpSettings,
    ManagedIdentityReader,
    Reader,
    ReaderSettings,
    Settings,
    TenantSettings,
    WorkloadIdentityReader,
)

__all__ = [
    "CertificateReader",
    "CheckSettings",
    "ClientSecretReader",
    "Endpoints",
    "HttpSettings",
    "ManagedIdentityReader",
    "Reader",
    "ReaderSettings",
    "Secret",
    "SettingText",
    "Settings",
    "TenantSettings",
    "WorkloadIdentityReader",
    "find_config",
    "load_settings",
    "refuse_unknown_checks",
]
