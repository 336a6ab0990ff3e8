"""The four numbers: what is not known is never a pass."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from posture.domain.judgement import CheckOutcome, Counts, SkipKind
from posture.domain.numbers import Mark, Numbers, NumbersAt, RecordedStanding, check_in_tenant, mark_of, numbers_of
from posture.domain.overview import numbers_before
from posture.domain.severity import Severity
from tests.domain.builders import CHECK, MONDAY, TENANT

KINDS = [None, *SkipKind]


def a_standing(**changes: object) -> RecordedStanding:
    fields: dict[str, object] = {
        "tenant_id": TENANT,
        "check": CHECK,
        "outcome": CheckOutcome.EVALUATED,
        "is_off": False,
        "severity": Severity.LOW,
        "skipped": None,
        "error": None,
        "counts": Counts(passed=3, failed=0, unknown=0, not_applicable=0, exempted=0),
        "evaluated_at": MONDAY,
        "first_evaluated_at": MONDAY,
    }
    return RecordedStanding(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("outcome", "kind", "failed", "unknown"), list(product(CheckOutcome, KINDS, (0, 2), (0, 2))))
def test_a_check_passes_only_if_it_was_evaluated_and_nothing_failed_or_is_unknown(
    outcome: CheckOutcome, kind: SkipKind | None, failed: int, unknown: int
) -> None:
    mark = mark_of(outcome, kind, failed=failed, unknown=unknown)

    is_clean = outcome is CheckOutcome.EVALUATED and kind is not SkipKind.SWITCHED_OFF and not failed and not unknown
    assert (mark is Mark.PASSED) == is_clean
    assert (mark is None) == (kind is SkipKind.SWITCHED_OFF)


def test_marks_are_counted_and_what_is_switched_off_is_in_no_number() -> None:
    numbers = numbers_of([Mark.PASSED, None, Mark.FAILED, Mark.FAILED, Mark.NOT_JUDGED, None])

    assert numbers == Numbers(passed=1, failed=2, unknown=0, not_judged=1)
    assert (numbers.all, numbers.score) == (4, 0.25)
    assert numbers_of([None]).score is None


def test_a_check_whose_failures_are_all_exempted_now_passes_before_the_next_run() -> None:
    counted = Counts(passed=0, failed=2, unknown=0, not_applicable=0, exempted=0)

    now = check_in_tenant(a_standing(counts=counted), {}, is_wanted=True, usual=Severity.HIGH)

    assert (now.mark, now.failing, now.severity) == (Mark.PASSED, 0, Severity.LOW)


def test_a_check_with_an_open_finding_fails_although_its_last_run_had_it_exempted() -> None:
    failing = {Severity.MEDIUM: 1, Severity.CRITICAL: 2}

    now = check_in_tenant(a_standing(), failing, is_wanted=True, usual=Severity.HIGH)

    assert (now.mark, now.failing, now.severity) == (Mark.FAILED, 3, Severity.CRITICAL)


def test_a_skipped_check_is_not_judged_whatever_it_found_before() -> None:
    skipped = a_standing(outcome=CheckOutcome.SKIPPED)

    assert check_in_tenant(skipped, {}, is_wanted=True, usual=Severity.HIGH).mark is Mark.NOT_JUDGED
    assert check_in_tenant(skipped, {Severity.LOW: 1}, is_wanted=True, usual=Severity.HIGH).mark is Mark.NOT_JUDGED


def test_an_evaluation_that_nobody_counted_is_unknown() -> None:
    old = a_standing(counts=None, severity=None)

    now = check_in_tenant(old, {}, is_wanted=True, usual=Severity.HIGH)

    assert (now.mark, now.severity) == (Mark.UNKNOWN, Severity.HIGH)


@pytest.mark.parametrize(("is_off", "is_wanted"), [(True, True), (False, False)])
def test_a_check_that_is_switched_off_has_no_mark(is_off: bool, is_wanted: bool) -> None:
    now = check_in_tenant(a_standing(is_off=is_off), {Severity.LOW: 1}, is_wanted=is_wanted, usual=Severity.HIGH)

    assert now.mark is None


def test_the_numbers_of_a_week_ago_are_the_last_of_that_time() -> None:
    trend = [
        NumbersAt(at=MONDAY + timedelta(days=day), numbers=numbers_of([Mark.PASSED] * day)) for day in range(1, 5)
    ]

    assert numbers_before(trend, MONDAY + timedelta(days=2, hours=5)) == numbers_of([Mark.PASSED] * 2)
    assert numbers_before(trend, MONDAY) is None
