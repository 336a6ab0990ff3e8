"""The four numbers of a tenant: how many checks passed, failed, are unknown, or were not judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from posture.domain.check import CheckId
from posture.domain.judgement import CheckOutcome, Counts, SkipKind, SkipReason
from posture.domain.severity import Severity


class Mark(StrEnum):
    """Which of the four numbers a check counts for in a tenant."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """How many checks have each mark. Checks that the settings switch off are in none of them."""

    passed: int
    failed: int
    unknown: int
    not_judged: int

    @property
    def all(self) -> int:
        return self.passed + self.failed + self.unknown + self.not_judged

    @property
    def score(self) -> float | None:
        """The share that passed, 0 to 1, of everything: what is not known is no pass. None if there is nothing."""
        return self.passed / self.all if self.all else None


@dataclass(frozen=True, kw_only=True)
class NumbersAt:
    """The numbers as they were after the run of a snapshot taken at that time."""

    at: datetime
    numbers: Numbers


@dataclass(frozen=True, kw_only=True)
class CheckInTenant:
    """How a check stands in one tenant now.

    ``mark`` is None if the settings switch the check off there. ``outcome`` is that of the last run that was asked to
    evaluate it, with ``skipped`` or ``error`` to say why it was not. ``counts`` are those of its last evaluation, at
    ``evaluated_at``; both None if it never was. ``failing`` counts the findings that are open and not exempted now.
    ``severity`` is the worst of those, or the one that the check had in that run.
    """

    check: CheckId
    mark: Mark | None
    outcome: CheckOutcome
    severity: Severity
    skipped: SkipReason | None
    error: str | None
    counts: Counts | None
    failing: int
    evaluated_at: datetime | None


def mark_of(outcome: CheckOutcome, skip_kind: SkipKind | None, *, failed: int, unknown: int) -> Mark | None:
    """Return the mark of a check after a run; None if the settings switch it off.

    ``failed`` counts failures that are not exempted, ``unknown`` the things that nothing is known about.
    """
    if skip_kind is SkipKind.SWITCHED_OFF:
        return None
    if outcome is not CheckOutcome.EVALUATED:
        return Mark.NOT_JUDGED
    if failed:
        return Mark.FAILED
    return Mark.UNKNOWN if unknown else Mark.PASSED


def numbers_of(marks: Iterable[Mark | None]) -> Numbers:
    """Count marks; None counts for nothing."""
    counted = Counter(marks)
    return Numbers(
        passed=counted[Mark.PASSED],
        failed=counted[Mark.FAILED],
        unknown=counted[Mark.UNKNOWN],
        not_judged=counted[Mark.NOT_JUDGED],
    )
