"""Findings: followed through time, resolved by evidence only."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.domain.finding import (
    Finding,
    FindingChange,
    FindingState,
    Resolution,
    after_evidence,
    after_failure,
    change_of_state,
    open_finding,
)
from posture.domain.severity import Severity
from tests.domain.builders import MONDAY, TENANT, a_finding, a_judgement, a_resource

DAY = timedelta(days=1)
TUESDAY = MONDAY + DAY

# What one snapshot may say about the thing: how it resolved, or that it failed (None); and how many days later.
histories = st.lists(st.tuples(st.sampled_from([None, *Resolution]), st.integers(0, 5)), max_size=12)


def _lived(finding: Finding, answer: Resolution | None, *, days: int) -> Finding:
    taken_at = MONDAY + days * DAY
    if answer is None:
        return after_failure(finding, a_judgement(), taken_at=taken_at)
    return after_evidence(finding, answer, taken_at=taken_at)


def test_a_first_failure_opens_a_finding_of_that_moment() -> None:
    finding = open_finding(a_judgement(), tenant_id=TENANT, taken_at=MONDAY)

    assert finding == a_finding()


def test_failing_again_keeps_the_first_time_and_moves_the_last() -> None:
    after = after_failure(a_finding(), a_judgement(), taken_at=TUESDAY)

    assert (after.first_failed_at, after.last_failed_at, after.judged_at) == (MONDAY, TUESDAY, TUESDAY)
    assert after.times_opened == 1


def test_failing_again_takes_over_what_the_newer_snapshot_shows() -> None:
    judgement = a_judgement(
        resource=a_resource(name="Ada L."), severity=Severity.HIGH, message="121 days", evidence={"days": 121}
    )

    after = after_failure(a_finding(), judgement, taken_at=TUESDAY)

    assert (after.resource.name, after.severity, after.message, after.evidence) == (
        "Ada L.",
        Severity.HIGH,
        "121 days",
        {"days": 121},
    )


def test_failing_after_a_resolution_reopens_and_counts() -> None:
    resolved = a_finding(state=FindingState.RESOLVED, resolution=Resolution.PASSED)

    after = after_failure(resolved, a_judgement(), taken_at=TUESDAY)

    assert (after.state, after.resolution, after.times_opened) == (FindingState.OPEN, None, 2)


@pytest.mark.parametrize("resolution", Resolution)
def test_evidence_resolves_and_leaves_the_last_failure_where_it_was(resolution: Resolution) -> None:
    after = after_evidence(a_finding(), resolution, taken_at=TUESDAY)

    assert (after.state, after.resolution) == (FindingState.RESOLVED, resolution)
    assert (after.last_failed_at, after.judged_at) == (MONDAY, TUESDAY)


def test_a_resolved_finding_is_not_resolved_again() -> None:
    resolved = a_finding(state=FindingState.RESOLVED, resolution=Resolution.GONE)

    assert after_evidence(resolved, Resolution.PASSED, taken_at=TUESDAY) is resolved


@pytest.mark.parametrize("taken_at", [MONDAY, MONDAY - DAY])
def test_a_snapshot_that_is_not_newer_changes_nothing(taken_at: object) -> None:
    finding = a_finding()

    assert after_failure(finding, a_judgement(message="other"), taken_at=taken_at) is finding  # type: ignore[arg-type]
    assert after_evidence(finding, Resolution.PASSED, taken_at=taken_at) is finding  # type: ignore[arg-type]


@given(histories)
def test_only_evidence_resolves_and_only_a_failure_opens(history: list[tuple[Resolution | None, int]]) -> None:
    finding, days = a_finding(), 0
    for answer, later in history:
        days += later
        before, finding = finding, _lived(finding, answer, days=days)

        if finding.state is not before.state:
            assert (finding.state is FindingState.RESOLVED) == (answer is not None)
        assert (finding.state is FindingState.RESOLVED) == (finding.resolution is not None)


@given(histories, st.data())
def test_replaying_old_snapshots_in_any_order_changes_nothing(
    history: list[tuple[Resolution | None, int]], data: st.DataObject
) -> None:
    finding, days, seen = a_finding(), 0, []
    for answer, later in history:
        days += later
        seen.append((answer, days))
        finding = _lived(finding, answer, days=days)

    for answer, day in data.draw(st.permutations(seen)):
        assert _lived(finding, answer, days=day) == finding


@given(histories)
def test_times_never_run_backwards_and_openings_are_counted(history: list[tuple[Resolution | None, int]]) -> None:
    finding, days, openings = a_finding(), 0, 1
    for answer, later in history:
        days += later
        before, finding = finding, _lived(finding, answer, days=days)
        openings += before.state is FindingState.RESOLVED and finding.state is FindingState.OPEN

        assert finding.first_failed_at == MONDAY
        assert before.last_failed_at <= finding.last_failed_at <= finding.judged_at
        assert before.judged_at <= finding.judged_at
    assert finding.times_opened == openings


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, FindingState.OPEN, FindingChange.NEW),
        (None, FindingState.RESOLVED, FindingChange.RESOLVED),
        (FindingState.OPEN, FindingState.OPEN, None),
        (FindingState.OPEN, FindingState.RESOLVED, FindingChange.RESOLVED),
        (FindingState.RESOLVED, FindingState.OPEN, FindingChange.REOPENED),
        (FindingState.RESOLVED, FindingState.RESOLVED, None),
    ],
)
def test_history_tells_every_move_and_no_standing_still(
    before: FindingState | None, after: FindingState, change: FindingChange | None
) -> None:
    assert change_of_state(before, after) is change


def test_a_finding_cannot_be_changed_in_place() -> None:
    finding = a_finding()

    assert replace(finding, times_opened=2) != finding
    with pytest.raises(AttributeError):
        finding.times_opened = 2  # type: ignore[misc]
