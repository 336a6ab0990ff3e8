"""The journal: what was intended and what happened, request by request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from posture.domain.judgement import Value


class SendState(StrEnum):
    """``INTENDED``: written down before the call; if nothing follows, nobody knows whether it was sent.
    ``LOST``: sent, perhaps, and no answer came. ``ANSWERED``: Graph answered, whatever it said.
    """

    INTENDED = "intended"
    ANSWERED = "answered"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One request of one target, in the order of ``number``.

    ``path`` is below the version root. ``body`` is as sent, but for secrets, which are masked. ``status`` and
    ``error`` tell the answer: its HTTP status, and Graph's sentence if it refused. ``request_id`` is Graph's.
    ``kept`` are the properties of the answer that undoing needs.
    """

    number: int
    plan_id: str
    target: int
    step: str
    method: str
    path: str
    body: Mapping[str, Value] | None
    intended_at: datetime
    state: SendState
    ended_at: datetime | None
    status: int | None
    error: str | None
    request_id: str | None
    kept: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class BeforeImage:
    """The live tables of one target just before acting: table → rows. Kept if the action can be undone."""

    plan_id: str
    target: int
    taken_at: datetime
    tables: Mapping[str, tuple[Mapping[str, Value], ...]]
