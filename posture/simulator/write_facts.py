"""What is known about Graph's writes: paths, permissions, limits and bodies, read once from ``facts``: from
``writes.json`` and, for what is no change of the directory, from ``mail.json``.

Source: the public reference pages, the published v1.0 metadata (2026-08-20) and the permission catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

Body = str | Mapping[str, str] | None
RoleRule = Literal["privileged", "always"] | None


@dataclass(frozen=True, kw_only=True)
class WriteRoute:
    """One write and the rules of it.

    ``permissions`` are alternatives, each a set that is needed together; ``owned`` names one that is enough for
    applications the caller owns. ``role`` says whether the caller needs a directory role as well: for ``privileged``
    targets or ``always``. ``body`` is a type, a mapping of parameter to type, or None if no body is read.
    ``properties`` limits the route to bodies with one of these; routes of one path without it take the rest.
    """

    id: str
    path: str
    segments: tuple[str, ...]
    method: str
    type: str
    status: int
    permissions: tuple[frozenset[str], ...]
    owned: str | None
    throttle: str
    write_cost: int
    licence: str | None
    role: RoleRule
    body: Body
    required: tuple[str, ...]
    properties: frozenset[str]

    @property
    def is_mail(self) -> bool:
        return self.throttle == "outlook"


@cache
def write_routes() -> tuple[WriteRoute, ...]:
    """Return the writes to the directory."""
    return _routes("writes.json")


@cache
def mail_routes() -> tuple[WriteRoute, ...]:
    return _routes("mail.json")


def _routes(name: str) -> tuple[WriteRoute, ...]:
    rows: list[Mapping[str, Any]] = msgspec.json.decode((files("posture.simulator.facts") / name).read_bytes())
    return tuple(_route(row) for row in rows)


def _route(row: Mapping[str, Any]) -> WriteRoute:
    return WriteRoute(
        id=row["id"],
        path=row["path"],
        segments=tuple(row["path"].split("/")),
        method=row["method"],
        type=row["type"],
        status=row["status"],
        permissions=tuple(frozenset(together) for together in row["permissions"]),
        owned=row.get("owned"),
        throttle=row["throttle"],
        write_cost=row.get("write_cost", 0),
        licence=row.get("licence"),
        role=row.get("role"),
        body=row.get("body"),
        required=tuple(row.get("required", ())),
        properties=frozenset(row.get("properties", ())),
    )
