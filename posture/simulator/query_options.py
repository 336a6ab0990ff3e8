"""The OData options of one request, read strictly against its route."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from posture.simulator.expansions import Expand, read_expansions, readable_as
from posture.simulator.filter_language import Expression, parse_filter
from posture.simulator.filter_rules import check_filter
from posture.simulator.graph_errors import GraphError, bad_request, unknown_property, unsupported_query
from posture.simulator.graph_facts import Route, graph_types

_OPTIONS = frozenset(
    {"select", "top", "filter", "orderby", "count", "search", "expand", "skip", "skiptoken", "deltatoken", "format"}
)
_OUTSIDE_DIRECTORY = frozenset(
    [
        "aboutMe",
        "birthday",
        "hireDate",
        "interests",
        "mySite",
        "pastProjects",
        "preferredName",
        "responsibilities",
        "schools",
        "skills",
        "mailboxSettings",
    ]
)
SIGN_IN_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class QueryOptions:
    """What the caller asked for; ``select`` None means the default properties.

    ``count`` is true only where Graph would honour it. ``raw`` holds the options as sent, for next links.
    """

    select: tuple[str, ...] | None = None
    top: int | None = None
    filter: Expression | None = None
    orderby: tuple[tuple[tuple[str, ...], bool], ...] = ()
    count: bool = False
    search: tuple[tuple[str, str], ...] = ()
    expand: tuple[Expand, ...] = ()
    skip: int = 0
    skip_token: str | None = None
    delta_token: str | None = None
    raw: Mapping[str, str] = field(default_factory=dict)


def read_options(
    query: str, headers: Mapping[str, str], route: Route, *, cast: str | None = None, count_segment: bool = False
) -> QueryOptions:
    """Return the options of a query string; raise a 400 GraphError for anything the route does not know."""
    raw = _split(query)
    _refuse_unknown(raw, route, count_segment=count_segment)
    type_name = cast or route.type
    eventual = headers.get("consistencylevel", "").lower() == "eventual"
    options = QueryOptions(
        select=_select(raw.get("select"), route, type_name),
        top=_top(raw.get("top"), route),
        filter=parse_filter(raw["filter"]) if raw.get("filter") else None,
        orderby=_orderby(raw.get("orderby"), type_name),
        count=_flag(raw.get("count")) and (eventual or route.throttle != "identity_access"),
        search=_search(raw.get("search"), eventual=eventual),
        expand=read_expansions(raw.get("expand"), type_name),
        skip=_whole_number("$skip", raw["skip"]) if "skip" in raw else 0,
        skip_token=raw.get("skiptoken"),
        delta_token=raw.get("deltatoken") or None,  # the empty one starts a full round
        raw={name: value for name, value in raw.items() if name not in {"skiptoken", "deltatoken"}},
    )
    _check_advanced(options, route, type_name, cast=cast, eventual=eventual, count_segment=count_segment)
    if route.filter == "required" and options.filter is None:
        raise bad_request("The query must contain a filter on scopeId and scopeType.")
    return options


def _split(query: str) -> dict[str, str]:
    """Return the system options by name; the ``$`` may be left out, other parameters are ignored by Graph."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        option = name.removeprefix("$").lower()
        if option not in _OPTIONS:
            if name.startswith("$"):
                raise bad_request(f"The query parameter '{name}' is not supported.")
            continue
        if option in found:
            raise bad_request(f"Query option '${option}' was specified more than once.")
        found[option] = value
    return found


def _refuse_unknown(raw: Mapping[str, str], route: Route, *, count_segment: bool) -> None:
    for name in raw:
        if name == "search" and count_segment:
            continue
        # $count=true without support is ignored, see below
        if name in route.refuse and name != "count":
            raise bad_request(f"'${name}' is not supported by the service.")
    if "count" in route.refuse and "count" in raw and route.throttle == "reports":
        raise bad_request("'$count' is not supported by the service.")


