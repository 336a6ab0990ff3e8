"""The progress of a plan on a terminal and elsewhere, and what is shown of one that is interrupted."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from posture.cli.console import Format
from posture.cli.execute import ExecutionResult, exit_code
from posture.cli.execution_progress import ExecutionProgress
from posture.domain.journal import SendState
from posture.domain.judgement import Resource
from posture.domain.plan import Plan, PlanState, TargetState
from posture.usecases.acting_events import (
    ExecutionEnded,
    ExecutionEvent,
    ExecutionStarted,
    RequestEnded,
    ShownOnce,
    TargetEnded,
    TargetStarted,
    Verifying,
)
from tests.usecases.builders import a_journal_entry, a_plan, a_target

ADELE = a_target(1, resource=Resource(type="user", id="u1", name="adele"))
BERTA = a_target(2, resource=Resource(type="user", id="u2", name="ber\x1bta"))
PLAN = a_plan(targets=(ADELE, BERTA), tenant_name="contoso", action="block-user")
DONE = replace(ADELE, state=TargetState.DONE)
FAILED = replace(BERTA, state=TargetState.FAILED, because="Graph answered 403")


def shown(*events: ExecutionEvent, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=120, legacy_windows=False, highlight=False)
    with ExecutionProgress(console) as progress:
        for event in events:
            progress.show(event)
    return out.getvalue()


def test_elsewhere_than_on_a_terminal_there_is_one_line_for_the_start_and_each_end() -> None:
    said = shown(
        ExecutionStarted(plan=PLAN, is_resumed=False),
        TargetStarted(target=ADELE),
        RequestEnded(target=ADELE, entry=a_journal_entry()),
        Verifying(target=ADELE, pause=timedelta(seconds=5)),
        TargetEnded(target=DONE, revealed={"code": "s3cret"}),
        TargetEnded(target=FAILED, revealed={}),
        ExecutionEnded(plan=PLAN),
    )

    assert said.splitlines() == [
        f"contoso: plan {PLAN.id[:8]}, block-user, 2 targets",
        "  1/2 adele (u1): done",
        "  2/2 ber\\x1bta (u2): failed: Graph answered 403",
    ]


def test_what_goes_on_says_so() -> None:
    assert "going on where it stopped" in shown(ExecutionStarted(plan=PLAN, is_resumed=True))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (TargetStarted(target=ADELE), "adele (u1)"),
        (RequestEnded(target=ADELE, entry=a_journal_entry(state=SendState.ANSWERED, status=204)), "204"),
        (RequestEnded(target=ADELE, entry=a_journal_entry(state=SendState.LOST, status=None)), "no answer"),
        (Verifying(target=ADELE, pause=timedelta(seconds=5)), "looking again in 5s"),
    ],
)
def test_on_a_terminal_a_bar_says_what_is_done_now(event: ExecutionEvent, line: str) -> None:
    said = shown(ExecutionStarted(plan=PLAN, is_resumed=False), event, terminal=True)

    assert line in said
    assert "0/2" in said


def test_on_a_terminal_ended_targets_stay_above_the_bar() -> None:
    said = shown(ExecutionStarted(plan=PLAN, is_resumed=False), TargetEnded(target=DONE, revealed={}), terminal=True)

    assert "1/2 adele (u1): done" in said


def ended(state: PlanState, *targets: TargetState) -> Plan:
    each = tuple(a_target(number, state=state) for number, state in enumerate(targets, start=1))
    return a_plan(state=state, targets=each)


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (ended(PlanState.DONE, TargetState.DONE, TargetState.ALREADY_DONE), 0),
        (ended(PlanState.PARTLY_DONE, TargetState.DONE, TargetState.FAILED), 3),
        (ended(PlanState.FAILED, TargetState.REFUSED, TargetState.FAILED), 1),
        (ended(PlanState.FAILED, TargetState.UNVERIFIED, TargetState.FAILED), 3),
    ],
)
def test_the_exit_code_tells_done_from_partly_and_not(plan: Plan, code: int) -> None:
    assert exit_code(plan) == code


def interrupted_after(*events: ExecutionEvent) -> None:
    result = ExecutionResult(PLAN)
    with result.shown_in_any_case(Format.JSON):
        for event in events:
            result.take(event)
        raise KeyboardInterrupt


def test_what_was_revealed_before_an_interruption_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    events = (
        ExecutionStarted(plan=PLAN, is_resumed=False),
        ShownOnce(target=ADELE, values={"code": "s3cret"}),
        RequestEnded(target=ADELE, entry=a_journal_entry()),
        TargetEnded(target=DONE, revealed={"code": "s3cret"}),
    )

    with pytest.raises(KeyboardInterrupt):
        interrupted_after(*events)

    document = json.loads(capsys.readouterr().out)
    assert document["revealed"] == [{"target": 1, "name": "code", "value": "s3cret"}]
    assert [target["state"] for target in document["targets"]] == ["done", "waiting"]
    assert len(document["journal"]) == 1


def test_an_interruption_before_anything_was_revealed_writes_no_document(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_after(ExecutionStarted(plan=PLAN, is_resumed=False), TargetEnded(target=DONE, revealed={}))

    assert capsys.readouterr().out == ""


def test_what_was_revealed_is_no_part_of_a_representation() -> None:
    shown_event = ShownOnce(target=ADELE, values={"code": "s3cret"})
    ended_event = TargetEnded(target=DONE, revealed={"code": "s3cret"})
    result = ExecutionResult(PLAN)
    result.take(shown_event)

    assert "s3cret" not in repr([shown_event, ended_event, result.revealed])


def test_what_was_revealed_is_written_at_once_and_not_again(capsys: pytest.CaptureFixture[str]) -> None:
    result = ExecutionResult(PLAN)
    result.take(ShownOnce(target=ADELE, values={"code": "s3cret"}))

    result.write_revealed()

    assert capsys.readouterr().out.splitlines()[-2:] == ["    s3cret", ""]
    result.write(Format.TABLE, journal=[])
    assert "s3cret" not in capsys.readouterr().out


def test_the_bar_lets_go_of_standard_output_while_something_else_is_written() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120, legacy_windows=False)
    before = sys.stdout

    with ExecutionProgress(console) as progress:
        assert sys.stdout is not before
        with progress.paused():
            assert sys.stdout is before
        assert sys.stdout is not before
