"""Links that a message may have: to our own page and to pages that somebody vouched for. There are no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

SHIPPED_HOSTS: Final = frozenset({"learn.microsoft.com", "entra.microsoft.com", "aka.ms", "attack.mitre.org"})
"""Hosts that the references of shipped checks lead to, and Microsoft's own pages about them."""


class Link(str):
    """An address that ``Links`` made or found good. Any other text is shown so that no mail program links it."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class Links:
    """``page`` is the address of our own web page, without a slash at its end; None if there is none.

    ``reference_hosts`` may be linked to besides those that come with posture.
    """

    page: str | None
    reference_hosts: frozenset[str]

    def finding(self, fingerprint: str) -> Link | None:
        """Return the page of one finding."""
        return self._page_of("findings", fingerprint)

    def plan(self, plan_id: str) -> Link | None:
        """Return the page of one plan. It shows the plan; following it decides nothing."""
        return self._page_of("plans", plan_id)

    def tenant(self, name: str) -> Link | None:
        """Return the page of one tenant: its findings and its runs."""
        return self._page_of("tenants", name)

    def front(self) -> Link | None:
        """Return the first page of all."""
        return Link(self.page.rstrip("/") + "/") if self.page else None

    def reference(self, url: str) -> Link | None:
        """Return the address as one that may be linked to; None unless it is https and its host is vouched for."""
        return Link(url) if self._is_reference(url) else None

    def allows(self, url: str) -> bool:
        """Say whether a message may have a link to this address: to our own page, or to a reference."""
        if self.page and (url == self.page or url.startswith(self.page.rstrip("/") + "/")):
            return _is_plain(url)
        return self._is_reference(url)

    def _is_reference(self, url: str) -> bool:
        if not _is_plain(url):
            return False
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        if parts.scheme != "https" or "@" in parts.netloc or port not in (None, 443):
            return False
        return (parts.hostname or "") in SHIPPED_HOSTS | {host.lower() for host in self.reference_hosts}

    def _page_of(self, kind: str, name: str) -> Link | None:
        return Link(f"{self.page.rstrip('/')}/{kind}/{quote(name, safe='', errors='replace')}") if self.page else None


def _is_plain(url: str) -> bool:
    """Say whether every program reads the address alike: no spaces, quotes, backslashes, nothing beyond ASCII."""
    return url.isascii() and url.isprintable() and not set(url) & set(" \"'<>\\^`{|}")
