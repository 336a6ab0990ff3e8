"""JSON Schema of check and action files, so that editors complete keys and mark mistakes while somebody types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from posture.definitions.action_model import ActionModel
from posture.definitions.check_model import CheckModel
from posture.definitions.dictionary import Dictionary
from posture.tables.writes import WRITES

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_PERMISSIONS: Final = sorted(
    {permission for write in WRITES for needed in write.permissions for permission in needed}
    | {permission for write in WRITES for _, needed in write.for_properties for permission in needed}
)


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


def action_schema(dictionary: Dictionary) -> dict[str, Any]:
    """Return the JSON Schema of an action file; ``dictionary`` has the tables that can be read live."""
    schema = ActionModel.model_json_schema()
    properties = schema["properties"]
    properties["resource"]["enum"] = [kind.name for kind in dictionary.resource_types]
    properties["permissions"]["items"] = {"enum": _PERMISSIONS}
    tables = {"enum": [table.name for table in dictionary.tables]}
    reads = {"items": {"anyOf": [tables, {"type": "object", "propertyNames": tables, "maxProperties": 1}]}}
    properties["read"] |= reads
    schema["$defs"]["UndoModel"]["properties"]["read"] |= reads
    schema["$defs"]["ActionTestsModel"]["properties"]["base"]["propertyNames"] = tables
    return {"$schema": _DIALECT, **schema, "title": "Action"}
