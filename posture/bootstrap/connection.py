"""A tenant's settings → how to reach Graph and to prove oneself there."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from posture.config import (
    CertificateCredential,
    ClientSecretCredential,
    HttpSettings,
    MailIdentity,
    ManagedIdentityCredential,
    ResolvedCredential,
    TenantSettings,
    WorkloadIdentityCredential,
)
from posture.domain.tenant import Cloud
from posture.errors import SettingsError
from posture.graph.clouds import CLOUD_ROOTS, CloudRoots
from posture.graph.credentials import (
    Certificate,
    ClientSecret,
    Connection,
    Credential,
    ManagedIdentity,
    WorkloadIdentity,
)

_MAIL_ROOTS: Final = {
    Cloud.PUBLIC: "https://outlook.office365.com",
    Cloud.USGOV: "https://outlook.office365.us",
    Cloud.USGOV_DOD: "https://webmail.apps.mil",
    Cloud.CHINA: "https://partner.outlook.cn",
}
"""Whom tokens for SMTP are for. Source: learn.microsoft.com/exchange/client-developer (OAuth for IMAP, POP and SMTP;
national clouds). A custom cloud has no other name for it than the public one."""


def connection_of(tenant: TenantSettings, *, http: HttpSettings) -> Connection:
    """Return the connection of a tenant's reader; this is when its secrets are looked up.

    Raises:
        SettingsError: a variable or file that the credential refers to is missing.
    """
    return _connection(tenant, tenant.reader.resolve(), http)


def remediator_connection_of(tenant: TenantSettings, *, http: HttpSettings) -> Connection:
    """Return the connection of a tenant's remediator; this is when its secrets are looked up.

    Raises:
        SettingsError: the tenant has no remediator, a variable or file that its credential refers to is missing, or
            it turns out to be the same identity as the reader.
    """
    if tenant.remediator is None:
        raise SettingsError(
            f"{tenant.name} is only read: its settings have no remediator. Register one, "
            "posture permissions --actions --format steps tells how, and add it to the tenant"
        )
    credential = tenant.remediator.resolve()
    if credential.client_id == tenant.reader.resolve_client_id():
        raise SettingsError(
            f"{tenant.name}: the remediator turns out to be the same identity as the reader. "
            "Register a second application for it: posture permissions --actions --format steps"
        )
    return _connection(tenant, credential, http)


def mail_connection_of(tenant: TenantSettings, identity: MailIdentity, *, http: HttpSettings) -> Connection:
    """Return the connection of an identity that sends mail through Graph; this is when its secrets are looked up.

    Raises:
        SettingsError: a variable or file that the credential refers to is missing, or it turns out to be the
            identity of the reader, which is for reading only.
    """
    credential = identity.credential.resolve()
    if credential.client_id == tenant.reader.resolve_client_id():
        raise SettingsError(
            f"the identity that sends mail from {tenant.name} turns out to be its reader. "
            "Register an application of its own for it"
        )
    return _connection(tenant, credential, http)


def smtp_connection_of(tenant: TenantSettings, identity: MailIdentity, *, http: HttpSettings) -> Connection:
    """Return the connection whose tokens are for SMTP instead of Graph; else as ``mail_connection_of``."""
    connection = mail_connection_of(tenant, identity, http=http)
    return replace(connection, graph_root=_MAIL_ROOTS.get(tenant.cloud, _MAIL_ROOTS[Cloud.PUBLIC]))


def _connection(tenant: TenantSettings, credential: ResolvedCredential, http: HttpSettings) -> Connection:
    roots = _roots(tenant)
    return Connection(
        tenant_id=tenant.tenant_id,
        cloud=tenant.cloud,
        graph_root=roots.graph,
        login_root=roots.login,
        client_id=credential.client_id,
        credential=_credential(credential),
        ca_bundle=http.ca_bundle,
        proxy=http.proxy.reveal() if http.proxy else None,
    )


def _roots(tenant: TenantSettings) -> CloudRoots:
    if tenant.endpoints is not None:
        return CloudRoots(graph=tenant.endpoints.graph, login=tenant.endpoints.login)
    return CLOUD_ROOTS[tenant.cloud]


def _credential(resolved: ResolvedCredential) -> Credential:
    match resolved:
        case ClientSecretCredential():
            return ClientSecret(value=resolved.secret.reveal())
        case CertificateCredential():
            return Certificate(path=resolved.path, password=resolved.password.reveal() if resolved.password else None)
        case WorkloadIdentityCredential():
            return WorkloadIdentity(token_file=resolved.token_file)
        case ManagedIdentityCredential():
            return ManagedIdentity()
