"""Which certificate authorities are believed: one answer for token requests and Graph requests alike."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from posture.errors import TenantUnreachable

_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


def bundle_in_force(configured: Path | None) -> Path | None:
    """Return the CA bundle to use: the configured one, else the environment's, else None (the shipped one)."""
    if configured is not None:
        return configured
    named = (os.environ.get(variable) for variable in _VARIABLES)
    return next((Path(name) for name in named if name), None)


def tls_context(bundle: Path | None) -> ssl.SSLContext:
    """Return a client context that checks certificate and host name.

    Raises:
        TenantUnreachable: the bundle cannot be read or holds no certificate.
    """
    if bundle is None:
        import httpx

        return httpx.create_ssl_context()
    try:
        if bundle.is_dir():
            return ssl.create_default_context(capath=str(bundle))
        return ssl.create_default_context(cafile=str(bundle))
    except OSError as error:  # ssl.SSLError is one
        why = error.strerror or "it holds no PEM certificate"
    raise TenantUnreachable(
        f"The CA bundle {bundle} cannot be used: {why}. Check http.ca_bundle, REQUESTS_CA_BUNDLE and SSL_CERT_FILE."
    )
