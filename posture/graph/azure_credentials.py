"""Credential values turned into azure-identity credentials. The library is loaded only when it is needed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posture.domain.tenant import Cloud
from posture.errors import TokenRefused
from posture.graph.credentials import Certificate, ClientSecret, Connection, ManagedIdentity, WorkloadIdentity

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_CONNECT_SECONDS = 15
_READ_SECONDS = 60
_RETRIES = 2


def build_credential(connection: Connection, *, bundle: Path | None) -> TokenCredential:
    """Return a credential with an empty token cache. ``bundle`` holds the authorities to believe; None: the usual.

    Raises:
        TokenRefused: the credential cannot even be built: a bad certificate file, a malformed tenant id.
    """
    _keep_quiet()
    credential = connection.credential
    network = _network(connection, bundle)
    if isinstance(credential, Certificate):
        return _from_certificate(connection, credential, network)
    try:
        return _from_settings(connection, credential, network)
    except ValueError as error:
        why = str(error)
    raise TokenRefused(f"The settings of tenant {connection.tenant_id} are wrong: {why}", code=None)


def _keep_quiet() -> None:
    # Without a handler of its own, Python would print the libraries' warnings to the terminal.
    for name in ("azure", "msal"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _from_settings(
    connection: Connection, credential: ClientSecret | ManagedIdentity | WorkloadIdentity, network: dict[str, Any]
) -> TokenCredential:
    from azure.identity import ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential

    if isinstance(credential, ManagedIdentity):
        # Its endpoint is on this machine; a proxy could not reach it.
        return ManagedIdentityCredential(client_id=connection.client_id)
    if isinstance(credential, WorkloadIdentity):
        return WorkloadIdentityCredential(
            tenant_id=connection.tenant_id,
            client_id=connection.client_id,
            token_file_path=str(credential.token_file),
            **_authority(connection),
            **network,
        )
    return ClientSecretCredential(
        connection.tenant_id, connection.client_id or "", credential.value, **_authority(connection), **network
    )


def _from_certificate(connection: Connection, certificate: Certificate, network: dict[str, Any]) -> TokenCredential:
    from azure.identity import CertificateCredential
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return CertificateCredential(
            connection.tenant_id,
            connection.client_id or "",
            certificate_data=certificate.path.read_bytes(),
            password=certificate.password,
            **_authority(connection),
            **network,
        )
    except OSError as error:
        why = f"cannot be read: {error.strerror or 'no reason given'}"
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's words vary and may quote the file; the possible causes are few.
        why = (
            "is not usable: it must be PEM or PFX, hold an RSA private key and its certificate, and open with "
            "the configured password"
        )
    raise TokenRefused(f"The certificate file {certificate.path} {why}.", code=None)


def _authority(connection: Connection) -> dict[str, Any]:
    # A custom host is not in Microsoft's list of instances; asking Microsoft about it would be wrong.
    discovery = {"disable_instance_discovery": True} if connection.cloud is Cloud.CUSTOM else {}
    return {"authority": connection.login_root, **discovery}


def _network(connection: Connection, bundle: Path | None) -> dict[str, Any]:
    from posture.graph.token_retry import BoundedRetry

    options: dict[str, Any] = {
        "connection_timeout": _CONNECT_SECONDS,
        "read_timeout": _READ_SECONDS,
        "retry_total": _RETRIES,
        "retry_policy_class": BoundedRetry,
        "logging_enable": False,
    }
    if bundle is not None:
        options["connection_verify"] = str(bundle)
    if connection.proxy is not None:
        options["proxies"] = {"http": connection.proxy, "https": connection.proxy}
    return options
