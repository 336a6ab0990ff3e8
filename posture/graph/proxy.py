"""Which proxy a host is reached through."""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass


def proxy_in_force(configured: str | None, *, host: str) -> str | None:
    """Return the proxy's URL: the configured one, else the environment's unless it spares the host, else None."""
    if configured is not None:
        return configured
    if proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get("https") or proxies.get("all")
