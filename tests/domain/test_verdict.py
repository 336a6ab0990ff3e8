"""Verdicts: three-valued, and unknown is never a pass."""

from __future__ import annotations

import pytest

from posture.domain.verdict import Verdict, judge


@pytest.mark.parametrize("fails", [True, False, None])
def test_a_check_that_does_not_apply_gives_no_verdict(fails: bool | None) -> None:
    assert judge(False, fails) is None


@pytest.mark.parametrize("applies", [True, None])
def test_a_certain_no_to_failing_passes_even_if_it_is_unknown_whether_the_check_applies(applies: bool | None) -> None:
    assert judge(applies, False) is Verdict.PASS


@pytest.mark.parametrize(("applies", "fails"), [(True, None), (None, None), (None, True)])
def test_missing_data_is_unknown_and_never_a_pass_or_a_fail(applies: bool | None, fails: bool | None) -> None:
    assert judge(applies, fails) is Verdict.UNKNOWN


def test_a_certain_failure_of_a_check_that_applies_fails() -> None:
    assert judge(True, True) is Verdict.FAIL
