"""What one run came to that the run before it had not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from posture.domain.check import CheckId
from posture.domain.judgement import CheckOutcome, CheckResult
from posture.domain.run import RunSummary


@dataclass(frozen=True, kw_only=True)
class CheckChange:
    """``word`` with its ``tone`` and ``picture`` is the badge, ``words`` the sentence beside it."""

    check: CheckId
    word: str
    tone: str
    picture: str
    words: str


def changes_of(after: RunSummary, before: RunSummary) -> list[CheckChange]:
    """Return the checks that came to another result, what got worse first. A check that only one of the runs was
    asked to judge is no change."""
    earlier = {result.check: result for result in before.checks}
    changes = [
        (rank, change)
        for result in after.checks
        if result.check in earlier
        for rank, change in _changes(result, earlier[result.check])
    ]
    return [change for _, change in sorted(changes, key=lambda pair: (pair[0], pair[1].check))]


def _changes(now: CheckResult, was: CheckResult) -> Iterator[tuple[int, CheckChange]]:
    if now.outcome is not was.outcome:
        yield _of_outcome(now, was)
    elif now.counts is not None and was.counts is not None:
        more = now.counts.failed - was.counts.failed
        if more:
            words = f"{was.counts.failed:,} failed before, {now.counts.failed:,} now"
            yield (0 if more > 0 else 2), _change(now.check, more > 0, words)


def _change(check: CheckId, is_worse: bool, words: str) -> CheckChange:
    if is_worse:
        return CheckChange(check=check, word="worse", tone="high", picture="up", words=words)
    return CheckChange(check=check, word="better", tone="good", picture="down", words=words)


def _of_outcome(now: CheckResult, was: CheckResult) -> tuple[int, CheckChange]:
    words = f"{was.outcome.value} before, {now.outcome.value} now"
    is_judged = now.outcome is CheckOutcome.EVALUATED
    word, tone, picture = ("judged again", "good", "check") if is_judged else ("not judged", "medium", "question")
    return 1, CheckChange(check=now.check, word=word, tone=tone, picture=picture, words=words)
