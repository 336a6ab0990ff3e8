"""The address of a webhook is a secret: it holds its own signature. What a server says may repeat it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus, urlsplit

MASK: Final = "***"
_SHORTEST = 4
_SHORTEST_WORD = 16


class Mask:
    """Takes an address, its parts and other secrets out of texts."""

    def __init__(self, url: str, *secrets: str) -> None:
        pieces = {piece for piece in (*_pieces(url), *secrets) if len(piece) >= _SHORTEST}
        spellings = {spelling for piece in pieces for spelling in _spellings(piece)}
        # The longest first: a whole address leaves one mask, not one for each of its parts.
        alternatives = "|".join(re.escape(each) for each in sorted(spellings, key=lambda each: (-len(each), each)))
        self._pattern: Final = re.compile(alternatives or r"(?!)", re.IGNORECASE)

    def __repr__(self) -> str:
        return "Mask()"

    def hide(self, text: str) -> str:
        """Return the text with a mask in place of every secret, however it is escaped."""
        # A text in UTF-16 would be read as one with a null after every letter.
        return self._pattern.sub(MASK, text.replace("\0", ""))


def _pieces(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        yield url
        return
    yield from (url, url.partition("://")[2], parts.query, parts.fragment, parts.username or "", parts.password or "")
    yield from (whole for whole in (f"{parts.path}?{parts.query}", parts.path) if len(whole) >= _SHORTEST_WORD)
    yield from (value for _, value in parse_qsl(parts.query))
    yield from (option.partition("=")[2] for option in parts.query.split("&"))
    # "triggers" is a word that a server may say; what holds a digit or is long may be a key.
    yield from (part for part in parts.path.split("/") if len(part) >= _SHORTEST_WORD or not part.isalpha())


def _spellings(piece: str) -> Iterator[str]:
    """Yield how servers repeat a text: as it is, percent-encoded or not, in HTML, in JSON as several libraries do."""
    for text in {piece, unquote(piece), unquote_plus(piece), quote(piece, safe=""), quote(piece), quote_plus(piece)}:
        if len(text) >= _SHORTEST:
            yield text
            yield escape(text)
            yield json.dumps(text)[1:-1]
            yield json.dumps(text)[1:-1].replace("/", "\\/")
            yield json.dumps(text)[1:-1].replace("&", "\\u0026").replace("+", "\\u002b")
