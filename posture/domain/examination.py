"""What a worker found when it asked a tenant what the reader and the remediator may do. It is kept, because the web
page holds no credentials to ask with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from posture.domain.action import ActionId
from posture.domain.check import CheckId
from posture.domain.judgement import SkipReason
from posture.domain.outcome import TableOutcome
from posture.domain.tenant import Licence

GOOD_FOR: Final = timedelta(hours=24)
"""How long an examination is believed: permissions are taken away at any time."""
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class ReaderExamined:
    """What the reader may do.

    ``refused`` says why it gets no token or no answer; then nothing else is known. ``granted`` are the application
    permissions in its token, None if they cannot be read from it; ``missing`` those that enabled checks need beyond.
    ``licences`` is None if they could not be read, ``clock_skew`` (Graph's clock minus ours) if Graph sent no date.
    ``tables_asked`` counts the tables whose first page was asked for; ``tables_refused`` are those that did not
    answer. ``skips`` maps a check that cannot run to the reason.
    """

    refused: str | None
    granted: frozenset[str] | None
    missing: tuple[str, ...]
    licences: frozenset[Licence] | None
    clock_skew: timedelta | None
    tables_asked: int
    tables_refused: tuple[TableOutcome, ...]
    skips: Mapping[CheckId, SkipReason]


@dataclass(frozen=True, kw_only=True)
class RemediatorExamined:
    """What the remediator may do. ``refused`` says why it gets no token; then nothing else is known.

    ``granted`` are the application permissions in its token, None if they cannot be read from it. ``actions`` counts
    all actions there were; ``impossible`` maps those that it cannot carry out to the sentence that says why.
    """

    refused: str | None
    granted: frozenset[str] | None
    actions: int
    impossible: Mapping[ActionId, str]


@dataclass(frozen=True, kw_only=True)
class Examination:
    """One look at one tenant. ``remediator`` is None if the tenant has none in the settings."""

    tenant_id: str
    at: datetime
    reader: ReaderExamined
    remediator: RemediatorExamined | None

    def is_good(self, now: datetime) -> bool:
        """Say whether what was found may still be relied on. One of a time to come tells nothing about its age: some
        clock was wrong."""
        return self.at - _CLOCKS_DIFFER <= now < self.at + GOOD_FOR
