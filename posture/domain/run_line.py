"""A run in a list: what it was, how it ended, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from posture.domain.numbers import Numbers
from posture.domain.run import RunState


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """``tenant`` is the name that the tenant had then. ``requests`` and ``rows`` are of all tables together;
    ``seconds`` is from the first request to the end, None while the run goes on. ``numbers`` are how the tenant's
    checks stood after it; None if it was aborted, goes on, or is too old to tell.
    """

    id: str
    tenant: str
    tenant_id: str
    taken_at: datetime
    finished_at: datetime | None
    state: RunState
    aborted_because: str | None
    requests: int
    rows: int
    seconds: float | None
    numbers: Numbers | None
