"""One request at a time through the Graph SDK's request adapter, answered with raw bytes.

The adapter brings its authentication (claims challenges included), telemetry and middleware. Its retry handler is
off: retrying twice would hide 429 from the pacing. Its typed models are never used: they cost a hundred times
what DuckDB needs for the same page.
"""

from __future__ import annotations

import asyncio
import binascii
from collections.abc import Mapping
from ssl import SSLContext
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from posture.domain.printable import printable
from posture.graph.answers import Answer, NoAnswer
from posture.graph.credentials import Connection
from posture.graph.proxy import proxy_in_force
from posture.graph.tokens import TokenSource
from posture.graph.transport import PooledTransport
from posture.graph.trust import bundles_in_force, tls_context

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph_core import BaseGraphRequestAdapter

_CONNECT_SECONDS = 15
_SILENCE_SECONDS = 100
# The transport below raises these before the first byte of a request has left.
_NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.InvalidURL)


class GraphClient:
    """Connections to one tenant's Graph; to be used and closed inside one event loop.

    ``answer_seconds`` bounds one request from sending to the last byte.

    Raises:
        TenantUnreachable: the CA bundle or the proxy's address is unusable.
    """

    def __init__(self, connection: Connection, tokens: TokenSource, *, answer_seconds: float) -> None:
        from kiota_http.middleware.options import ResponseHandlerOption

        self._answer_seconds = answer_seconds
        self._root = connection.graph_root
        self.tokens = tokens
        context = tls_context(bundles_in_force(connection.ca_bundle))
        # Two pools: after a failure a request must not meet the same broken connection again.
        self._lasting = _transport(connection, context, keeps=True)
        self._fresh = _transport(connection, context, keeps=False)
        self._adapters = {
            False: _adapter(_http_client(self._lasting), connection, self.tokens),
            True: _adapter(_http_client(self._fresh), connection, self.tokens),
        }
        self._raw = ResponseHandlerOption(_AsItCame())

    async def get(self, url: str, *, headers: Mapping[str, str], fresh: bool = False) -> Answer | NoAnswer:
        """Send one GET and return what came; as ``send``."""
        return await self.send("GET", url, headers=headers, fresh=fresh)

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        content_type: str = "application/json",
        fresh: bool = False,
    ) -> Answer | NoAnswer:
        """Send one request and return what came; ``fresh`` asks for a connection of its own.

        Raises:
            TokenRefused: there is no token to send.
            TenantUnreachable: the token endpoint did not answer.
        """
        tally = _Tally()
        generation = self.tokens.generation
        try:
            async with asyncio.timeout(self._answer_seconds):
                request = _request(method, url, headers, [self._raw, tally])
                if content is not None:
                    request.set_stream_content(content, content_type)
                response: httpx.Response = await self._adapters[fresh].send_primitive_async(request, "bytes", {})
        except TimeoutError:
            return tally.without_answer(
                f"no whole answer within {self._answer_seconds:g} seconds", may_have_arrived=tally.requests > 0
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return tally.without_answer(_phrase(error), may_have_arrived=not isinstance(error, _NEVER_CONNECTED))
        except (binascii.Error, UnicodeDecodeError):  # the SDK decodes the challenge
            return tally.without_answer("the claims challenge cannot be read", may_have_arrived=False)
        return Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.content,
            generation=max(generation, 1),
            requests=tally.requests,
        )

    async def close(self) -> None:
        """Close every connection. The transports are closed here: the SDK's wrapper does not pass it on."""
        await self._lasting.aclose()
        await self._fresh.aclose()


def _request(method: str, url: str, headers: Mapping[str, str], options: list[Any]) -> RequestInformation:
    from kiota_abstractions.method import Method
    from kiota_abstractions.request_information import RequestInformation

    request = RequestInformation(method=Method[method])
    request.url = url
    request.headers.add("Accept", "application/json")
    for name, value in headers.items():
        request.headers.add(name, value)
    request.add_request_options(options)
    return request


def _transport(connection: Connection, context: SSLContext, *, keeps: bool) -> PooledTransport:
    proxy = proxy_in_force(connection.proxy, host=urlsplit(connection.graph_root).hostname or "")
    return PooledTransport(tls=context, proxy=proxy, keeps=keeps)


def _http_client(transport: PooledTransport) -> httpx.AsyncClient:
    """Return a client with the SDK's middleware around the transport."""
    from kiota_http.middleware.options import (
        ParametersNameDecodingHandlerOption,
        RedirectHandlerOption,
        RetryHandlerOption,
    )
    from msgraph.graph_request_adapter import options
    from msgraph_core import GraphClientFactory

    client = httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS),
        event_hooks={"request": [_count]},
        follow_redirects=False,
    )
    changed = {
        RetryHandlerOption.get_key(): RetryHandlerOption(should_retry=False, max_retries=0),
        # A redirect would carry the token to wherever the answer says.
        RedirectHandlerOption.get_key(): RedirectHandlerOption(should_redirect=False),
        # It rewrites escapes in the query, but a next link must go back as it came.
        ParametersNameDecodingHandlerOption.get_key(): ParametersNameDecodingHandlerOption(enable=False),
    }
    wrapped: httpx.AsyncClient = GraphClientFactory.create_with_default_middleware(
        client=client, options={**options, **changed}
    )
    return wrapped


def _adapter(client: httpx.AsyncClient, connection: Connection, tokens: TokenSource) -> BaseGraphRequestAdapter:
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from msgraph.graph_request_adapter import GraphRequestAdapter

    host = urlsplit(connection.graph_root).hostname or ""
    provider = AzureIdentityAuthenticationProvider(
        tokens,
        scopes=[connection.scope],
        allowed_hosts=[host],
    )
    return GraphRequestAdapter(provider, client=client)


class _AsItCame:
    """A response handler that leaves the response alone, whatever its status."""

    async def handle_response_async(self, response: httpx.Response, _errors: object = None) -> httpx.Response:
        return response


class _Tally:
    """Rides on a request through the SDK and counts how often it is really sent."""

    def __init__(self) -> None:
        self.requests = 0

    def without_answer(self, why: str, *, may_have_arrived: bool) -> NoAnswer:
        return NoAnswer(why=why, requests=self.requests, may_have_arrived=may_have_arrived)

    @staticmethod
    def get_key() -> str:
        return "posture_tally"


async def _count(request: httpx.Request) -> None:
    options: Mapping[str, Any] = request.extensions.get("kiota_request_options", {})
    tally = options.get(_Tally.get_key())
    if isinstance(tally, _Tally):
        tally.requests += 1


def _phrase(error: Exception) -> str:
    """Return why a request failed, in words; the library's own text is often empty."""
    text = printable(str(error), longest=200)
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (httpx.ConnectTimeout, "no connection in time"),
        (httpx.TimeoutException, "no answer in time"),
        (httpx.ProxyError, "the proxy refused"),
        (httpx.ConnectError, "no connection"),
        (httpx.DecodingError, "a damaged body"),
        (httpx.RemoteProtocolError, "the connection broke"),
    )
    words = next((words for kind, words in kinds if isinstance(error, kind)), "the connection broke")
    return f"{words}: {text}" if text else words
