"""Which filters a route accepts, and which of them are advanced queries.

An advanced query needs the header ``ConsistencyLevel: eventual`` and ``$count=true``.
Source: "Advanced query capabilities on Microsoft Entra ID objects", carried in ``facts/filter_support.json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from posture.simulator.filter_language import (
    AnyOf,
    Comparison,
    Expression,
    Function,
    Junction,
    Negation,
    TypeTest,
)
from posture.simulator.graph_errors import GraphError, bad_request, unsupported_query
from posture.simulator.graph_facts import Route, derived_types, filter_support, graph_types

_ENDS_WITH = frozenset({"mail", "otherMails", "userPrincipalName", "proxyAddresses"})
_MOST_VALUES = 15
_MOST_DELTA_IDS = 50


@dataclass(frozen=True, kw_only=True)
class PropertyUse:
    """One property as one operator uses it; for a lambda the property is ``path/any(item)``."""

    path: tuple[str, ...]
    operator: str
    in_lambda: bool = False
    item: tuple[str, ...] = ()
    count: int = 1


def check_filter(expression: Expression, route: Route, type_name: str | None) -> bool:
    """Return whether the filter is an advanced query; raise a 400 GraphError if the route cannot answer it."""
    uses = list(_uses(expression))
    for use in uses:
        _check_known(use, type_name)
        if use.count > _MOST_VALUES and route.kind != "delta":
            raise bad_request(f"Too many child clauses specified in search filter expression: {use.count}.")
    match route.filter:
        case None:
            raise bad_request("The query specified in the URI is not valid. $filter is not supported here.")
        case "directory":
            return _directory(expression, uses, type_name)
        case "ids":
            _delta(uses)
        case tuple() as allowed:
            _listed(uses, allowed)
    return False


def _uses(node: Expression) -> Iterator[PropertyUse]:
    match node:
        case Comparison(path=path, operator=operator, values=values):
            asked = "null" if values == (None,) else operator
            yield PropertyUse(path=path, operator=asked, count=len(values))
        case Function(path=path, name=name):
            yield PropertyUse(path=path, operator=name)
        case TypeTest():
            return
        case AnyOf(path=path, condition=None):
            yield PropertyUse(path=path, operator="not empty", in_lambda=True)
        case AnyOf(path=path, condition=condition) if condition is not None:
            for use in _uses(condition):
                yield PropertyUse(
                    path=path, operator=use.operator, in_lambda=True, item=use.path[1:], count=use.count
                )
        case Negation(condition=condition):
            yield from _uses(condition)
        case Junction(conditions=conditions):
            for condition in conditions:
                yield from _uses(condition)


def _check_known(use: PropertyUse, type_name: str | None) -> None:
    if type_name is None:
        return
    name = use.path[0]
    types = [graph_types()[t] for t in derived_types(type_name)]
    known = type_name == "directoryObject" or any(name in t.properties or name in t.navigation for t in types)
    if not known:
        raise bad_request(
            f"Invalid filter clause: Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."
        )


def _delta(uses: list[PropertyUse]) -> None:
    ids = sum(use.count for use in uses)
    if any(use.path != ("id",) or use.operator not in {"eq", "in"} for use in uses) or ids > _MOST_DELTA_IDS:
        raise bad_request("A delta query filters by at most 50 values of id.")


def _listed(uses: list[PropertyUse], allowed: tuple[str, ...]) -> None:
    for use in uses:
        if use.path[0] not in allowed:
            raise bad_request(f"Invalid filter clause: filtering by '{'/'.join(use.path)}' is not supported.")


def _directory(expression: Expression, uses: list[PropertyUse], type_name: str | None) -> bool:
    if any(use.path[0] == "signInActivity" for use in uses) and len({use.path for use in uses}) > 1:
        raise bad_request("signInActivity cannot be filtered together with another property.")
    levels = {_level(use, type_name) for use in uses}
    if "no" in levels:
        raise _unindexed()
    return "eventual" in levels or _negates(expression)


def _unindexed() -> GraphError:
    return unsupported_query("Unsupported or invalid query filter clause specified for property.")


def _level(use: PropertyUse, type_name: str | None) -> str:
    if use.path == ("id",) and use.operator in {"eq", "in"}:
        return "default"
    supported = _supported(use, type_name)
    if supported is None:
        return "no"
    if use.operator == "ne":
        return "no" if supported.get("eq", "no") == "no" else "eventual"
    if use.operator == "endswith":
        return "eventual" if use.path[0] in _ENDS_WITH else "no"
    if use.operator == "not empty":
        return "eventual"
    operator = {"in": "eq", "startswith": "startsWith"}.get(use.operator, use.operator)
    return supported.get(operator, "no")


def _supported(use: PropertyUse, type_name: str | None) -> dict[str, str] | None:
    table = filter_support().get(type_name or "", {})
    plain = "/".join(use.path)
    for name, operators in table.items():
        head, is_lambda, inner = name.partition("/any(")
        if bool(is_lambda) != use.in_lambda or not _same_property(head, plain):
            continue
        item = inner.rstrip(")").partition(":")[2].partition("/")[2]
        if not is_lambda or not use.item or item == "/".join(use.item):
            return dict(operators)
    return None


def _same_property(documented: str, asked: str) -> bool:
    """Compare names; the table writes fifteen extension attributes as one line ending in ``1-15``."""
    if documented.endswith("1-15"):
        return re.fullmatch(re.escape(documented.removesuffix("1-15")) + r"\d{1,2}", asked) is not None
    return documented == asked


def _negates(node: Expression) -> bool:
    match node:
        case Negation():
            return True
        case Junction(conditions=conditions):
            return any(_negates(condition) for condition in conditions)
    return False
