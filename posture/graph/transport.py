"""The connections below the Graph SDK: aiohttp's, because its parser is compiled.

Over httpx's own transport, taking a page off the wire costs more CPU than everything else that is done to it
(docs/benchmarks.md). The SDK's middleware sits on top and sees an httpx transport like any other.
"""

from __future__ import annotations

import asyncio
import base64
from ssl import SSLContext

import aiohttp
import httpx
from yarl import URL

_AT_ONCE = 100
_GOODBYE_SECONDS = 0.05


class PooledTransport(httpx.AsyncBaseTransport):
    """Sends requests over a pool of connections; to be used and closed inside one event loop.

    ``keeps`` False closes each connection after one answer. A body is read to its end before it is handed on, so
    whatever goes wrong is raised by the request itself, as httpx.TransportError.
    """

    def __init__(self, *, tls: SSLContext, proxy: httpx.Proxy | None, keeps: bool) -> None:
        self._tls = tls
        self._proxy = proxy
        self._keeps = keeps
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and return its whole answer. Redirects are not followed.

        Raises:
            httpx.TransportError: no connection, no answer in time, or an answer that ended early.
        """
        try:
            response, body = await self._exchange(request)
        except aiohttp.ClientProxyConnectionError as error:
            raise httpx.ProxyError(_words(error), request=request) from error
        except aiohttp.ClientHttpProxyError as error:
            raise httpx.ProxyError(_words(error), request=request) from error
        except aiohttp.ServerTimeoutError as error:
            kind = httpx.ConnectTimeout if isinstance(error, aiohttp.ConnectionTimeoutError) else httpx.ReadTimeout
            raise kind(_words(error), request=request) from error
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError(_words(error), request=request) from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.RemoteProtocolError(_words(error), request=request) from error
        return httpx.Response(response.status, headers=response.raw_headers, content=body, request=request)

    async def _exchange(self, request: httpx.Request) -> tuple[aiohttp.ClientResponse, bytes]:
        sending = self._pool().request(
            request.method,
            # As it stands, escapes included: a next link must go back exactly as it came.
            URL(str(request.url), encoded=True),
            headers=request.headers,
            data=await request.aread() or None,
            allow_redirects=False,
            timeout=_timeout(request),
            proxy=None if self._proxy is None else URL(str(self._proxy.url)),
            proxy_headers=_proxy_login(self._proxy),
            ssl=self._tls,
        )
        async with sending as response:
            return response, await response.read()

    def _pool(self) -> aiohttp.ClientSession:
        """Return the session; it is made at first use, because it belongs to the running event loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=_AT_ONCE, force_close=not self._keeps)
            # What httpx does with a body is left to httpx, and nothing is remembered between requests.
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=("User-Agent", "Content-Type"),
            )
            # aiohttp repeats a request by itself if a kept connection breaks: unseen by pacing and count. There is
            # no public switch (aiohttp's own test client sets the same); the tests of faults notice if this ends.
            self._session._retry_connection = False
        return self._session

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            # TLS says goodbye to its peer before a socket is given back, and the event loop may end with us.
            # Source: https://docs.aiohttp.org/en/stable/client_advanced.html#graceful-shutdown
            await asyncio.sleep(_GOODBYE_SECONDS)


def _timeout(request: httpx.Request) -> aiohttp.ClientTimeout:
    seconds = request.extensions.get("timeout", {})
    return aiohttp.ClientTimeout(
        total=None, connect=seconds.get("pool"), sock_connect=seconds.get("connect"), sock_read=seconds.get("read")
    )


def _proxy_login(proxy: httpx.Proxy | None) -> dict[str, str] | None:
    if proxy is None or proxy.auth is None:
        return None
    login = base64.b64encode(":".join(proxy.auth).encode()).decode()
    return {"Proxy-Authorization": f"Basic {login}"}


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
