"""The JSON body of a write, held against the types of the metadata before anything happens."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from posture.simulator.graph_errors import GraphError, bad_request, invalid_request
from posture.simulator.graph_facts import enumerations, graph_types
from posture.simulator.messages import GraphRequest
from posture.simulator.write_facts import Body, WriteRoute

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_SIMPLE: Mapping[str, Callable[[Any], bool]] = {
    "String": lambda v: isinstance(v, str),
    "Duration": lambda v: isinstance(v, str) and v.startswith("P"),
    "Boolean": lambda v: isinstance(v, bool),
    "Int32": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "Int64": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "Double": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "Guid": lambda v: isinstance(v, str) and _GUID.fullmatch(v) is not None,
    "DateTimeOffset": lambda v: isinstance(v, str) and _DATE.fullmatch(v) is not None,
    "Binary": lambda v: isinstance(v, str) and _BASE64.fullmatch(v) is not None,
}


def read_body(request: GraphRequest) -> dict[str, Any]:
    """Return the object in the body, empty for an empty one; raise Graph's 400 or 415."""
    if not request.body.strip():
        return {}
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise GraphError(415, "BadRequest", f"The media type '{kind[:50]}' is not supported: use application/json.")
    try:
        document = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        raise bad_request("Unable to read JSON request payload. Please ensure Content-Type header is set.") from None
    if not isinstance(document, dict):
        raise bad_request("Unable to read JSON request payload: an object is expected.")
    return document


def check_body(body: Mapping[str, Any], route: WriteRoute) -> None:
    """Raise a 400 for a property nobody knows, a value of another type, a missing property or an empty change."""
    refuse = invalid_request if route.throttle == "identity_access" else bad_request
    if route.body is None:
        return
    fault = _fault_of_object(body, route.body, "")
    if fault is not None:
        raise refuse(fault)
    missing = [name for name in route.required if body.get(name) is None]
    if missing:
        raise refuse(f"A value is required for property '{missing[0]}' of resource '{route.type}'.")
    if route.method == "PATCH" and not body:
        raise refuse("The request body must hold at least one property.")


def _fault_of_object(value: Mapping[str, Any], declared: Body, where: str) -> str | None:
    if isinstance(declared, str):
        declared = str(value.get("@odata.type", declared)).removeprefix("#").removeprefix("microsoft.graph.")
    properties = _properties(declared)
    if properties is None:
        return f"Type '{declared}' is not known."
    for name, item in value.items():
        annotated = name.split("@")[0] if "@" in name and name not in properties else None
        if annotated is not None:
            continue
        if name not in properties:
            return f"Invalid property '{where}{name}'."
        fault = _fault(item, properties[name], f"{where}{name}")
        if fault is not None:
            return fault
    return None


def _properties(declared: Body) -> Mapping[str, str] | None:
    if not isinstance(declared, str):
        return declared
    known = graph_types().get(declared)
    return None if known is None else {**known.navigation, **known.properties}


def _fault(value: Any, type_name: str, where: str) -> str | None:
    """Return what is wrong with a value, None if nothing is; null fits every type."""
    if value is None:
        return None
    if type_name.startswith("["):
        if not isinstance(value, list):
            return f"Invalid value specified for property '{where}': an array is expected."
        faults = (_fault(item, type_name[1:-1], where) for item in value)
        return next((fault for fault in faults if fault is not None), None)
    if type_name in graph_types():
        if not isinstance(value, dict):
            return f"Invalid value specified for property '{where}': an object is expected."
        return _fault_of_object(value, type_name, f"{where}/")
    if not _fits(value, type_name):
        return (
            f"Invalid value specified for property '{where}': cannot convert it to the expected type '{type_name}'."
        )
    return None


def _fits(value: Any, type_name: str) -> bool:
    members = enumerations().get(type_name)
    if members is not None:
        return isinstance(value, str) and all(word.strip() in members for word in value.split(","))
    simple = _SIMPLE.get(type_name)
    return simple is None or simple(value)
