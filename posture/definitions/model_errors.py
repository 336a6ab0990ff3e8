"""Pydantic's complaints in our words: where in the file, what is wrong, what was probably meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from posture.definitions.dictionary import did_you_mean
from posture.definitions.yaml_source import Step, YamlDocument
from posture.errors import DefinitionError

_Model = TypeVar("_Model", bound=BaseModel)
_EXPECTED = {
    "string_type": "a text is expected here",
    "int_type": "a whole number is expected here",
    "float_type": "a number is expected here",
    "bool_type": "true or false is expected here",
    "list_type": "a list is expected here",
    "dict_type": "a mapping of keys to values is expected here",
    "model_type": "a mapping of keys to values is expected here",
}


def validate(
    model: type[_Model], document: YamlDocument, *, guide: str = "posture checks schema tells the form of every key."
) -> _Model:
    """Return the document as the model. ``guide`` is the advice where no better one is known.

    Raises:
        DefinitionError: it does not fit; the first misfit in the file is told.
    """
    try:
        return model.model_validate(document.value)
    except ValidationError as problem:
        telling = _most_telling(problem.errors(include_url=False))
        found = [_translated(model, document, error, guide) for error in telling]
        raise min(found, key=lambda error: (error.at.line, error.at.column)) from problem


def _most_telling(complaints: Sequence[Any]) -> Sequence[Any]:
    """Return the complaints that help: a misspelt key is also missing under its right name, and makes its whole
    mapping unfit for the other forms that the place allows."""
    misspelt = [error for error in complaints if error["type"] == "extra_forbidden"]
    return misspelt or [error for error in complaints if error["type"] != "missing"] or complaints


def _translated(model: type[BaseModel], document: YamlDocument, error: Any, guide: str) -> DefinitionError:
    steps = _existing_steps(document, error["loc"])
    kind: str = error["type"]
    if kind == "extra_forbidden":
        key = str(steps[-1])
        known = _fields_around(model, steps)
        return DefinitionError(
            f'the key "{key}" is not known here',
            at=document.locate_key(steps),
            advice=did_you_mean(key, known, otherwise=f"Known here: {', '.join(known)}."),
        )
    if kind == "missing":
        missing = f'the key "{error["loc"][-1]}" is missing'
        return document.error(missing, at=steps, advice=f"Add it; {guide}")
    said = _EXPECTED.get(kind) or str(error["msg"]).removeprefix("Value error, ").lower().rstrip(".")
    return document.error(said, at=steps, advice=_advice_for(error, document.at(steps), guide))


def _advice_for(error: Any, value: object, guide: str) -> str:
    expected = str(error.get("ctx", {}).get("expected", ""))
    words = [word.strip("' ") for word in expected.replace(" or ", ",").split(",") if word.strip()]
    if isinstance(value, str) and words:
        return did_you_mean(value, words, otherwise=f"Use one of: {', '.join(words)}.")
    if error["type"] == "string_type" and isinstance(value, bool | int | float):
        return "Put it in quotes."
    return guide


def _existing_steps(document: YamlDocument, loc: Sequence[Step]) -> tuple[Step, ...]:
    """Return the part of pydantic's path that exists in the file; it also names members of unions."""
    steps: tuple[Step, ...] = ()
    for step in loc:
        if (*steps, step) in document.spans:
            steps = (*steps, step)
    return steps


def _fields_around(model: type[BaseModel], steps: Sequence[Step]) -> list[str]:
    """Return the keys that the mapping around ``steps`` may have."""
    schema: dict[str, Any] = model.model_json_schema()
    places = [schema]
    for step in steps[:-1]:
        places = [inner for place in places for inner in _inside(schema, place, step)]
    return sorted({name for place in places for name in _resolved(schema, place).get("properties", {})})


def _inside(schema: dict[str, Any], place: dict[str, Any], step: Step) -> list[dict[str, Any]]:
    place = _resolved(schema, place)
    if isinstance(step, int):
        found = [place["items"]] if "items" in place else []
    else:
        extra = place.get("additionalProperties")
        inner = place.get("properties", {}).get(step, extra if isinstance(extra, dict) else None)
        found = [inner] if inner is not None else []
    return [option for inner in found for option in inner.get("anyOf", [inner])]


def _resolved(schema: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in place:
        named: dict[str, Any] = schema["$defs"][place["$ref"].rsplit("/", 1)[-1]]
        return named
    return place
