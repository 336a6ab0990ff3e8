"""What people are told of a scan: changes only, each once, whatever becomes of the process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from posture.domain.check import CheckId
from posture.domain.delivery import UNROUTED_FOR
from posture.domain.exemption import Exemption
from posture.domain.notice import Event, Notice
from posture.domain.outcome import Outcome
from posture.domain.run import RunState
from posture.domain.severity import Severity
from posture.errors import TenantUnreachable, TokenRefused
from posture.usecases.events import CheckDone, JudgementMade, SnapshotPublished
from tests.usecases.builders import MONDAY, a_check, a_compiled_check, an_outcome
from tests.usecases.scan_desk import ADA, BOB, EVE, Scanner, ScriptedGraph, a_page, whole

CHECK = a_compiled_check()
ZOE = {"id": "u4", "displayName": "Zoe", "accountEnabled": False}
BROKEN_SQL = (
    "select id::integer as resource_id, id as resource_name, 'fail' as _verdict, 'high' as _severity from users"
)
EVERYBODY_SQL = (
    "select id as resource_id, id as resource_name, id as display_name, 'fail' as _verdict, 'low' as _severity "
    "from users"
)


def another(id: str = "another", sql: str = EVERYBODY_SQL) -> Any:
    return a_compiled_check(check=replace(a_check(id), evidence=()), sql=sql)


def half(*items: Mapping[str, object]) -> ScriptedGraph:
    return ScriptedGraph([a_page(*items), an_outcome("users", Outcome.PARTIAL, reason="page 2 failed")])


def an_exemption(**changes: Any) -> Exemption:
    fields: dict[str, Any] = {
        "tenant": "contoso",
        "check": None,
        "resource_id": "u2",
        "owner": "ada@example.com",
        "reason": "for the test",
        "ends_at": MONDAY + timedelta(days=60),
        "origin": "exemptions.yaml:2:5",
    }
    return Exemption(**(fields | changes))


@pytest.fixture
def scanner(tmp_path: Path) -> Scanner:
    """A tenant in which Ada may sign in and Bob may not, scanned once; that was told."""
    scanner = Scanner(tmp_path)
    scanner.scan(whole(ADA, BOB))
    return scanner


def told(scanner: Scanner, *, since: Sequence[Notice] = ()) -> list[Notice]:
    """Return what was recorded after ``since``."""
    return [notice for notice in scanner.store.notices.values() if notice not in since]


def told_by(scanner: Scanner, graph: ScriptedGraph, **request: Any) -> list[Notice]:
    """Scan and return what that told."""
    before = told(scanner)
    scanner.scan(graph, **request)
    return told(scanner, since=before)


def events_of(notices: Sequence[Notice]) -> list[tuple[Event, str]]:
    return [(notice.event, str(notice.facts.get("resource_id") or notice.check or "")) for notice in notices]


# First results


def test_a_first_scan_tells_one_summary(tmp_path: Path) -> None:
    scanner = Scanner(tmp_path)

    scanner.scan(whole(ADA, *({"id": f"x{n}", "accountEnabled": False} for n in range(1000)), EVE))

    [notice] = told(scanner)
    assert notice.event is Event.FIRST_RESULTS
    assert (notice.facts["checks"], notice.facts["failed"], notice.facts["unknown"]) == (1, 1000, 1)
    assert notice.facts["worst"] == [
        {"check": "disabled-users", "title": "Account is disabled", "severity": "high", "failed": 1000}
    ]


def test_a_first_scan_counts_findings_by_their_own_severity_and_leaves_out_the_exempted(tmp_path: Path) -> None:
    scanner = Scanner(tmp_path)
    mixed = a_compiled_check(sql=CHECK.sql.replace("'high'", "case when id = 'u2' then 'critical' else 'low' end"))
    others = [{"id": f"x{n}", "accountEnabled": False} for n in range(3)]

    scanner.scan(whole(BOB, *others), checks=(mixed,), exemptions=(an_exemption(resource_id="x0"),))

    [notice] = told(scanner)
    assert (notice.severity, notice.facts["failed"]) == (Severity.CRITICAL, 3)
    assert notice.facts["by_severity"] == {"critical": 1, "high": 0, "medium": 0, "low": 2, "info": 0}


def test_a_check_that_is_added_later_tells_one_summary_and_no_single_finding(scanner: Scanner) -> None:
    notices = told_by(scanner, whole(ADA, BOB, ZOE), checks=(CHECK, another()))

    assert events_of(notices) == [(Event.FINDING_OPENED, "u4"), (Event.FIRST_RESULTS, "")]
    summary = notices[-1]
    assert (summary.facts["checks"], summary.facts["failed"]) == (1, 3)


def test_a_check_that_could_never_be_evaluated_is_counted_in_the_first_summary_alone(tmp_path: Path) -> None:
    scanner = Scanner(tmp_path)
    needs_more = a_compiled_check(check=a_check("needs-more"), source_columns={"groups": frozenset({"id"})})
    first = told_by(scanner, whole(ADA), checks=(CHECK, needs_more))

    later = told_by(scanner, whole(ADA), checks=(CHECK, needs_more, another()))

    assert [(notice.facts["checks"], notice.facts["skipped"]) for notice in (*first, *later)] == [(1, 1), (1, 0)]


def test_a_check_whose_table_is_whole_at_last_tells_one_summary(tmp_path: Path) -> None:
    scanner = Scanner(tmp_path)
    scanner.scan(half(ADA, BOB))

    notices = told_by(scanner, whole(ADA, BOB))

    assert events_of(notices) == [(Event.FIRST_RESULTS, "")]


def test_a_first_scan_counts_what_could_not_be_evaluated_but_not_what_the_settings_skip(tmp_path: Path) -> None:
    scanner = Scanner(tmp_path)
    needs_more = a_compiled_check(check=a_check("needs-more"), source_columns={"groups": frozenset({"id"})})

    scanner.scan(whole(ADA, BOB), checks=(CHECK, needs_more), switched_off=(another("off"),))

    [notice] = told(scanner)
    assert (notice.facts["checks"], notice.facts["skipped"]) == (1, 1)


def test_a_check_that_is_switched_on_later_tells_one_summary(tmp_path: Path) -> None:
    scanner = Scanner(tmp_path)
    scanner.scan(whole(ADA, BOB), checks=(), switched_off=(CHECK,))
    assert told(scanner) == []

    assert events_of(told_by(scanner, whole(ADA, BOB))) == [(Event.FIRST_RESULTS, "")]


# Findings


def test_the_same_finding_is_not_told_again(scanner: Scanner) -> None:
    for _ in range(3):
        assert told_by(scanner, whole(ADA, BOB)) == []


def test_a_finding_is_told_when_it_opens_resolves_and_opens_again(scanner: Scanner) -> None:
    notices = [
        *told_by(scanner, whole(ADA, BOB, ZOE)),
        *told_by(scanner, whole(ADA, BOB, ZOE | {"accountEnabled": True})),
        *told_by(scanner, whole(ADA, BOB, ZOE)),
        *told_by(scanner, whole(ADA, BOB)),
    ]

    assert events_of(notices) == [
        (Event.FINDING_OPENED, "u4"),
        (Event.FINDING_RESOLVED, "u4"),
        (Event.FINDING_REOPENED, "u4"),
        (Event.FINDING_RESOLVED, "u4"),
    ]
    assert len({notice.thread for notice in notices}) == 1
    assert {notice.tenant_name for notice in notices} == {"contoso"}


def test_a_scan_that_reports_every_verdict_tells_a_resolution_once(scanner: Scanner) -> None:
    notices = told_by(scanner, whole(ADA, BOB | {"accountEnabled": True}), all_verdicts=True)

    assert events_of(notices) == [(Event.FINDING_RESOLVED, "u2")]


def test_a_finding_that_becomes_worse_is_told_and_one_that_becomes_better_is_not(scanner: Scanner) -> None:
    worse = a_compiled_check(sql=CHECK.sql.replace("'high'", "'critical'"))

    [raised] = told_by(scanner, whole(ADA, BOB), checks=(worse,))

    assert (raised.event, raised.facts["severity_before"]) == (Event.SEVERITY_RAISED, "high")
    assert told_by(scanner, whole(ADA, BOB), checks=(worse,)) == []
    assert told_by(scanner, whole(ADA, BOB)) == []
    assert events_of(told_by(scanner, whole(ADA, BOB), checks=(worse,))) == [(Event.SEVERITY_RAISED, "u2")]


def test_what_is_exempted_is_not_told(scanner: Scanner) -> None:
    accepted = an_exemption(resource_id="U4", check=CHECK.check.id)

    assert told_by(scanner, whole(ADA, BOB, ZOE), exemptions=(accepted,)) == []
    assert told_by(scanner, whole(ADA, BOB), exemptions=(accepted,)) == []


def test_half_a_table_tells_nothing_of_the_findings(scanner: Scanner) -> None:
    notices = told_by(scanner, half(ADA, ZOE))

    assert events_of(notices) == [(Event.RUN_INCOMPLETE, ""), (Event.CHECK_SKIPPED, "disabled-users")]


def test_a_check_that_breaks_tells_that_and_none_of_its_findings(scanner: Scanner) -> None:
    breaks = a_compiled_check(sql=BROKEN_SQL)

    notices = told_by(scanner, whole(ADA, BOB, ZOE), checks=(breaks,))

    assert events_of(notices) == [(Event.RUN_INCOMPLETE, ""), (Event.CHECK_BROKEN, "disabled-users")]
    assert events_of(told_by(scanner, whole(ADA, BOB, ZOE))) == [(Event.FINDING_OPENED, "u4")]


# What is never told


def test_what_waited_a_month_for_somebody_to_tell_it_is_forgotten(scanner: Scanner) -> None:
    [summary] = told(scanner)
    scanner.clock.time = summary.at + UNROUTED_FOR - timedelta(hours=1)
    scanner.scan(whole(ADA, BOB, ZOE))
    assert [notice.event for notice in told(scanner)] == [Event.FIRST_RESULTS, Event.FINDING_OPENED]

    scanner.clock.time = summary.at + UNROUTED_FOR
    scanner.scan(whole(ADA, BOB, ZOE))

    assert [notice.event for notice in told(scanner)] == [Event.FINDING_OPENED]


# A scan that was killed


@pytest.mark.parametrize("moment", [SnapshotPublished, JudgementMade, CheckDone])
def test_a_first_scan_that_is_killed_and_repeated_tells_one_summary(tmp_path: Path, moment: type) -> None:
    scanner = Scanner(tmp_path)
    kill(scanner, whole(ADA, BOB), at=moment)
    assert told(scanner) == []

    scanner.scan(whole(ADA, BOB))

    assert events_of(told(scanner)) == [(Event.FIRST_RESULTS, "")]


@pytest.mark.parametrize("moment", [SnapshotPublished, JudgementMade, CheckDone])
def test_a_later_scan_that_is_killed_and_repeated_loses_and_doubles_nothing(scanner: Scanner, moment: type) -> None:
    before = told(scanner)
    kill(scanner, whole(ADA, ZOE), at=moment)

    scanner.scan(whole(ADA, ZOE))

    assert sorted(events_of(told(scanner, since=before))) == [
        (Event.FINDING_OPENED, "u4"),
        (Event.FINDING_RESOLVED, "u2"),
        (Event.RUN_ABORTED, ""),
    ]


def test_a_check_that_was_evaluated_before_its_scan_was_killed_is_told_with_those_that_were_not(
    tmp_path: Path,
) -> None:
    scanner = Scanner(tmp_path)
    kill(scanner, whole(ADA, BOB), at=CheckDone, checks=(CHECK, another()))
    assert len(scanner.store.findings) == 1

    scanner.scan(whole(ADA, BOB), checks=(CHECK, another()))

    [notice] = told(scanner)
    assert (notice.facts["checks"], notice.facts["failed"]) == (2, 3)


def kill(scanner: Scanner, graph: ScriptedGraph, *, at: type, **request: Any) -> None:
    """Scan until the first event of a kind."""
    events = scanner.scanning(graph, **request)
    next(event for event in events if isinstance(event, at))
    events.close()  # type: ignore[attr-defined]


# Runs


def test_a_run_that_is_incomplete_or_aborted_is_told_when_that_is_new(scanner: Scanner) -> None:
    unreachable = ScriptedGraph(answer=TenantUnreachable("login.example.com does not answer"))
    refused = ScriptedGraph(answer=TokenRefused("the client secret is wrong", code="7000215"))
    graphs = [half(BOB), half(BOB), unreachable, unreachable, refused, whole(BOB), refused, half(BOB)]

    runs = [
        [(notice.event, notice.facts["because"]) for notice in told_by(scanner, graph) if notice.check is None]
        for graph in graphs
    ]

    unreachable_told = (Event.RUN_ABORTED, "login.example.com does not answer")
    refused_told = (Event.RUN_ABORTED, "the client secret is wrong")
    assert [[one for one in run if one[0] is not Event.FINDING_RESOLVED] for run in runs] == [
        [(Event.RUN_INCOMPLETE, None)],
        [],
        [unreachable_told],
        [],
        [refused_told],
        [],
        [refused_told],
        [(Event.RUN_INCOMPLETE, None)],
    ]


def test_an_incomplete_run_names_its_tables_and_checks(scanner: Scanner) -> None:
    notices = told_by(scanner, half(BOB), checks=(CHECK,))
    assert (notices[0].facts["tables"], notices[0].facts["broken"]) == (["users"], [])

    scanner.scan(whole(BOB))
    notices = told_by(scanner, whole(BOB), checks=(another("breaks", BROKEN_SQL),))
    assert (notices[0].facts["tables"], notices[0].facts["broken"]) == ([], ["breaks"])


def test_a_run_that_was_interrupted_counts_as_the_one_before(scanner: Scanner) -> None:
    scanner.scan(half(BOB))
    kill(scanner, half(BOB), at=SnapshotPublished)

    notices = told_by(scanner, half(BOB))

    assert [run.state for run in scanner.store.runs.values()][1:] == [
        RunState.INCOMPLETE,
        RunState.ABORTED,
        RunState.INCOMPLETE,
    ]
    assert events_of(notices) == [(Event.RUN_ABORTED, ""), (Event.RUN_INCOMPLETE, "")]


def test_a_run_that_was_killed_is_told_by_the_next_one_unless_the_one_before_it_was_killed_too(
    scanner: Scanner,
) -> None:
    before = told(scanner)
    for _ in range(3):
        kill(scanner, whole(BOB), at=SnapshotPublished)
    scanner.scan(whole(BOB))

    runs = [notice for notice in told(scanner, since=before) if notice.event.family == "run"]
    assert [(notice.event, notice.about, notice.facts["because"]) for notice in runs] == [
        (Event.RUN_ABORTED, "run-1", "it was interrupted")
    ]


def test_an_aborted_run_leaves_the_first_results_to_the_next_one(tmp_path: Path) -> None:
    scanner = Scanner(tmp_path)
    scanner.scan(ScriptedGraph(answer=TenantUnreachable("login.example.com does not answer")))

    assert events_of(told_by(scanner, whole(ADA, BOB))) == [(Event.FIRST_RESULTS, "")]


# Checks


def test_a_check_that_cannot_be_evaluated_any_more_is_told_once(scanner: Scanner) -> None:
    without = ScriptedGraph([an_outcome("users", Outcome.FORBIDDEN, reason="User.Read.All is missing")])

    [skipped] = told_by(scanner, without)

    assert (skipped.event, skipped.check) == (Event.CHECK_SKIPPED, CHECK.check.id)
    assert skipped.facts["because"] == "users: User.Read.All is missing"
    assert told_by(scanner, without) == []
    assert told_by(scanner, whole(ADA, BOB)) == []
    assert events_of(told_by(scanner, without)) == [(Event.CHECK_SKIPPED, "disabled-users")]


def test_a_check_that_the_settings_skip_is_not_told_of_and_comes_back_as_it_was(scanner: Scanner) -> None:
    assert told_by(scanner, whole(ADA, BOB), checks=(), switched_off=(CHECK,)) == []
    assert events_of(told_by(scanner, whole(ADA, BOB, ZOE))) == [(Event.FINDING_OPENED, "u4")]


# Exemptions


def test_an_exemption_is_told_of_once_before_it_ends(scanner: Scanner) -> None:
    soon = an_exemption(ends_at=MONDAY + timedelta(days=14), check=CheckId("disabled-users"))
    later = an_exemption(resource_id="u9")
    over = an_exemption(resource_id="u8", ends_at=MONDAY)
    elsewhere = an_exemption(tenant="fabrikam", ends_at=MONDAY + timedelta(days=1))

    [notice] = told_by(scanner, whole(ADA, BOB), exemptions=(soon, later, over, elsewhere))

    assert (notice.event, notice.check) == (Event.EXEMPTION_ENDING, CHECK.check.id)
    assert (notice.facts["resource_id"], notice.facts["days_left"]) == ("u2", 13)
    assert told_by(scanner, whole(ADA, BOB), exemptions=(soon, later, over, elsewhere)) == []


def test_a_recorded_exemption_is_told_of_even_if_the_run_is_aborted(scanner: Scanner) -> None:
    scanner.store.recorded.append(an_exemption(ends_at=MONDAY + timedelta(days=2)))

    notices = told_by(scanner, ScriptedGraph(answer=TenantUnreachable("login.example.com does not answer")))

    assert [notice.event for notice in notices] == [Event.RUN_ABORTED, Event.EXEMPTION_ENDING]
