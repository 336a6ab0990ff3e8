"""Settings file and environment → typed values."""

from posture.config.action_names import refuse_unknown_actions
from posture.config.check_names import refuse_unknown_checks
from posture.config.credentials import (
    CertificateCredential,
    ClientSecretCredential,
    CredentialSettings,
    ManagedIdentityCredential,
    ResolvedCredential,
    WorkloadIdentityCredential,
)
from posture.config.draft import Credential, Draft, draft_text
from posture.config.fingerprint import Fingerprint
from posture.config.loading import load_settings, parse_settings
from posture.config.location import FILE_NAMES, find_config
from posture.config.notify_settings import (
    ChannelSettings,
    GraphMailSettings,
    MailIdentity,
    NotifySettings,
    ResolvedGraphMail,
    ResolvedSmtp,
    ResolvedTeams,
    ResolvedWebhook,
    Security,
    SmtpSettings,
    TeamsSettings,
    WebhookSettings,
)
from posture.config.references import Secret, SettingText
from posture.config.remediation import RemediationSettings
from posture.config.service_settings import ALL_TENANTS, ProviderSettings, ServiceSettings, TlsSettings
from posture.config.settings import (
    CheckSettings,
    Endpoints,
    HttpSettings,
    Settings,
    TenantSettings,
)

__all__ = [
    "ALL_TENANTS",
    "FILE_NAMES",
    "CertificateCredential",
    "ChannelSettings",
    "CheckSettings",
    "ClientSecretCredential",
    "Credential",
    "CredentialSettings",
    "Draft",
    "Endpoints",
    "Fingerprint",
    "GraphMailSettings",
    "HttpSettings",
    "MailIdentity",
    "ManagedIdentityCredential",
    "NotifySettings",
    "ProviderSettings",
    "RemediationSettings",
    "ResolvedCredential",
    "ResolvedGraphMail",
    "ResolvedSmtp",
    "ResolvedTeams",
    "ResolvedWebhook",
    "Secret",
    "Security",
    "ServiceSettings",
    "SettingText",
    "Settings",
    "SmtpSettings",
    "TeamsSettings",
    "TenantSettings",
    "TlsSettings",
    "WebhookSettings",
    "WorkloadIdentityCredential",
    "draft_text",
    "find_config",
    "load_settings",
    "parse_settings",
    "refuse_unknown_actions",
    "refuse_unknown_checks",
]
