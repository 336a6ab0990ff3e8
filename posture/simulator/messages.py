"""One request to Graph and one answer, without any transport."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class GraphRequest:
    """A request below the Graph root.

    ``path`` starts with the version (``/v1.0/users``) and is still percent-encoded; ``query`` is the raw query
    string; header names are lower case; ``root`` is the scheme and host the client used.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    root: str


@dataclass(frozen=True, kw_only=True)
class GraphAnswer:
    """Status, body and headers to send; ``route`` is the id of the route that answered, for the log."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    route: str | None = None
    throttled: bool = False
