"""The headers that every answer carries, whatever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

Headers = Sequence[tuple[bytes, bytes]]

_ALWAYS: Final[Headers] = (
    (b"x-content-type-options", b"nosniff"),
    # Our own pages may tell each other where somebody came from; nobody else learns it.
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), "
        b"geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), "
        b"publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()",
    ),
)
_TWO_YEARS: Final = b"max-age=63072000"


_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    b"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def headers_of_answers(*, is_secure: bool) -> Headers:
    """Return the headers; ``is_secure`` says that the page is reached through TLS."""
    transport = ((b"strict-transport-security", _TWO_YEARS),) if is_secure else ()
    return (*_ALWAYS, *transport, (b"content-security-policy", _POLICY))
