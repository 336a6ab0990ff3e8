"""``POST /directoryObjects/getByIds``: up to a thousand ids to objects; unknown ids are silently missing."""

from __future__ import annotations

from typing import Any

import msgspec

from posture.simulator.graph_errors import bad_request
from posture.simulator.reading import Reading

MOST_IDS = 1_000


def objects_by_ids(reading: Reading) -> dict[str, Any]:
    ids, types = _wanted(reading.request.body)
    objects = reading.directory.objects()
    found = [objects[one.lower()] for one in ids if one.lower() in objects]
    shown = [one for one in found if not types or one.type_name.lower() in types]
    return {"@odata.context": reading.context, "value": reading.rendering.items(shown)}


def _wanted(body: bytes) -> tuple[list[str], frozenset[str]]:
    try:
        document: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise bad_request("Unable to read JSON request payload.") from None
    ids = document.get("ids") if isinstance(document, dict) else None
    types = document.get("types", []) if isinstance(document, dict) else None
    if ids is None or types is None or not ids or not _are_texts(ids) or not _are_texts(types):
        raise bad_request("Invalid value specified for property 'ids' of resource 'DirectoryObject'.")
    if len(ids) > MOST_IDS:
        raise bad_request(f"The number of ids exceeds the maximum of {MOST_IDS}.")
    return ids, frozenset(name.lower() for name in types)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
