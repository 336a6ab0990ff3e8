"""Parameters as people type them."""

from __future__ import annotations

from collections.abc import Callable

from posture.definitions.parameters import ParameterRefused, fitting_value
from posture.domain.check import Parameter, ParameterType, ParameterValue
from posture.errors import UsageError

_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def value_of_text(parameter: Parameter, text: str) -> ParameterValue:
    """Return the value that a text means for a parameter; the items of a list are separated by commas.

    Raises:
        UsageError: the text does not fit.
    """
    try:
        return fitting_value(parameter, _converted(parameter.type, text))
    except ParameterRefused as error:
        raise UsageError(f"the parameter {parameter.name}: {error}. {parameter.help}".rstrip(". ")) from error


def _converted(kind: ParameterType, text: str) -> object:
    match kind:
        case ParameterType.INTEGER:
            return _number(text, int)
        case ParameterType.NUMBER:
            return _number(text, float)
        case ParameterType.BOOLEAN:
            return _WORDS.get(text.lower(), text)
        case ParameterType.LIST:
            return [part.strip() for part in text.split(",") if part.strip()]
        case _:
            return text


def _number(text: str, kind: Callable[[str], object]) -> object:
    """Return the number that a text means, or the text itself, which then does not fit."""
    try:
        return kind(text)
    except ValueError:
        return text
