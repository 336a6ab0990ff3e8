"""Which certificate authorities are believed: one answer for token requests and Graph requests alike."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from posture.errors import TenantUnreachable

_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


def bundles_in_force(configured: Path | None) -> tuple[Path, ...]:
    """Return the CA bundles to believe: the configured one, else all that the environment names, else none.

    None means the bundle shipped with the libraries. Both variables count, because people set either for all
    their programs and expect it to be enough.
    """
    if configured is not None:
        return (configured,)
    named = (os.environ.get(variable) for variable in _VARIABLES)
    return tuple(dict.fromkeys(Path(name) for name in named if name))


def tls_context(bundles: Sequence[Path]) -> ssl.SSLContext:
    """Return a client context that checks certificate and host name.

    Raises:
        TenantUnreachable: a bundle cannot be read or holds no certificate.
    """
    if not bundles:
        import httpx

        return httpx.create_ssl_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for bundle in bundles:
        _load(context, bundle)
    return context


def _load(context: ssl.SSLContext, bundle: Path) -> None:
    try:
        if bundle.is_dir():
            context.load_verify_locations(capath=str(bundle))
        else:
            context.load_verify_locations(cafile=str(bundle))
    except OSError as error:  # ssl.SSLError is one
        why = "it holds no PEM certificate" if isinstance(error, ssl.SSLError) else error.strerror
    else:
        return
    raise TenantUnreachable(
        f"The CA bundle {bundle} cannot be used: {why}. Check http.ca_bundle, REQUESTS_CA_BUNDLE and SSL_CERT_FILE."
    )


@contextmanager
def as_one_path(bundles: Sequence[Path]) -> Iterator[Path | None]:
    """Give the bundles as one path, for a library that takes only one; None if there is none.

    Several are joined in a file that is removed at the end.

    Raises:
        TenantUnreachable: a bundle cannot be used.
    """
    tls_context(bundles)
    if len(bundles) < 2:
        yield next(iter(bundles), None)
        return
    with tempfile.TemporaryDirectory(prefix="posture-ca-") as directory:
        joined = Path(directory, "ca.pem")
        joined.write_bytes(b"\n".join(bundle.read_bytes() for bundle in bundles if bundle.is_file()))
        yield joined
