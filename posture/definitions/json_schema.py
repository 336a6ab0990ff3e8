"""JSON Schema of a check file, so that editors complete keys and mark mistakes while somebody types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from posture.definitions.check_model import CheckModel
from posture.definitions.dictionary import Dictionary

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def check_schema(dictionary: Dictionary, *, actions: Iterable[str] = ()) -> dict[str, Any]:
    """Return the JSON Schema of a check file; resource types, tables and actions are those that there are."""
    schema = CheckModel.model_json_schema()
    properties = schema["properties"]
    properties["resource"]["enum"] = [kind.name for kind in dictionary.resource_types]
    known_actions = sorted(actions)
    # An empty enum is not allowed in JSON Schema: without actions the list is empty.
    properties["actions"] |= {"items": {"enum": known_actions}} if known_actions else {"maxItems": 0}
    tests = schema["$defs"]["TestsModel"]["properties"]
    tests["base"]["propertyNames"] = {"enum": [table.name for table in dictionary.tables]}
    return {"$schema": _DIALECT, **schema, "title": "Check"}
