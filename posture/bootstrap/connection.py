"""A tenant's settings → how to reach Graph and to prove oneself there."""

from __future__ import annotations

from posture.config import (
    CertificateReader,
    ClientSecretReader,
    HttpSettings,
    ManagedIdentityReader,
    Reader,
    TenantSettings,
    WorkloadIdentityReader,
)
from posture.graph.clouds import CLOUD_ROOTS, CloudRoots
from posture.graph.credentials import (
    Certificate,
    ClientSecret,
    Connection,
    Credential,
    ManagedIdentity,
    WorkloadIdentity,
)


def connection_of(tenant: TenantSettings, *, http: HttpSettings) -> Connection:
    """Return the connection of a tenant; this is when its secrets are looked up.

    Raises:
        SettingsError: a variable or file that the credential refers to is missing.
    """
    roots = _roots(tenant)
    reader = tenant.reader.resolve()
    return Connection(
        tenant_id=tenant.tenant_id,
        cloud=tenant.cloud,
        graph_root=roots.graph,
        login_root=roots.login,
        client_id=reader.client_id,
        credential=_credential(reader),
        ca_bundle=http.ca_bundle,
        proxy=http.proxy.reveal() if http.proxy else None,
    )


def _roots(tenant: TenantSettings) -> CloudRoots:
    if tenant.endpoints is not None:
        return CloudRoots(graph=tenant.endpoints.graph, login=tenant.endpoints.login)
    return CLOUD_ROOTS[tenant.cloud]


def _credential(reader: Reader) -> Credential:
    match reader:
        case ClientSecretReader():
            return ClientSecret(value=reader.secret.reveal())
        case CertificateReader():
            return Certificate(path=reader.path, password=reader.password.reveal() if reader.password else None)
        case WorkloadIdentityReader():
            return WorkloadIdentity(token_file=reader.token_file)
        case ManagedIdentityReader():
            return ManagedIdentity()
