"""``$expand``: which relations to inline, one level of options inside parentheses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from posture.simulator.graph_errors import bad_request, unknown_property
from posture.simulator.graph_facts import derived_types, graph_types

_EXPAND = re.compile(r"(?P<name>[\w/.]+)(?:\((?P<inner>.*)\))?$")


@dataclass(frozen=True, kw_only=True)
class Expand:
    """One relation to inline, with its own selection and, one level down, its own expansion."""

    name: str
    select: tuple[str, ...] | None = None
    expand: tuple[Expand, ...] = ()


def readable_as(type_name: str) -> tuple[str, ...]:
    """A list of directory objects may hold any of them, so any of their properties can be selected."""
    if type_name == "directoryObject":
        return tuple(t.name for t in graph_types().values() if t.base == type_name or t.name == type_name)
    return derived_types(type_name)


def read_expansions(text: str | None, type_name: str | None) -> tuple[Expand, ...]:
    if not text:
        return ()
    return tuple(_expansion(part, type_name) for part in _outside_parentheses(text, ","))


def _outside_parentheses(text: str, separator: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == separator and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    return [*parts, text[start:].strip()]


def _expansion(text: str, type_name: str | None) -> Expand:
    found = _EXPAND.match(text)
    if found is None:
        raise bad_request(f"Invalid $expand clause '{text[:100]}'.")
    name = found["name"]
    target = _related_type(name, type_name)
    inner = dict(_inner_option(part) for part in _outside_parentheses(found["inner"] or "", ";") if part)
    return Expand(
        name=name,
        select=_selection(inner["select"], target) if inner.get("select") else None,
        expand=read_expansions(inner.get("expand"), target),
    )


def _selection(text: str, type_name: str | None) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(","))
    known = [graph_types()[one].properties for one in readable_as(type_name)] if type_name else []
    for name in names:
        if known and not any(name.split("/")[0] in properties for properties in known):
            raise unknown_property(name, type_name or "")
    return names


def _inner_option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    option = name.strip().removeprefix("$").lower()
    if option not in {"select", "expand", "levels"}:
        raise bad_request(f"Query option '{name[:50]}' is not supported inside $expand.")
    return option, value


def _related_type(name: str, type_name: str | None) -> str | None:
    if type_name is None:
        return None
    for candidate in readable_as(type_name):
        target = graph_types()[candidate].navigation.get(name)
        if target is not None:
            return target.strip("[]") if target.strip("[]") in graph_types() else None
    raise unknown_property(name, type_name)
