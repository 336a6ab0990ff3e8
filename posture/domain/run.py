"""A run: one scan of one tenant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from posture.domain.judgement import CheckOutcome, CheckResult
from posture.domain.outcome import Outcome, TableOutcome

INTERRUPTED: Final = "it was interrupted"
"""Why a run was aborted that never came to its end."""


class RunState(StrEnum):
    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    ABORTED = "aborted"


@dataclass(frozen=True, kw_only=True)
class Run:
    """``taken_at`` is the time of the snapshot: when its first request was sent.

    ``finished_at`` is None while the run goes on. ``aborted_because`` is a sentence, set only if the run was
    aborted.
    """

    id: str
    tenant_id: str
    tenant_name: str
    taken_at: datetime
    finished_at: datetime | None
    state: RunState
    aborted_because: str | None


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """A run with everything it came to, but for the single judgements."""

    run: Run
    tenant_display_name: str | None
    tables: tuple[TableOutcome, ...]
    checks: tuple[CheckResult, ...]


def final_state(tables: Iterable[TableOutcome], checks: Iterable[CheckResult]) -> RunState:
    """Return how a run ends that was not aborted: incomplete if a table failed or is partial, or a check broke.

    A table that permission, licence or cloud keep from us is told by the skipped checks; scanning again
    would not change it.
    """
    if any(table.outcome in (Outcome.PARTIAL, Outcome.FAILED) for table in tables):
        return RunState.INCOMPLETE
    if any(check.outcome is CheckOutcome.BROKEN for check in checks):
        return RunState.INCOMPLETE
    return RunState.COMPLETE
