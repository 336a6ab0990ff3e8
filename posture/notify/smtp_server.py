"""How to reach a mail server, and what may go wrong on the way to it."""

from __future__ import annotations

import base64
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Literal

import aiosmtplib
from aiosmtplib.auth import auth_plain_encode, auth_xoauth2_encode

from posture.domain.printable import printable

_LONGEST_CHAIN: Final = 10
_WRONG_NAME: Final = 62  # X509_V_ERR_HOSTNAME_MISMATCH; 64 for addresses
_WRONG_ADDRESS: Final = 64
_QUALIFIED: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """How to reach a mail server and what to say to it. Addresses are bare; ``port`` is a number in the settings.

    Nobody signs in without ``username``. ``token`` returns an access token for XOAUTH2, used instead of
    ``password``; it may raise PostureError. ``trust`` returns the context that checks certificates and may raise
    PostureError. ``timeout_seconds`` is for a connection and for each answer.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    username: str | None
    password: str | None = field(repr=False)
    token: Callable[[], str] | None = field(repr=False)
    sender: str
    recipients: tuple[str, ...]
    trust: Callable[[], ssl.SSLContext] = field(repr=False)
    timeout_seconds: float = 30

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Say whether nobody but the server can read what is sent to it."""
        return self.security != "none" or _is_loopback(self.host)


def own_name() -> str:
    """Return what to greet with: this machine's name if it is a whole one, else an address, as RFC 5321 (4.1.3) asks.

    The library would ask name servers, which may take long and tell less.
    """
    name = socket.gethostname()
    return name if _QUALIFIED.fullmatch(name) else "[127.0.0.1]"


def secrets_of(server: SmtpServer, token: str | None) -> Iterator[str]:
    """Yield what nobody may see of what is sent, as it is and as it is encoded."""
    username = server.username or ""
    if server.password:
        yield server.password
        yield base64.b64encode(server.password.encode()).decode()
        yield auth_plain_encode(username, server.password).decode()
    if token:
        yield token
        yield base64.b64encode(token.encode()).decode()
        yield auth_xoauth2_encode(username, token).decode()


def lost_sentence(error: Exception, server: SmtpServer) -> str:
    """Return why there is no connection to a server, or no longer one, and what to do about it."""
    for link in _chain(error):
        match link:
            case ssl.SSLCertVerificationError():
                return _distrust(link, server)
            case ssl.SSLError():
                why = printable(link.reason or str(link), longest=100)
                return f"No TLS with {server}: {why}. Check port and security in the settings: they belong together."
            case socket.gaierror() | UnicodeError():
                host = printable(server.host)
                return f"Nobody knows the host {host}. Check host in the settings, and the name servers."
    if isinstance(error, TimeoutError):
        return f"{server} did not answer within {server.timeout_seconds:g} seconds. It is tried again."
    if isinstance(error, aiosmtplib.SMTPConnectError):
        return f"No connection to {server}: {_words(error)}. Check host and port in the settings, and firewalls."
    return (
        f"The connection to {server} broke: {_words(error)}. It is tried again; what did arrive comes twice then, "
        "with the same Message-ID."
    )


def _distrust(error: ssl.SSLCertVerificationError, server: SmtpServer) -> str:
    why = printable(error.verify_message, longest=200).rstrip(".")
    if error.verify_code in (_WRONG_NAME, _WRONG_ADDRESS):
        return f"The certificate of {server} is not for this name: {why}. Set host to a name that it is for."
    return (
        f"The certificate of {server} is not trusted: {why}. If it is the right server, set http.ca_bundle to the "
        "certificate of the authority that signed it."
    )


def _words(error: Exception) -> str:
    """Return the innermost explanation; the outer ones repeat it."""
    *_, innermost = _chain(error)
    return printable(str(innermost), longest=200).rstrip(".") or type(innermost).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(_LONGEST_CHAIN):
        if link is None:
            return
        yield link
        link = link.__cause__


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
