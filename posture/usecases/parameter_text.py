"""Parameters as people type them."""

from __future__ import annotations

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
    except (ValueError, ParameterRefused) as error:
        raise UsageError(f"the parameter {parameter.name}: {error or 'it does not fit'}. {parameter.help}") from error


def _converted(kind: ParameterType, text: str) -> object:
    match kind:
        case ParameterType.INTEGER:
            return int(text)
        case ParameterType.NUMBER:
            return float(text)
        case ParameterType.BOOLEAN:
            return _WORDS.get(text.lower(), text)
        case ParameterType.LIST:
            return [part.strip() for part in text.split(",") if part.strip()]
        case _:
            return text
