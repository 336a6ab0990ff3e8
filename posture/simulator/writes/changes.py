"""Changing the properties of one object: what must not be set, and how values replace those before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from posture.simulator.graph_errors import invalid_request
from posture.simulator.tenant import Entity

SYNCHRONISED = (
    "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently "
    "undergoing migration."
)


def refuse_read_only(body: Mapping[str, Any], read_only: Iterable[str]) -> None:
    """Raise a 400 if the body sets a property that Graph sets itself."""
    for name in read_only:
        if name in body:
            raise invalid_request(f"Property '{name}' is read-only and cannot be set.")


def properties(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body without annotations and bound references."""
    return {name: value for name, value in body.items() if "@" not in name}


def merge(entity: Entity, changes: Mapping[str, Any]) -> None:
    """Set properties; those of a complex value that are not named stay, lists are replaced."""
    for name, value in changes.items():
        before = entity.get(name)
        is_complex = isinstance(before, dict) and isinstance(value, dict)
        entity[name] = {**before, **value} if is_complex and isinstance(before, dict) else value
