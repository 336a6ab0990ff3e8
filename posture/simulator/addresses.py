"""From a URL path to a route and the keys in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from posture.simulator.graph_errors import no_such_segment
from posture.simulator.graph_facts import Route, graph_types, routes

VERSIONS = frozenset({"v1.0", "beta"})
_KEY = re.compile(r"(?P<name>[A-Za-z]+)\((?:(?P<property>[A-Za-z]+)=)?'(?P<value>(?:[^']|'')*)'\)$")


@dataclass(frozen=True, kw_only=True)
class Address:
    """A route with its keys, an OData cast at the end, and whether ``/$count`` was asked."""

    route: Route
    keys: tuple[str, ...]
    cast: str | None = None
    is_count: bool = False
    version: str = "v1.0"

    @property
    def type_name(self) -> str | None:
        return self.cast or self.route.type

    @property
    def path(self) -> str:
        """The path below the version, with the keys filled in."""
        keys = iter(self.keys)
        return "/".join(next(keys) if s == "{id}" else s for s in self.route.segments)


def find_address(method: str, path: str) -> Address:
    """Return what a path names; raise Graph's 400 for segments it does not know."""
    version, *segments = [unquote(part) for part in path.strip("/").split("/")]
    if version not in VERSIONS:
        raise no_such_segment(version[:100])
    segments = [piece for segment in segments for piece in _split_key(segment)]
    is_count = segments[-1:] == ["$count"]
    segments = segments[:-1] if is_count else segments
    cast = _cast(segments[-1]) if segments else None
    segments = segments[:-1] if cast else segments
    route, keys = _match(method, segments)
    if is_count and route.kind != "collection":
        raise no_such_segment("$count")
    return Address(route=route, keys=keys, cast=cast, is_count=is_count, version=version)


def _split_key(segment: str) -> list[str]:
    """Turn ``users('x')`` into two segments and ``applications(appId='x')`` into a key ``appId=x``."""
    found = _KEY.match(segment)
    if found is None:
        return [segment]
    value = found["value"].replace("''", "'")
    return [found["name"], f"{found['property']}={value}" if found["property"] else value]


def _cast(segment: str) -> str | None:
    name = segment.removeprefix("microsoft.").removeprefix("graph.")
    return name if name != segment and name in graph_types() else None


@cache
def _by_length() -> dict[int, list[tuple[tuple[str, ...], Route]]]:
    """Routes by number of segments, those with the most literal segments first."""
    found: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
    for route in sorted(routes(), key=lambda r: r.segments.count("{id}")):
        folded = tuple(s if s == "{id}" else s.lower() for s in route.segments)
        found.setdefault(len(folded), []).append((folded, route))
    return found


def _match(method: str, segments: list[str]) -> tuple[Route, tuple[str, ...]]:
    lowered = [segment.lower() for segment in segments]
    for pattern, route in _by_length().get(len(segments), []):
        fits = all(p in ("{id}", s) for p, s in zip(pattern, lowered, strict=True))
        if fits and route.method == method and all(segments):
            return route, tuple(s for p, s in zip(pattern, segments, strict=True) if p == "{id}")
    raise no_such_segment((segments[-1] if segments else "")[:100])
