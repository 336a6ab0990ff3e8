"""The four numbers of a tenant: how many checks passed, failed, are unknown, or were not judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
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


@dataclass(frozen=True, kw_only=True)
class OpenCount:
    """How many findings of a check are open in a tenant with one severity, exempted ones among them."""

    tenant_id: str
    check: CheckId
    severity: Severity
    findings: int


@dataclass(frozen=True, kw_only=True)
class RecordedStanding:
    """How a check stands in a tenant, as its last run left it; see ``CheckInTenant``. ``is_off``: that run was told
    to leave it out. ``severity`` and ``counts`` are None if no run on record tells."""

    tenant_id: str
    check: CheckId
    outcome: CheckOutcome
    is_off: bool
    severity: Severity | None
    skipped: SkipReason | None
    error: str | None
    counts: Counts | None
    evaluated_at: datetime | None
    first_evaluated_at: datetime | None


def check_in_tenant(
    recorded: RecordedStanding, failing: Mapping[Severity, int], *, is_wanted: bool, usual: Severity
) -> CheckInTenant:
    """Return how a check stands now. ``failing`` counts its findings that are open and not exempted now; ``usual`` is
    the severity that the check has of itself, ``is_wanted`` whether the settings want it in the tenant."""
    found = sum(failing.values())
    return CheckInTenant(
        check=recorded.check,
        mark=_mark(recorded, found) if is_wanted and not recorded.is_off else None,
        outcome=recorded.outcome,
        severity=max(failing, key=lambda severity: severity.rank, default=recorded.severity or usual),
        skipped=recorded.skipped,
        error=recorded.error,
        counts=recorded.counts,
        failing=found,
        evaluated_at=recorded.evaluated_at,
    )


def _mark(recorded: RecordedStanding, failing: int) -> Mark | None:
    # An evaluation without counts is too old to tell what it did not know.
    unknown = recorded.counts.unknown if recorded.counts is not None else 1
    return mark_of(recorded.outcome, None, failed=failing, unknown=unknown)


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
