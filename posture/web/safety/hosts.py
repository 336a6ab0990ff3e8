"""Requests that reach the page by another name, another way or unprotected: refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from posture.config import ServiceSettings
from posture.web.safety.bodies import Refuse

HEALTH_PATHS: Final = frozenset({"/healthz", "/readyz"})
_LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
_STANDARD_PORTS: Final = {"http": 80, "https": 443}


class KnownHosts:
    """Refuses (421) what names another host, and what came unprotected though the page is served through TLS.

    A name that a page elsewhere lets point to this machine would otherwise be served. Probes of health know no name.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], scheme: str, refuse: Refuse) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._scheme = scheme
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in HEALTH_PATHS or self._is_ours(scope):
            await self._app(scope, receive, send)
            return
        await self._refuse(scope, receive, send, 421)

    def _is_ours(self, scope: Scope) -> bool:
        named = Headers(scope=scope).getlist("host")
        return len(named) == 1 and named[0].lower() in self._hosts and scope["scheme"] == self._scheme


class OnlyThroughProxies:
    """Refuses (421) who goes around the proxy that ends TLS. ``proxies`` are addresses and networks."""

    def __init__(self, app: ASGIApp, *, proxies: Sequence[str], refuse: Refuse) -> None:
        self._app = app
        self._networks = tuple(ip_network(proxy) for proxy in proxies)
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in HEALTH_PATHS or self._is_proxy(scope):
            await self._app(scope, receive, send)
            return
        await self._refuse(scope, receive, send, 421)

    def _is_proxy(self, scope: Scope) -> bool:
        client = scope.get("client")
        try:
            address = ip_address(client[0] if client else "")
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def known_hosts(settings: ServiceSettings) -> frozenset[str]:
    """Return what a ``Host`` header may say: the name of the page; on this machine alone also its other names."""
    parts = urlsplit(settings.url)
    hosts = {parts.netloc}
    if parts.hostname in ("localhost", "127.0.0.1", "::1"):
        port = f":{parts.port}" if parts.port else ""
        hosts |= {f"{name}{port}" for name in _LOOPBACK_NAMES}
    standard = _STANDARD_PORTS[parts.scheme]
    if parts.port in (None, standard):
        bare = {host.removesuffix(f":{standard}") for host in hosts}
        hosts |= bare | {f"{host}:{standard}" for host in bare}
    return frozenset(hosts)
