"""What is known about Graph: types, read routes and filter support, read once from the JSON files in ``facts``.

Source: the published v1.0 metadata (2026-08-20), the public reference pages and the permission catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

RouteKind = Literal["collection", "object", "delta"]
FilterRule = str | tuple[str, ...] | None
UNDOCUMENTED_PAGE = 999
_LISTS_WITH_ITEMS = ("users/{id}/authentication/", "servicePrincipals/{id}/appRoleAssign")
"""Lists below an object whose items are read one by one; below most others Graph has no such path."""


@dataclass(frozen=True, kw_only=True)
class GraphType:
    """One type of the metadata; inherited members are included. A type name in brackets is a collection."""

    name: str
    properties: Mapping[str, str]
    navigation: Mapping[str, str]
    base: str | None


@dataclass(frozen=True, kw_only=True)
class Route:
    """One readable path and the rules of it.

    ``permissions`` are alternatives; those of ``together`` are enough if the caller has all. ``filter`` is
    ``"directory"`` (see the filter support table), ``"ids"`` (delta), ``"required"``, ``"any"``, a tuple of the
    properties allowed, or None. ``refuse`` names the query options that this route does not know. ``units`` is the
    cost in resource units without modifiers.
    """

    id: str
    path: str
    segments: tuple[str, ...]
    method: str
    kind: RouteKind
    type: str | None
    permissions: tuple[str, ...]
    throttle: str
    page_default: int
    page_max: int
    licence: str | None
    units: int
    filter: FilterRule
    refuse: frozenset[str]
    together: frozenset[str] = frozenset()


def _read(name: str) -> Any:
    return msgspec.json.decode((files("posture.simulator.facts") / name).read_bytes())


@cache
def graph_types() -> Mapping[str, GraphType]:
    rows = _read("types.json")["types"]
    return {
        name: GraphType(
            name=name,
            properties=row["properties"],
            navigation=row.get("navigation", {}),
            base=row.get("base"),
        )
        for name, row in rows.items()
    }


@cache
def enumerations() -> Mapping[str, tuple[str, ...]]:
    """Return enumeration → members."""
    return {name: tuple(members) for name, members in _read("types.json")["enums"].items()}


@cache
def derived_types(name: str) -> tuple[str, ...]:
    """Return the type and everything below it."""
    below = [t.name for t in graph_types().values() if t.base == name]
    return (name, *(deeper for child in below for deeper in derived_types(child)))


@cache
def filter_support() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return type → property → operator → ``default``, ``eventual`` or ``no``."""
    support: Mapping[str, Mapping[str, Mapping[str, str]]] = _read("filter_support.json")
    return support


@cache
def readable_permissions() -> frozenset[str]:
    """Return every application permission that opens at least one route for reading."""
    named = {p for route in routes() for p in route.permissions}
    return frozenset(p for p in named if ".Read." in p)


@cache
def routes() -> tuple[Route, ...]:
    listed = [_route(row) for row in _read("routes.json")]
    return (*listed, *(_item_route(route) for route in listed if _has_items(route, listed)))


def _route(row: Mapping[str, Any]) -> Route:
    default, largest = row.get("page", (UNDOCUMENTED_PAGE, UNDOCUMENTED_PAGE))
    rule = row.get("filter")
    return Route(
        id=row["id"],
        path=row["path"],
        segments=tuple(row["path"].split("/")),
        method=row.get("method", "GET"),
        kind=row["kind"],
        type=row["type"],
        permissions=tuple(row["permissions"]),
        throttle=row["throttle"],
        page_default=default,
        page_max=largest or UNDOCUMENTED_PAGE,
        licence=row.get("licence"),
        units=row.get("units", 1),
        filter=tuple(rule) if isinstance(rule, list) else rule,
        refuse=frozenset(row["refuse"]),
        together=frozenset(row.get("together", ())),
    )


def _has_items(route: Route, listed: list[Route]) -> bool:
    item = f"{route.path}/{{id}}"
    is_list = route.kind == "collection" and route.method == "GET"
    is_kept = "{id}" not in route.path or route.path.startswith(_LISTS_WITH_ITEMS)
    return is_list and is_kept and all(other.path != item for other in listed)


def _item_route(route: Route) -> Route:
    path = f"{route.path}/{{id}}"
    return Route(
        id=f"{route.id}-id",
        path=path,
        segments=tuple(path.split("/")),
        method="GET",
        kind="object",
        type=route.type,
        permissions=route.permissions,
        throttle=route.throttle,
        page_default=1,
        page_max=1,
        licence=route.licence,
        units=1,
        filter=None,
        refuse=(route.refuse - {"expand"}) | {"count", "search", "orderby", "skip", "top"},
    )