def _whole_number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise bad_request(f"Invalid value '{text[:50]}' for {name} query option found.")
    return int(text)


def _flag(text: str | None) -> bool:
    if text is None:
        return False
    if text.lower() not in {"true", "false"}:
        raise bad_request(f"Invalid value '{text[:50]}' for $count query option found.")
    return text.lower() == "true"


def _top(text: str | None, route: Route) -> int | None:
    """Directory routes refuse a page beyond the maximum, others cut it."""
    if text is None:
        return None
    top = _whole_number("$top", text)
    beyond = top > route.page_max and route.throttle == "identity_access"
    if top < 1 or beyond:
        raise GraphError(
            400, "Request_BadRequest", f"Invalid page size specified: '{top}'. Must be between 1 and 999 inclusive."
        )
    return min(top, route.page_max)


def _select(text: str | None, route: Route, type_name: str | None) -> tuple[str, ...] | None:
    if text is None or not text.strip():
        return None
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for name in names:
        _check_property(name.split("/")[0], route, type_name)
    return None if "*" in names else names


def _check_property(name: str, route: Route, type_name: str | None) -> None:
    if type_name is None or name == "*":
        return
    types = [graph_types()[t] for t in readable_as(type_name)]
    is_delta_relation = route.kind == "delta" and any(name in t.navigation for t in types)
    if not is_delta_relation and not any(name in t.properties for t in types):
        raise unknown_property(name, type_name)
    if name in _OUTSIDE_DIRECTORY and type_name == "user" and route.kind == "collection":
        raise GraphError(501, "NotImplemented", "This operation target is not yet supported.")


def _orderby(text: str | None, type_name: str | None) -> tuple[tuple[tuple[str, ...], bool], ...]:
    if not text:
        return ()
    keys = []
    for part in text.split(","):
        words = part.split()
        if not 1 <= len(words) <= 2 or words[1:] not in ([], ["asc"], ["desc"]):
            raise bad_request(f"Invalid $orderby clause '{part[:100]}'.")
        path = tuple(words[0].split("/"))
        if type_name and not any(path[0] in graph_types()[t].properties for t in readable_as(type_name)):
            raise unknown_property(path[0], type_name)
        keys.append((path, words[1:] == ["desc"]))
    return tuple(keys)


def _search(text: str | None, *, eventual: bool) -> tuple[tuple[str, str], ...]:
    """Return the clauses of ``"property:text" AND "property:text"``."""
    if not text:
        return ()
    if not eventual:
        raise unsupported_query(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    clauses = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    if not clauses or any(":" not in clause for clause in clauses):
        raise unsupported_query('Unsupported Query: a search clause is "property:text".')
    pairs = [clause.split(":", 1) for clause in clauses]
    return tuple((name, value.casefold()) for name, value in pairs)


def _check_advanced(
    options: QueryOptions,
    route: Route,
    type_name: str | None,
    *,
    cast: str | None,
    eventual: bool,
    count_segment: bool,
) -> None:
    """Refuse advanced queries without their header, and advanced queries together with ``$expand``."""
    advanced = options.filter is not None and check_filter(options.filter, route, type_name)
    if route.throttle != "identity_access":
        return
    if count_segment and not eventual:
        raise GraphError(400, "Request_BadRequest", "$count is not currently supported.")
    advanced = advanced or bool(options.orderby and options.filter)
    has_options = options.filter is not None or bool(options.orderby)
    advanced = advanced or (cast is not None and route.path.count("{id}") > 0 and has_options)
    if advanced and not (eventual and (options.count or count_segment)):
        raise unsupported_query(
            "Request uses an advanced query: it needs the header 'ConsistencyLevel: eventual' and $count=true."
        )
    if options.expand and (advanced or options.count or options.search):
        raise unsupported_query("$expand cannot be combined with an advanced query.")
    if len(options.expand) > 1 and route.kind == "collection":
        raise bad_request("Only one property can be expanded per request.")
