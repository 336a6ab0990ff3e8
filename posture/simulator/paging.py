"""Page links: opaque, signed, and good only for the query they were made for.

A filtered or sorted list is computed once and kept for the following pages; if too many are kept, the oldest is
computed again, which Graph would answer with an expired token only after much longer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import msgspec

from posture.simulator.directory import DirectoryObject
from posture.simulator.graph_errors import GraphError, bad_request

_KEPT_LISTS = 64


class PagePosition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a page starts: the offset in a list, the query it belongs to, and the kept list or delta state."""

    query: str
    offset: int
    kept: str = ""
    state: str = ""
    salt: str = ""


@dataclass(kw_only=True)
class PageTokens:
    """Makes and reads the opaque tokens of page and delta links."""

    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def write(self, position: PagePosition) -> str:
        payload = msgspec.msgpack.encode(position)
        return base64.urlsafe_b64encode(self._seal(payload) + payload).decode().rstrip("=")

    def read(self, token: str, query: str) -> PagePosition:
        """Return the position; raise a 400 for a token that is not ours or belongs to another query."""
        position = self._open(token)
        if position.query != query:
            raise bad_request("Skip token does not belong to this query.")
        return position

    def moved(self, token: str, by: int) -> str:
        """Return a token whose page starts some items later, or earlier for a negative number."""
        position = self._open(token)
        return self.write(msgspec.structs.replace(position, offset=max(position.offset + by, 0)))

    def _open(self, token: str) -> PagePosition:
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raise bad_request("Skip token is malformed.") from None
        if not hmac.compare_digest(raw[:16], self._seal(raw[16:])):
            raise bad_request("Skip token is malformed.")
        return msgspec.msgpack.decode(raw[16:], type=PagePosition)

    def _seal(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")[:16]


@dataclass(kw_only=True)
class KeptLists:
    """The results of recent filtered queries by a random name."""

    _lists: OrderedDict[str, Sequence[DirectoryObject]] = field(default_factory=OrderedDict)

    def keep(self, items: Sequence[DirectoryObject]) -> str:
        name = secrets.token_hex(8)
        self._lists[name] = items
        while len(self._lists) > _KEPT_LISTS:
            self._lists.popitem(last=False)
        return name

    def forget(self) -> None:
        """Compute every list again, because something was written."""
        self._lists.clear()

    def recall(self, name: str, compute: Callable[[], Sequence[DirectoryObject]]) -> Sequence[DirectoryObject]:
        found = self._lists.get(name)
        return compute() if found is None else found


def query_name(tenant_id: str, path: str, raw: Mapping[str, str]) -> str:
    """Return a short name of a query, for binding tokens to it."""
    text = "\x00".join([tenant_id, path.lower(), *(f"{k}={v}" for k, v in sorted(raw.items()))])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def link(root: str, path: str, raw: Mapping[str, str], *, option: str, token: str) -> str:
    """Return the URL of the next page; it repeats the options of the query."""
    options = {f"${name}": value for name, value in raw.items()}
    query = urlencode(options | {f"${option}": token}, safe="$,()/:'*", quote_via=quote)
    return f"{root}{path}?{query}"


def expired_page_token() -> GraphError:
    return GraphError(
        400,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and can no longer be included in your request.",
    )
