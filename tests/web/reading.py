"""What a page says, taken from its HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset({"meta", "link", "input", "img", "br", "use", "path", "rect", "circle", "polyline"})


class Seen(HTMLParser):
    """The tags of a page in their order with their attributes, and its ``text``."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self._pieces: list[str] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """Everything that is written, with single blanks."""
        return " ".join("".join(self._pieces).split())

    def all(self, tag: str, **attributes: str) -> Sequence[dict[str, str | None]]:
        """Return the attributes of the tags with these attributes among theirs."""
        wanted = attributes.items()
        return [found for name, found in self.tags if name == tag and wanted <= found.items()]

    def links(self, beginning: str) -> Sequence[str]:
        """Return the addresses of links that begin so."""
        return [link for one in self.all("a") if (link := one.get("href") or "").startswith(beginning)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            continue
        self._pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self._open):
            self._pieces.append(data)
