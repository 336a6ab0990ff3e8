"""Which proxy a host is reached through."""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass

import httpx

from posture.errors import TenantUnreachable


def proxy_in_force(configured: str | None, *, host: str) -> httpx.Proxy | None:
    """Return the configured proxy, else the environment's unless it spares the host, else None.

    Raises:
        TenantUnreachable: it is not the address of an HTTP proxy. The sentence does not quote it, because it may
            hold a password.
    """
    text = _of_environment(host) if configured is None else configured
    if text is None:
        return None
    proxy = _parsed(text)
    if proxy is None:
        raise TenantUnreachable(
            "The proxy cannot be used: write http://host:port into http.proxy, or into HTTPS_PROXY or ALL_PROXY if "
            "the settings name none."
        )
    return proxy


def _of_environment(host: str) -> str | None:
    if proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get("https") or proxies.get("all")


def _parsed(text: str) -> httpx.Proxy | None:
    try:
        # Without a scheme it speaks HTTP, as for curl and for the library that asks for tokens.
        proxy = httpx.Proxy(text if "://" in text else f"http://{text}")
    except (httpx.InvalidURL, ValueError):
        return None
    port = proxy.url.port
    is_usable = proxy.url.scheme in ("http", "https") and proxy.url.host and (port is None or 0 < port < 65_536)
    return proxy if is_usable else None
