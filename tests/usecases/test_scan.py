"""One scan from the token to the findings, on real snapshots and a Graph that follows a script."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from posture.domain.exemption import Exemption
from posture.domain.finding import FindingChange
from posture.domain.judgement import CheckOutcome, SkipKind
from posture.domain.outcome import Outcome
from posture.domain.reading import Restart
from posture.domain.run import RunState
from posture.errors import GraphError, TenantUnreachable, TokenRefused
from posture.usecases.events import CheckDone, JudgementMade, ScanFinished, ScanStarted, TableDone
from tests.usecases.builders import MONDAY, a_check, a_compiled_check, an_outcome
from tests.usecases.scan_desk import (
    ADA,
    BOB,
    EVE,
    WANTED,
    Scanner,
    ScriptedGraph,
    a_page,
    changes_of,
    facts,
    summary_of,
    whole,
)

FAILING = "select id as resource_id, id as resource_name, 'fail' as _verdict, 'high' as _severity from (ROWS)"


@pytest.fixture
def scanner(tmp_path: Path) -> Scanner:
    return Scanner(tmp_path)


def test_a_whole_table_is_judged_and_its_failures_become_findings(scanner: Scanner) -> None:
    events = scanner.scan(whole(ADA, BOB, EVE))

    assert changes_of(events) == {"u2": FindingChange.NEW, "u3": None}
    [result] = summary_of(events).checks
    assert result.counts is not None
    assert (result.counts.passed, result.counts.failed, result.counts.unknown) == (1, 1, 1)
    assert summary_of(events).run.state is RunState.COMPLETE
    assert len(scanner.store.findings) == 1


def test_events_come_in_the_order_of_the_scan(scanner: Scanner) -> None:
    kinds = [type(event) for event in scanner.scan(whole(BOB))]

    assert kinds[0] is ScanStarted
    assert kinds.index(TableDone) < kinds.index(JudgementMade) < kinds.index(CheckDone) < kinds.index(ScanFinished)


def test_half_a_table_is_never_judged(scanner: Scanner) -> None:
    scanner.scan(whole(BOB))

    events = scanner.scan(ScriptedGraph([a_page(ADA), an_outcome("users", Outcome.PARTIAL, reason="page 2 failed")]))

    [result] = summary_of(events).checks
    assert result.outcome is CheckOutcome.SKIPPED
    assert result.skipped is not None
    assert result.skipped.kind is SkipKind.TABLE_INCOMPLETE
    assert changes_of(events) == {}
    assert summary_of(events).run.state is RunState.INCOMPLETE
    [finding] = scanner.store.findings.values()
    assert finding.state == "open"  # Bob was not seen, and that proves nothing


def test_rows_before_a_restart_are_void(scanner: Scanner) -> None:
    graph = ScriptedGraph(
        [a_page(BOB), Restart(table="users", reason="the page token expired"), a_page(ADA), an_outcome("users")]
    )

    assert changes_of(scanner.scan(graph)) == {}
    assert scanner.store.findings == {}


def test_an_item_that_came_twice_counts_once(scanner: Scanner) -> None:
    events = scanner.scan(ScriptedGraph([a_page(BOB, ADA), a_page(BOB, rows=3), an_outcome("users")]))

    [result] = summary_of(events).checks
    assert result.counts is not None
    assert (result.counts.passed, result.counts.failed) == (1, 1)


@pytest.mark.parametrize(
    "error",
    [
        TokenRefused("the client secret is wrong", code="7000215"),
        TenantUnreachable("login.example.com does not answer"),
    ],
)
def test_without_a_token_or_an_answer_the_run_is_aborted_and_on_record(scanner: Scanner, error: GraphError) -> None:
    events = scanner.scan(ScriptedGraph(answer=error))

    summary = summary_of(events)
    assert summary.run.state is RunState.ABORTED
    assert summary.run.aborted_because == str(error)
    assert [run.state for run in scanner.store.runs.values()] == [RunState.ABORTED]
    assert scanner.snapshots.latest() is None


def test_a_token_without_any_permission_aborts(scanner: Scanner) -> None:
    graph = whole(BOB)
    graph.answer = facts(granted=frozenset())

    summary = summary_of(scanner.scan(graph))

    assert summary.run.state is RunState.ABORTED
    assert "consent" in (summary.run.aborted_because or "")
    assert graph.asked == []


def test_a_token_that_does_not_tell_its_permissions_is_no_reason_to_stop(scanner: Scanner) -> None:
    graph = whole(BOB)
    graph.answer = facts(granted=None)

    assert summary_of(scanner.scan(graph)).run.state is RunState.COMPLETE


def test_a_scan_that_is_running_elsewhere_aborts_this_one(scanner: Scanner) -> None:
    with scanner.snapshots.open_spool((WANTED,), now=MONDAY):
        summary = summary_of(scanner.scan(whole(BOB)))

    assert summary.run.state is RunState.ABORTED


def test_a_scan_goes_on_where_a_killed_one_stopped(scanner: Scanner) -> None:
    with scanner.snapshots.open_spool((WANTED,), now=MONDAY) as spool:
        spool.append(a_page(BOB))
        spool.finish(an_outcome("users"))
    graph = ScriptedGraph()

    events = scanner.scan(graph)

    assert graph.asked == []
    assert changes_of(events) == {"u2": FindingChange.NEW}
    assert summary_of(events).run.taken_at == MONDAY


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.COMPLETE])
def test_what_a_killed_scan_could_not_read_is_asked_for_again(scanner: Scanner, outcome: Outcome) -> None:
    with scanner.snapshots.open_spool((WANTED,), now=MONDAY) as spool:
        spool.append(a_page(BOB))
        spool.finish(an_outcome("users", outcome, reason="it could not be read then"))
    graph = whole(ADA, EVE)

    events = scanner.scan(graph)

    assert graph.asked == ["users"]
    assert changes_of(events) == {"u3": None}  # and nothing of Bob, whom only the killed scan saw
    assert summary_of(events).run.state is RunState.COMPLETE


def test_an_exempted_failure_is_counted_apart(scanner: Scanner) -> None:
    accepted = Exemption(
        tenant="*",
        check=None,
        resource_id="u2",
        owner="ada@example.com",
        reason="for the test",
        ends_at=MONDAY + timedelta(days=1),
        origin="test",
    )

    events = scanner.scan(whole(BOB), exemptions=(accepted,))

    [result] = summary_of(events).checks
    assert result.counts is not None
    assert (result.counts.failed, result.counts.exempted) == (0, 1)


def test_an_expired_exemption_does_not_count(scanner: Scanner) -> None:
    over = Exemption(
        tenant="contoso",
        check=a_check().id,
        resource_id="u2",
        owner="ada@example.com",
        reason="for the test",
        ends_at=MONDAY,
        origin="test",
    )

    [result] = summary_of(scanner.scan(whole(BOB), exemptions=(over,))).checks

    assert result.counts is not None
    assert (result.counts.failed, result.counts.exempted) == (1, 0)


def test_a_check_that_is_switched_off_says_so(scanner: Scanner) -> None:
    [result] = summary_of(scanner.scan(whole(BOB), checks=(), switched_off=(a_compiled_check(),))).checks

    assert result.skipped is not None
    assert result.skipped.kind is SkipKind.SWITCHED_OFF
    assert scanner.store.findings == {}


@pytest.mark.parametrize(
    "rows", ["select * from users union all by name select * from users", "select id::integer as id from users"]
)
def test_a_check_that_breaks_makes_the_run_incomplete_and_stops_no_other(scanner: Scanner, rows: str) -> None:
    breaks = a_compiled_check(check=a_check("breaks"), sql=FAILING.replace("ROWS", rows))

    summary = summary_of(scanner.scan(whole(ADA, BOB), checks=(breaks, a_compiled_check())))

    assert [result.outcome for result in summary.checks] == [CheckOutcome.BROKEN, CheckOutcome.EVALUATED]
    assert summary.checks[0].error is not None
    assert summary.run.state is RunState.INCOMPLETE
    assert {finding.check for finding in scanner.store.findings.values()} == {a_check().id}
