"""How the reading of one table ended. A table is complete or it is not; nothing is inferred from the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    COMPLETE = "complete"
    PARTIAL = "partial"
    FORBIDDEN = "forbidden"
    NOT_LICENSED = "not_licensed"
    NOT_IN_THIS_CLOUD = "not_in_this_cloud"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class TableOutcome:
    """The end of one source table's reading.

    ``rows`` counts items received, also of a partial table. ``requests`` counts HTTP requests sent, retries
    included. ``seconds`` is wall time. ``as_of`` is when the first request was sent. ``reason`` is a sentence
    for people and None only if the table is complete. ``missing`` names the permission or licence that stands
    in the way, where that is the cause.
    """

    table: str
    outcome: Outcome
    rows: int
    requests: int
    seconds: float
    as_of: datetime
    reason: str | None
    missing: str | None
