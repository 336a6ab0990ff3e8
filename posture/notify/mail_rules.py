"""What the HTML of a mail may hold: words, tables and links that somebody vouched for; nothing that a mail program
would fetch or run."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from posture.notify.broken import WordingBroken
from posture.notify.links import Links

_TAGS: Final = frozenset({
    "a", "b", "body", "br", "code", "div", "em", "h1", "h2", "h3", "head", "hr", "html", "i", "li", "meta", "ol", "p",
    "pre", "small", "span", "strong", "style", "table", "tbody", "td", "th", "thead", "title", "tr", "u", "ul",
})  # fmt: skip
_ATTRIBUTES: Final = frozenset({
    "align", "aria-hidden", "aria-label", "border", "cellpadding", "cellspacing", "charset", "class", "colspan",
    "content", "dir", "height", "href", "id", "lang", "name", "role", "rowspan", "scope", "style", "title", "valign",
    "width",
})  # fmt: skip
# A backslash could spell any of these in another way.
_FETCHES: Final = re.compile(r"url\s*\(|@import|expression\s*\(|\\", re.IGNORECASE)


def check_mail(html: str, links: Links, *, name: str) -> None:
    """Look through the HTML that a template made.

    Raises:
        WordingBroken: it has elements or attributes that are not sent, fetches something, or leads elsewhere.
            ``name`` is the template.
    """
    checker = _Checker(links, name)
    checker.feed(html)
    checker.close()


class _Checker(HTMLParser):
    def __init__(self, links: Links, name: str) -> None:
        super().__init__()
        self._links = links
        self._name = name
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise self._broken(f"the element <{tag}>, which is not sent")
        self._in_style = tag == "style"
        for attribute, value in attrs:
            self._look_at(tag, attribute, value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._in_style = False

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  the parser's signature
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style and _FETCHES.search(data):
            raise self._broken("a style that fetches something")

    def _look_at(self, tag: str, attribute: str, value: str) -> None:
        if attribute not in _ATTRIBUTES:
            raise self._broken(f"<{tag}> with the attribute {attribute!r}, which is not sent")
        if attribute == "style" and _FETCHES.search(value):
            raise self._broken("a style that fetches something")
        if attribute == "content" and "url=" in value.lower():
            raise self._broken("a page that leads elsewhere by itself")
        if attribute == "href" and not self._links.allows(value):
            raise self._broken("a link that leads neither to our own page nor to a host in reference_hosts")

    def _broken(self, what: str) -> WordingBroken:
        return WordingBroken(f"{self._name} makes {what}")
