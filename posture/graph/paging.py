"""Pages as bytes: split into items without building an object for any of them, and links that may be followed."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

EMPTY_PAGES_IN_A_ROW = 100
"""An empty page is not the end of a list, but so many in a row are no list any more."""


class Malformed(Exception):
    """A body that Graph does not send; the message says what is wrong with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RawPage:
    """``items`` is newline-delimited JSON, each line ended. ``next_link`` is verbatim, None on the last page."""

    items: bytes = field(repr=False)
    count: int
    next_link: str | None


class _Envelope(msgspec.Struct):
    value: list[msgspec.Raw]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def split_page(body: bytes) -> RawPage:
    """Split a collection page into its items.

    Raises:
        Malformed: not JSON, or not an object with a list of objects under ``value``.
    """
    body = on_one_line(body)
    try:
        envelope = _ENVELOPE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"the page is not a list of items ({error})") from None
    count = len(envelope.value)
    lines = b"".join((b"\n", b"\n".join(envelope.value), b"\n"))
    # There is no other line break in it, so each item that is an object starts right after one.
    if lines.count(b"\n{") != count:
        raise Malformed("the page lists something else than objects")
    return RawPage(items=lines[1:] if count else b"", count=count, next_link=envelope.next_link)


def single_object(body: bytes) -> RawPage:
    """Return the one object as a page.

    Raises:
        Malformed: not JSON, not an object, or an object without anything in it.
    """
    body = on_one_line(body)
    try:
        known = _OBJECT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"the answer is not an object ({error})") from None
    if not known:
        raise Malformed("the answer is an empty object")
    return RawPage(items=body.strip() + b"\n", count=1, next_link=None)


def on_one_line(body: bytes) -> bytes:
    """Return the JSON text without line breaks, so that one item is one line.

    Raises:
        Malformed: not JSON in UTF-8.
    """
    try:
        body.decode()
        # Inside a JSON text a raw line break can only be white space between its parts.
        return msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"the body is not JSON ({error})") from None


def may_follow(link: str, *, graph_root: str) -> bool:
    """Say whether a link stays on the configured Graph: same scheme, host and port, and no user name in it."""
    try:
        asked, root = urlsplit(link), urlsplit(graph_root)
        here = (root.hostname, root.port or 443)
        return (
            asked.scheme == "https" == root.scheme
            and (asked.hostname, asked.port or 443) == here
            and asked.username is None
            and link.isprintable()
            and "\\" not in link
        )
    except ValueError:
        return False
