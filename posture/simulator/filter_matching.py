"""Tell whether an entity satisfies a parsed filter.

Strings compare without regard to case, as the directory does; dates compare as instants. A missing property
counts as null. Collections are matched only through ``any``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from posture.simulator.filter_language import (
    AnyOf,
    Comparison,
    Expression,
    Function,
    Junction,
    Literal,
    Negation,
    TypeTest,
)

Predicate = Callable[[Any], bool]
_ORDERS: Mapping[str, Callable[[int], bool]] = {
    "gt": lambda order: order > 0,
    "ge": lambda order: order >= 0,
    "lt": lambda order: order < 0,
    "le": lambda order: order <= 0,
}
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$")


def compile_filter(expression: Expression, *, variable: str = "", own_type: str = "") -> Predicate:
    """Return a predicate over entities; inside a lambda, ``variable`` stands for the item itself.

    ``own_type`` is the type of entities that carry no ``@odata.type``.
    """
    match expression:
        case Comparison():
            return _comparison(expression, variable)
        case Function():
            return _function(expression, variable)
        case TypeTest(type_name=name):
            return lambda entity: _type_of(entity, own_type) == name
        case AnyOf():
            return _any(expression, variable)
        case Negation(condition=condition):
            inner = compile_filter(condition, variable=variable, own_type=own_type)
            return lambda entity: not inner(entity)
        case Junction(operator=operator, conditions=conditions):
            parts = [compile_filter(c, variable=variable, own_type=own_type) for c in conditions]
            judge = all if operator == "and" else any
            return lambda entity: judge(part(entity) for part in parts)


def _type_of(entity: Mapping[str, Any], own_type: str) -> str:
    declared: str = entity.get("@odata.type", own_type)
    return declared.removeprefix("#microsoft.graph.")


def _reader(path: tuple[str, ...], variable: str) -> Callable[[Any], Any]:
    steps = path[1:] if variable and path[0] == variable else path
    if not steps:
        return lambda item: item
    if len(steps) == 1:
        name = steps[0]
        return lambda entity: entity.get(name) if isinstance(entity, dict) else None
    return lambda entity: _walk(entity, steps)


def _walk(value: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def comparable(value: Any) -> Any:
    """Return a value that orders and equals as Graph would: caseless text, dates without trailing noise."""
    if not isinstance(value, str):
        return value
    if _DATE.match(value):
        return _instant(value)
    return value.casefold()


def _instant(text: str) -> str:
    if "T" not in text:
        return f"{text}T00:00:00"
    if not text.endswith("Z"):
        text = datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")
    bare = text.removesuffix("Z")
    return bare.rstrip("0").rstrip(".") if "." in bare else bare


def _comparison(node: Comparison, variable: str) -> Predicate:
    read = _reader(node.path, variable)
    values = [comparable(value) for value in node.values]
    wanted = values[0]
    match node.operator:
        case "eq":
            return lambda entity: bool(comparable(read(entity)) == wanted)
        case "ne":
            return lambda entity: bool(comparable(read(entity)) != wanted)
        case "in":
            members = set(values)
            return lambda entity: _hashable(comparable(read(entity))) in members
        case "has":
            return lambda entity: wanted in _flags(read(entity))
        case operator:
            return _ordering(read, operator, wanted)


def _hashable(value: Any) -> Any:
    return None if isinstance(value, dict | list) else value


def _flags(value: Any) -> set[str]:
    return {part.strip().casefold() for part in value.split(",")} if isinstance(value, str) else set()


def _ordering(read: Callable[[Any], Any], operator: str, wanted: Literal) -> Predicate:
    if wanted is None:
        return lambda _: False
    holds = _ORDERS[operator]

    def is_ordered(entity: Any) -> bool:
        value = comparable(read(entity))
        if value is None or isinstance(value, list | dict) or isinstance(value, str) != isinstance(wanted, str):
            return False
        return holds((value > wanted) - (value < wanted))

    return is_ordered


def _function(node: Function, variable: str) -> Predicate:
    read = _reader(node.path, variable)
    text = node.text.casefold()

    def is_match(entity: Any) -> bool:
        value = read(entity)
        if not isinstance(value, str):
            return False
        folded = value.casefold()
        if node.name == "startswith":
            return folded.startswith(text)
        return folded.endswith(text) if node.name == "endswith" else text in folded

    return is_match


def _any(node: AnyOf, variable: str) -> Predicate:
    read = _reader(node.path, variable)
    if node.condition is None:
        return lambda entity: bool(read(entity))
    inner = compile_filter(node.condition, variable=node.variable)

    def has_one(entity: Any) -> bool:
        items = read(entity)
        return isinstance(items, list) and any(inner(item) for item in items)

    return has_one
