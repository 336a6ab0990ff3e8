"""The journal: what was intended and what happened, request by request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from posture.domain.judgement import Value
from posture.domain.plan import Plan, TargetState

_CHANGED: Final = frozenset({TargetState.DONE, TargetState.UNVERIFIED})
_FIRST_ERROR: Final = 400


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


def has_changed(plan: Plan, journal: Iterable[JournalEntry]) -> bool:
    """Say whether a plan changed, or may have changed, something in the tenant; ``journal`` is all of its own."""
    let_through = {entry.target for entry in journal if not _was_turned_down(entry)}
    return any(
        target.state in _CHANGED or (target.state is TargetState.FAILED and target.number in let_through)
        for target in plan.targets
    )


def _was_turned_down(entry: JournalEntry) -> bool:
    return entry.state is SendState.ANSWERED and entry.status is not None and entry.status >= _FIRST_ERROR
