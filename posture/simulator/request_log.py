"""What was asked and answered, for assertions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class RequestRecord:
    """One request. ``status`` is None if the connection was dropped instead of an answer.

    ``route`` is the id of the route (``users``, ``groups-delta``, ``token``), None for paths nobody knows.
    ``retry_after`` is in seconds. ``faults`` are the kinds that struck. ``body_bytes`` is the size of the answer.
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
