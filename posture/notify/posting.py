"""Posting one message to an address that is a secret, and telling what came of it without telling the address.

The library is used below its client: that one logs every address, follows redirects and reads the environment.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import httpx

from posture import __version__
from posture.domain.printable import printable
from posture.errors import PostureError
from posture.notify.answers import Answered, Lost, retry_after
from posture.notify.masking import Mask

if TYPE_CHECKING:
    import httpcore

LONGEST_ANSWER: Final = 65_536
"""Bytes of an answer that are read."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(rb"[A-Za-z0-9._:-]+")
_LOGGERS = ("httpcore.connection", "httpcore.http11", "httpcore.proxy")
_posting: Final[ContextVar[bool]] = ContextVar("posting", default=False)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How the world is reached: whom to trust, and the proxy to a host. Both may raise PostureError."""

    trust: Callable[[], ssl.SSLContext]
    proxy: Callable[[str], httpx.Proxy | None]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds for a connection, and for all from the first byte to the end of the answer."""

    connect: float
    whole: float


PATIENCE: Final = Limits(connect=10, whole=30)


def shown_host(url: str) -> str:
    """Return what may be shown of an address: scheme, host and port."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return "The URL"
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"


def fault_of(url: str) -> str | None:
    """Return what is wrong with an address, without quoting it; None if messages can be posted there."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return "It is not a URL"
    if parsed.scheme != "https" and not (parsed.scheme == "http" and parsed.host in _LOOPBACK):
        return "It is not an https URL"
    if not _HOST.fullmatch(parsed.raw_host) or not 0 < (parsed.port or 443) < 65_536:
        return "It names no host, or no port that there is"
    if parsed.userinfo:
        return "It holds a user name or a password, which are not sent"
    return None


class Poster:
    """Posts to one address, over one connection as long as it is kept; to be used as a context manager."""

    def __init__(
        self, url: str, *, mask: Mask, reach: Reach, now: Callable[[], datetime], limits: Limits = PATIENCE
    ) -> None:
        self._url = url
        self._host = shown_host(url)
        self._mask = mask
        self._reach = reach
        self._now = now
        self._limits = limits
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._stream: httpcore.AsyncNetworkStream | None = None

    def __enter__(self) -> Poster:
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_is_of_others)
        self._runner = asyncio.Runner()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._runner:
            if self._transport is not None:
                self._runner.run(self._transport.aclose())

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answered | Lost:
        """Post JSON and return what was answered. Nothing is raised for what networks and servers do."""
        fault = fault_of(self._url)
        if fault is not None:
            return Lost(because=f"The URL of the channel cannot be used. {fault}.", lasts=True)
        return self._runner.run(self._post(body, headers))

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> Answered | Lost:
        _posting.set(True)
        limits = self._limits
        # Time limits of the library are those of one read: a server that drips bytes never meets them.
        deadline = asyncio.get_running_loop().time() + limits.whole
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._connected().handle_async_request(self._request(body, headers))
        except TimeoutError:
            if self._stream is not None:
                # Interrupted while it agrees on TLS, the library forgets to close what it had opened.
                await self._stream.aclose()
            return Lost(because=f"{self._host} gave no answer within {limits.whole:g} seconds.")
        except PostureError as error:
            return Lost(because=str(error))
        except httpx.TransportError as error:
            return Lost(because=_sentence(error, host=self._host, limits=limits))
        return self._answered(response, await _beginning(response, deadline=deadline))

    def _connected(self) -> httpx.AsyncHTTPTransport:
        if self._transport is None:
            proxy = self._reach.proxy(httpx.URL(self._url).host)
            self._transport = httpx.AsyncHTTPTransport(verify=self._reach.trust(), proxy=proxy, trust_env=False)
        return self._transport

    def _request(self, body: bytes, headers: Mapping[str, str]) -> httpx.Request:
        limits = self._limits
        always = {
            "Content-Type": "application/json",
            "User-Agent": f"posture/{__version__}",
            # A compressed answer could be of any length.
            "Accept-Encoding": "identity",
        }
        # The rest is up to the deadline.
        times = {"connect": limits.connect, "read": None, "write": None, "pool": None}
        extensions = {"timeout": times, "trace": self._remember}
        return httpx.Request("POST", self._url, headers={**always, **headers}, content=body, extensions=extensions)

    async def _remember(self, event: str, about: Mapping[str, Any]) -> None:
        # Source: https://www.encode.io/httpcore/extensions/#trace
        if event == "connection.connect_tcp.complete":
            self._stream = about["return_value"]

    def _answered(self, response: httpx.Response, beginning: bytes) -> Answered:
        said = self._mask.hide(beginning.decode("utf-8", "replace"))
        return Answered(
            host=self._host,
            status=response.status_code,
            retry_after=retry_after(response.headers.get("retry-after"), now=self._now()),
            text=" ".join(said.split()),
        )


async def _beginning(response: httpx.Response, *, deadline: float) -> bytes:
    """Return the first bytes of an answer, as far as they come in time.

    Its status has come: trouble with the rest makes no difference, but a second message would.
    """
    read = bytearray()
    try:
        async with asyncio.timeout_at(deadline):
            async for some in response.aiter_raw():
                read += some
                if len(read) >= LONGEST_ANSWER:
                    break
    except (TimeoutError, httpx.TransportError):
        pass
    finally:
        await response.aclose()
    return bytes(read[:LONGEST_ANSWER])


def _is_of_others(_record: logging.LogRecord) -> bool:
    """Keep out of logs what the library writes about our requests: headers of an answer may repeat the address."""
    return not _posting.get()


def _sentence(error: httpx.TransportError, *, host: str, limits: Limits) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return f"There was no connection to {host} within {limits.connect:g} seconds."
    if isinstance(error, httpx.ProxyError):
        return f"The proxy made no connection to {host}: {printable(str(error))}."
    if isinstance(error, httpx.ConnectError):
        return f"There is no connection to {host}: {_why(error)}."
    return f"{host} ended the connection before it had answered."


def _why(error: httpx.ConnectError) -> str:
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return (
                    f"its certificate is not trusted ({cause.verify_message}). Its authority goes into http.ca_bundle"
                )
            case ssl.SSLError():
                return f"TLS failed ({cause.reason})"
            case socket.gaierror():
                return "its name is not known"
            case OSError() if cause.errno:
                # The library's own words repeat the address of the machine.
                return os.strerror(cause.errno)
    return "the network is not reachable"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
