"""Parameters of checks and actions: their declaration in the file, and the values that somebody gives them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from posture.definitions.check_model import ParameterShape
from posture.definitions.dictionary import did_you_mean
from posture.definitions.vocabulary import ITEM_KINDS
from posture.domain.check import Check, Parameter, ParameterType, ParameterValue

_Number = TypeVar("_Number", int, float)
_OBJECT_ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class ParameterRefused(Exception):
    """A parameter or a value for it does not fit; the text is a sentence without its end."""


def declared_parameter(name: str, model: ParameterShape, default: object) -> Parameter:
    """Return the parameter that a file declares; ``default`` None if it has none.

    Raises:
        ParameterRefused: its range or choices do not fit its type, or its default does not fit them.
    """
    choices = tuple(model.of) if isinstance(model.of, list) else tuple(model.choices)
    if isinstance(model.of, str) and model.of not in ITEM_KINDS:
        raise ParameterRefused(f'"{model.of}" is not a kind of item')
    if (model.of is not None) != (model.type is ParameterType.LIST):
        raise ParameterRefused('"of" belongs to a parameter of type list, and every list has it')
    if model.choices and model.type is not ParameterType.STRING:
        raise ParameterRefused('"choices" belongs to a parameter of type string')
    is_number = model.type in (ParameterType.INTEGER, ParameterType.NUMBER)
    if (model.min is not None or model.max is not None) and not is_number:
        raise ParameterRefused('"min" and "max" belong to a number')
    parameter = Parameter(
        name=name,
        type=model.type,
        default=None,
        unit=model.unit,
        minimum=model.min,
        maximum=model.max,
        choices=choices,
        help=model.help,
    )
    if default is None:
        return parameter
    return replace(parameter, default=fitting_value(parameter, default))


def fitting_value(parameter: Parameter, value: object) -> ParameterValue:
    """Return a value as the parameter's type has it: lists as tuples.

    Raises:
        ParameterRefused: the value is of another type, out of range, or not among the choices.
    """
    kind = parameter.type
    if kind is ParameterType.LIST:
        return _fitting_list(parameter, value)
    if kind is ParameterType.BOOLEAN and isinstance(value, bool):
        return value
    if kind is ParameterType.STRING and isinstance(value, str):
        return _fitting_choice(parameter, value)
    if kind is ParameterType.OBJECT_ID and isinstance(value, str):
        return _fitting_id(value)
    if kind is ParameterType.INTEGER and isinstance(value, int) and not isinstance(value, bool):
        return _in_range(parameter, value)
    if kind is ParameterType.NUMBER and isinstance(value, int | float) and not isinstance(value, bool):
        return _in_range(parameter, float(value))
    raise ParameterRefused(f"{_expected(kind)} is expected, not {value!r}")


def parameter_values(check: Check, overrides: Mapping[str, object]) -> dict[str, ParameterValue]:
    """Return the value of each parameter of a check: the tenant's, else the default.

    Raises:
        ParameterRefused: a setting names a parameter that the check does not have, or does not fit it.
    """
    return values_given(f"check {check.id}", check.parameters, overrides)


def values_given(
    whose: str, parameters: Iterable[Parameter], given: Mapping[str, object]
) -> dict[str, ParameterValue]:
    """Return the value of each parameter: the one given, else the default. ``whose`` begins the sentences.

    Raises:
        ParameterRefused: a parameter does not exist, a value does not fit, or one that has to be given is not.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            advice = did_you_mean(name, known, otherwise=f"It has: {', '.join(known) or 'none'}.")
            raise ParameterRefused(f'{whose} has no parameter "{name}". {advice}')
    values: dict[str, ParameterValue] = {}
    for name, parameter in known.items():
        try:
            value = fitting_value(parameter, given[name]) if name in given else parameter.default
        except ParameterRefused as refused:
            raise ParameterRefused(f'{whose}, parameter "{name}": {refused}') from refused
        if value is None:
            raise ParameterRefused(f'{whose} needs the parameter "{name}"')
        values[name] = value
    return values


def defaults_of(parameters: Iterable[Parameter]) -> dict[str, ParameterValue]:
    """Return the default of each parameter that has one."""
    return {parameter.name: parameter.default for parameter in parameters if parameter.default is not None}


def texts_of(parameters: Iterable[Parameter]) -> frozenset[str]:
    """Return the texts that parameters may stand for: choices and defaults, of open lists the first and the last."""
    found: set[str] = set()
    for parameter in parameters:
        found.update(parameter.choices)
        if isinstance(parameter.default, str):
            found.add(parameter.default)
        elif isinstance(parameter.default, tuple):
            # Items of one open list mean the same to a check; trying all would cost minutes and tell nothing.
            found.update((*parameter.default[:1], *parameter.default[-1:]))
    return frozenset(found)


def integers_of(parameters: Iterable[Parameter]) -> frozenset[int]:
    """Return the defaults that are whole numbers."""
    defaults = (parameter.default for parameter in parameters)
    return frozenset(value for value in defaults if isinstance(value, int) and not isinstance(value, bool))


def _fitting_list(parameter: Parameter, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ParameterRefused(f"a list of texts is expected, not {value!r}")
    return tuple(_fitting_choice(parameter, _as_graph_writes(item)) for item in value)


def _fitting_id(value: str) -> str:
    if not _OBJECT_ID.fullmatch(value):
        raise ParameterRefused(f"an id of Microsoft Graph is expected, not {value!r}")
    return _as_graph_writes(value)


def _as_graph_writes(item: str) -> str:
    """Return an id in lower case: case does not tell ids apart, but SQL compares letters."""
    return item.lower() if _GUID.fullmatch(item) else item


def _fitting_choice(parameter: Parameter, value: str) -> str:
    if parameter.choices and value not in parameter.choices:
        raise ParameterRefused(f'"{value}" is not one of: {", ".join(parameter.choices)}')
    return value


def _in_range(parameter: Parameter, value: _Number) -> _Number:
    if not math.isfinite(value):
        raise ParameterRefused(f"{value} is not a number to compare with")
    if parameter.minimum is not None and value < parameter.minimum:
        raise ParameterRefused(f"{value} is less than the minimum, {parameter.minimum}")
    if parameter.maximum is not None and value > parameter.maximum:
        raise ParameterRefused(f"{value} is more than the maximum, {parameter.maximum}")
    return value


def _expected(kind: ParameterType) -> str:
    words = {
        ParameterType.BOOLEAN: "true or false",
        ParameterType.INTEGER: "a whole number",
        ParameterType.NUMBER: "a number",
        ParameterType.OBJECT_ID: "an id of Microsoft Graph",
    }
    return words.get(kind, "a text")
