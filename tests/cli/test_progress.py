"""The progress of a scan, on a terminal and elsewhere."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from posture.cli.progress import ScanProgress
from posture.domain.outcome import Outcome
from posture.domain.run import Run, RunState
from posture.domain.tenant import TenantFacts
from posture.tables.table import WantedTable
from posture.usecases.evaluate import switched_off
from posture.usecases.events import CheckDone, PageKept, ScanEvent, ScanStarted, TableDone, TableRestarted
from tests.usecases.builders import MONDAY, TENANT_ID, a_compiled_check, a_table, an_outcome

RUN = Run(
    id="r1",
    tenant_id=TENANT_ID,
    tenant_name="contoso",
    taken_at=MONDAY,
    finished_at=None,
    state=RunState.RUNNING,
    aborted_because=None,
)
FACTS = TenantFacts(tenant_id=TENANT_ID, display_name=None, licences=None, granted=None, clock_skew=None)


def started(*tables: str, resumed: frozenset[str] = frozenset(), set_aside: Sequence[Path] = ()) -> ScanStarted:
    wanted = [WantedTable(table=a_table(name), columns=()) for name in tables]
    return ScanStarted(run=RUN, facts=FACTS, wanted=wanted, checks=3, resumed_tables=resumed, set_aside=set_aside)


def done(table: str, outcome: Outcome = Outcome.COMPLETE, *, rows: int = 0, reason: str | None = None) -> TableDone:
    return TableDone(outcome=replace(an_outcome(table, outcome, reason=reason), rows=rows), was_kept=False)


def shown(*events: ScanEvent, terminal: bool = False) -> str:
    out = io.StringIO()
    with ScanProgress(Console(file=out, force_terminal=terminal, width=100, legacy_windows=False)) as progress:
        for event in events:
            progress.show(event)
    return out.getvalue()


def test_elsewhere_than_on_a_terminal_there_is_one_line_for_the_start_and_each_end() -> None:
    said = shown(
        started("users", "groups"),
        PageKept(table="users", rows=999, requests=1),
        done("users", rows=1_998),
        done("groups", Outcome.FORBIDDEN, reason="Group.Read.All is missing"),
        CheckDone(result=switched_off(a_compiled_check())),
    )

    assert said.splitlines() == [
        "contoso: reading 2 tables for 3 checks",
        "  users: 1,998 rows, 1 request",
        "  groups: forbidden: Group.Read.All is missing",
    ]


def test_a_scan_that_goes_on_from_a_killed_one_says_so() -> None:
    assert "going on with 1 table" in shown(started("users", resumed=frozenset({"users"})))


@pytest.mark.parametrize("terminal", [False, True])
def test_a_snapshot_that_was_set_aside_is_said(terminal: bool) -> None:
    event = started("users", set_aside=[Path("data/damaged/one")])

    said = " ".join(shown(event, terminal=terminal).split())

    assert "warning: the manifest of an earlier snapshot is damaged; it was set aside: data/damaged/one" in said


def test_a_table_that_is_read_again_says_why() -> None:
    assert shown(TableRestarted(table="users", reason="the page token expired")) == (
        "  users: read again from the start (the page token expired)\n"
    )


@pytest.mark.parametrize(
    ("outcome", "mark"),
    [(Outcome.COMPLETE, "✓"), (Outcome.NOT_LICENSED, "–"), (Outcome.FORBIDDEN, "✗"), (Outcome.PARTIAL, "✗")],
)
def test_on_a_terminal_every_table_has_a_line_with_its_mark(outcome: Outcome, mark: str) -> None:
    reason = None if outcome is Outcome.COMPLETE else "because of the test"
    said = shown(
        started("users", "groups"),
        PageKept(table="users", rows=12_345, requests=13),
        done("groups", outcome, rows=7, reason=reason),
        terminal=True,
    )

    assert "12,345" in said
    assert "13 requests" in said
    assert mark in said
    assert (reason or "1 request") in said
