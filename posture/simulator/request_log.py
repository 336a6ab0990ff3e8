"""What was asked and answered, for assertions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from posture.simulator.messages import GraphRequest

HIDDEN = "•••"
_GRAPH = re.compile(r"/(v1\.0|beta)/", re.IGNORECASE)
_SECRETS = frozenset({"password", "newpassword", "secrettext", "temporaryaccesspass", "key", "proof", "secretkey"})


@dataclass(frozen=True, kw_only=True)
class RequestRecord:
    """One request. ``status`` is None if the connection was dropped instead of an answer.

    ``route`` is the id of the route (``users``, ``groups-delta``, ``token``), None for paths nobody knows.
    ``retry_after`` is in seconds. ``sent`` is the JSON body of a write, its secrets replaced. ``faults`` are the
    kinds that struck. ``body_bytes`` is the size of the answer.
    """

    at: datetime
    method: str
    path: str
    query: str
    status: int | None
    route: str | None
    client_request_id: str | None
    throttled: bool = False
    retry_after: int | None = None
    faults: tuple[str, ...] = ()
    in_batch: bool = False
    body_bytes: int = 0
    sent: Any = None


def sent_by(request: GraphRequest) -> Any:
    """Return the JSON body of a request that writes to Graph, without secrets; None for anything else."""
    if request.method == "GET" or not _GRAPH.match(request.path) or request.path.lower().endswith("/$batch"):
        return None
    try:
        return _without_secrets(msgspec.json.decode(request.body))
    except msgspec.DecodeError:
        return None


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _shown(name, item) for name, item in value.items()}


def _shown(name: str, value: Any) -> Any:
    is_secret = name.lower() in _SECRETS and value is not None and not isinstance(value, dict | list)
    return HIDDEN if is_secret else _without_secrets(value)
