"""One scan from the token to the findings, on real snapshots and a Graph that follows a script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from posture.definitions.compiled import CompiledCheck
from posture.domain.exemption import Exemption
from posture.domain.finding import FindingChange
from posture.domain.judgement import CheckOutcome, SkipKind
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.reading import Page, Restart, ResumePoint
from posture.domain.run import RunState, RunSummary
from posture.domain.tenant import TenantFacts
from posture.errors import GraphError, TenantUnreachable, TokenRefused
from posture.snapshot.snapshots import TenantSnapshots
from posture.tables.table import WantedTable
from posture.usecases.events import CheckDone, JudgementMade, ScanEvent, ScanFinished, ScanStarted, TableDone
from posture.usecases.scan import scan_tenant
from posture.usecases.scan_request import ScanRequest
from tests.ports.memory_store import MemoryStore
from tests.usecases.builders import MONDAY, TENANT_ID, a_check, a_compiled_check, a_table, an_outcome

USERS = a_table("users")
WANTED = WantedTable(table=USERS, columns=USERS.columns)

ADA = {"id": "u1", "displayName": "Ada", "accountEnabled": True}
BOB = {"id": "u2", "displayName": "Bob", "accountEnabled": False}
EVE = {"id": "u3", "displayName": "Eve", "accountEnabled": None}
FAILING = "select id as resource_id, id as resource_name, 'fail' as _verdict, 'high' as _severity from (ROWS)"


@dataclass
class TickingClock:
    """Each look at it is a minute later than the one before."""

    time: datetime = MONDAY

    def now(self) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time


def facts(*, granted: frozenset[str] | None = frozenset({"User.Read.All"})) -> TenantFacts:
    return TenantFacts(
        tenant_id=TENANT_ID, display_name="Contoso", licences=frozenset(), granted=granted, clock_skew=None
    )


@dataclass
class ScriptedGraph:
    """Answers ``identify`` with facts or an error, and yields the parts it was given."""

    parts: Sequence[Page | Restart | TableOutcome] = ()
    answer: TenantFacts | GraphError = field(default_factory=facts)
    asked: list[str] = field(default_factory=list)

    def identify(self) -> TenantFacts:
        if isinstance(self.answer, GraphError):
            raise self.answer
        return self.answer

    def read_tables(
        self, wanted: Sequence[WantedTable], *, facts: TenantFacts, resume: Mapping[str, ResumePoint]
    ) -> Iterator[Page | Restart | TableOutcome]:
        self.asked += [table.table.name for table in wanted]
        yield from self.parts if wanted else ()

    def first_pages(self, wanted: Sequence[WantedTable], *, facts: TenantFacts) -> Iterator[TableOutcome]:
        raise AssertionError("a scan reads whole tables")


def a_page(*items: Mapping[str, object], rows: int | None = None) -> Page:
    return Page(
        table="users",
        items=b"".join(json.dumps(item).encode() + b"\n" for item in items),
        count=len(items),
        resume=ResumePoint(link=None, part=0, rows=len(items) if rows is None else rows, requests=1),
    )


class Scanner:
    """A tenant that is scanned again and again."""

    def __init__(self, place: Path) -> None:
        self.store = MemoryStore()
        self.clock = TickingClock()
        self.snapshots = TenantSnapshots(place, tenant_id=TENANT_ID, dictionary=(USERS,))

    def scan(
        self,
        graph: ScriptedGraph,
        *,
        exemptions: tuple[Exemption, ...] = (),
        switched_off: bool = False,
        before: tuple[CompiledCheck, ...] = (),
    ) -> list[ScanEvent]:
        check = a_compiled_check()
        request = ScanRequest(
            run_id=f"run-{len(self.store.runs)}",
            tenant_id=TENANT_ID,
            tenant_name="contoso",
            checks=() if switched_off else (*before, check),
            switched_off=(check,) if switched_off else (),
            wanted=(WANTED,),
            exemptions=exemptions,
            exemption_notice=timedelta(days=14),
            own=None,
            all_verdicts=False,
        )
        return list(
            scan_tenant(
                request, graph=graph, snapshots=self.snapshots, open_unit=self.store.open_unit, clock=self.clock
            )
        )


@pytest.fixture
def scanner(tmp_path: Path) -> Scanner:
    return Scanner(tmp_path)


def summary_of(events: Sequence[ScanEvent]) -> RunSummary:
    last = events[-1]
    assert isinstance(last, ScanFinished)
    return last.summary


def changes_of(events: Sequence[ScanEvent]) -> dict[str, FindingChange | None]:
    return {event.judgement.resource.id: event.change for event in events if isinstance(event, JudgementMade)}


def whole(*items: Mapping[str, object]) -> ScriptedGraph:
    return ScriptedGraph([a_page(*items), an_outcome("users")])


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
    [result] = summary_of(scanner.scan(whole(BOB), switched_off=True)).checks

    assert result.skipped is not None
    assert result.skipped.kind is SkipKind.SWITCHED_OFF
    assert scanner.store.findings == {}


@pytest.mark.parametrize(
    "rows", ["select * from users union all by name select * from users", "select id::integer as id from users"]
)
def test_a_check_that_breaks_makes_the_run_incomplete_and_stops_no_other(scanner: Scanner, rows: str) -> None:
    breaks = a_compiled_check(check=a_check("breaks"), sql=FAILING.replace("ROWS", rows))

    summary = summary_of(scanner.scan(whole(ADA, BOB), before=(breaks,)))

    assert [result.outcome for result in summary.checks] == [CheckOutcome.BROKEN, CheckOutcome.EVALUATED]
    assert summary.checks[0].error is not None
    assert summary.run.state is RunState.INCOMPLETE
    assert {finding.check for finding in scanner.store.findings.values()} == {a_check().id}
