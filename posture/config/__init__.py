"""Settings file and environment → typed values."""

from posture.config.check_names import refuse_unknown_checks
from posture.config.draft import Credential, Draft, draft_text
from posture.config.loading import load_settings, parse_settings
from posture.config.location import FILE_NAMES, find_config
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
    "FILE_NAMES",
    "CertificateReader",
    "CheckSettings",
    "ClientSecretReader",
    "Credential",
    "Draft",
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
    "draft_text",
    "find_config",
    "load_settings",
    "parse_settings",
    "refuse_unknown_checks",
]
