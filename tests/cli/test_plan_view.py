"""A plan as people read it before they decide, and what they type next."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from posture.cli.next_step import command_after, has_way_back
from posture.cli.plan_view import length, print_journal, print_plan
from posture.domain.journal import JournalEntry, SendState
from posture.domain.plan import Plan, PlanState, TargetState
from tests.usecases.builders import a_journal_entry, a_plan, a_target, an_approval


def shown(plan: Plan, *entries: JournalEntry) -> str:
    out = io.StringIO()
    console = Console(file=out, width=200, highlight=False, markup=False)
    print_plan(console, plan, None)
    print_journal(console, entries)
    return out.getvalue()


def test_a_plan_is_shown_even_if_its_action_is_gone() -> None:
    assert "unknown: this action is no longer in the catalog" in shown(a_plan())


def test_a_plan_says_who_decided_why_and_how_its_targets_went() -> None:
    target = a_target(because="Graph\x1b answered 403", state=TargetState.FAILED)
    plan = a_plan(
        state=PlanState.FAILED,
        approvals=(an_approval(by="bo\x1bb", note="se\x1ben"),),
        targets=(target,),
        undoes="p" * 32,
    )

    said = shown(plan)

    assert "by bo\\x1bb" in said
    assert "se\\x1ben" in said
    assert "Graph\\x1b answered 403" in said
    assert f"plan {'p' * 8}" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("state", "status", "error", "answer"),
    [
        (SendState.ANSWERED, 204, None, "204"),
        (SendState.ANSWERED, 403, "Forbidden", "403 Forbidden"),
        (SendState.LOST, None, "connection lost", "no answer: connection lost"),
        (SendState.INTENDED, None, None, "not known whether it was sent"),
    ],
)
def test_the_journal_tells_an_answer_from_none(
    state: SendState, status: int | None, error: str | None, answer: str
) -> None:
    assert answer in shown(a_plan(), a_journal_entry(state=state, status=status, error=error))


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(seconds=90), "90s"),
        (timedelta(minutes=5), "5m"),
        (timedelta(hours=24), "24h"),
        (timedelta(days=30), "30d"),
    ],
)
def test_a_duration_is_written_as_in_the_files(duration: timedelta, text: str) -> None:
    assert length(duration) == text


def test_what_was_changed_can_be_taken_back_once() -> None:
    done = a_plan(state=PlanState.DONE, targets=(a_target(state=TargetState.DONE),))

    assert has_way_back(done, ())
    assert not has_way_back(replace(done, undoes="p1"), ())
    assert not has_way_back(replace(done, targets=(a_target(state=TargetState.REFUSED),)), ())
    assert not has_way_back(a_plan(state=PlanState.EXECUTING, targets=done.targets), ())


def test_a_failed_target_is_taken_back_only_if_a_request_may_have_got_through() -> None:
    failed = a_plan(state=PlanState.FAILED, targets=(a_target(state=TargetState.FAILED),))
    number = failed.targets[0].number
    turned_down = a_journal_entry(target=number, state=SendState.ANSWERED, status=400)

    assert not has_way_back(failed, ())
    assert not has_way_back(failed, [turned_down])
    assert has_way_back(failed, [replace(turned_down, status=204), turned_down])
    assert has_way_back(failed, [replace(turned_down, state=SendState.LOST, status=None)])
    assert not has_way_back(failed, [replace(turned_down, target=number + 1, status=204)])


@pytest.mark.parametrize(
    ("state", "command"),
    [
        (PlanState.PROPOSED, "plans approve"),
        (PlanState.APPROVED, "plans execute"),
        (PlanState.EXECUTING, "plans execute"),
        (PlanState.DONE, "scan"),
    ],
)
def test_what_follows_depends_on_the_state(state: PlanState, command: str) -> None:
    follows = command_after(a_plan(state=state, targets=(a_target(fingerprint="f" * 32),)))

    assert follows is not None
    assert follows.startswith(command)


@pytest.mark.parametrize("state", [PlanState.REJECTED, PlanState.EXPIRED, PlanState.FAILED])
def test_nothing_follows_on_what_ended_without_a_change(state: PlanState) -> None:
    assert command_after(a_plan(state=state)) is None
