"""How a run ends."""

from __future__ import annotations

import pytest

from posture.domain.judgement import CheckOutcome
from posture.domain.outcome import Outcome
from posture.domain.run import RunState, final_state
from tests.domain.builders import a_check_result, a_table_outcome


def test_a_run_with_nothing_wrong_is_complete() -> None:
    assert final_state([a_table_outcome()], [a_check_result()]) is RunState.COMPLETE


def test_a_run_that_wanted_nothing_is_complete() -> None:
    assert final_state([], []) is RunState.COMPLETE


@pytest.mark.parametrize("outcome", [Outcome.PARTIAL, Outcome.FAILED])
def test_a_table_that_another_scan_may_bring_makes_the_run_incomplete(outcome: Outcome) -> None:
    tables = [a_table_outcome(), a_table_outcome(outcome=outcome)]

    assert final_state(tables, [a_check_result()]) is RunState.INCOMPLETE


@pytest.mark.parametrize("outcome", [Outcome.FORBIDDEN, Outcome.NOT_LICENSED, Outcome.NOT_IN_THIS_CLOUD])
def test_a_table_that_stays_closed_leaves_the_run_complete(outcome: Outcome) -> None:
    skipped = a_check_result(outcome=CheckOutcome.SKIPPED, counts=None)

    assert final_state([a_table_outcome(outcome=outcome)], [skipped]) is RunState.COMPLETE


def test_a_broken_check_makes_the_run_incomplete() -> None:
    broken = a_check_result(outcome=CheckOutcome.BROKEN, counts=None, error="division by zero")

    assert final_state([a_table_outcome()], [a_check_result(), broken]) is RunState.INCOMPLETE
