"""From a URL path to a route and the keys in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from posture.simulator.graph_errors import method_not_allowed, no_such_segment
from posture.simulator.graph_facts import Route, graph_types, routes
from posture.simulator.write_facts import WriteRoute, mail_routes, write_routes

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


@dataclass(frozen=True, kw_only=True)
class WriteAddress:
    """The writes that a method and path may mean (the properties in the body decide), with the keys."""

    routes: tuple[WriteRoute, ...]
    keys: tuple[str, ...]
    version: str = "v1.0"


def find_address(method: str, path: str) -> Address | WriteAddress:
    """Return what a path names; raise Graph's 400 for segments it does not know, 405 for other methods."""
    version, segments = _segments(path)
    if method == "GET" or _match(method, segments) is not None:
        return _read_address(method, version, segments)
    return _write_address(method, version, segments)


def _segments(path: str) -> tuple[str, list[str]]:
    version, *segments = [unquote(part) for part in path.strip("/").split("/")]
    if version not in VERSIONS:
        raise no_such_segment(version[:100])
    return version, [piece for segment in segments for piece in _split_key(segment)]


def _read_address(method: str, version: str, segments: list[str]) -> Address:
    is_count = segments[-1:] == ["$count"]
    segments = segments[:-1] if is_count else segments
    cast = _cast(segments[-1]) if segments else None
    segments = segments[:-1] if cast else segments
    found = _match(method, segments)
    if found is None:
        raise no_such_segment((segments[-1] if segments else "")[:100])
    route, keys = found
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


def _match(method: str, segments: list[str]) -> tuple[Route, tuple[str, ...]] | None:
    for pattern, route in _by_length().get(len(segments), []):
        keys = _keys(pattern, segments)
        if keys is not None and route.method == method:
            return route, keys
    return None


def _keys(pattern: tuple[str, ...], segments: list[str]) -> tuple[str, ...] | None:
    """Return the segments that stand for ``{id}``, None if the pattern does not fit; literal ones ignore case."""
    fits = all(segments) and all(p in ("{id}", s.lower()) for p, s in zip(pattern, segments, strict=True))
    return tuple(s for p, s in zip(pattern, segments, strict=True) if p == "{id}") if fits else None


def _write_address(method: str, version: str, segments: list[str]) -> WriteAddress:
    found: list[WriteRoute] = []
    keys: tuple[str, ...] = ()
    is_known = _match("GET", segments) is not None
    for pattern, route in _writes_by_length().get(len(segments), []):
        fitting = _keys(pattern, segments)
        is_known = is_known or fitting is not None
        if fitting is not None and route.method == method:
            found.append(route)
            keys = fitting
    if not found:
        raise method_not_allowed() if is_known else no_such_segment((segments[-1] if segments else "")[:100])
    found.sort(key=lambda route: bool(route.properties))  # the one for the rest of the properties first
    return WriteAddress(routes=tuple(found), keys=keys, version=version)


@cache
def _writes_by_length() -> dict[int, list[tuple[tuple[str, ...], WriteRoute]]]:
    found: dict[int, list[tuple[tuple[str, ...], WriteRoute]]] = {}
    for route in (*write_routes(), *mail_routes()):
        folded = tuple(s if s == "{id}" else s.lower() for s in route.segments)
        found.setdefault(len(folded), []).append((folded, route))
    return found
