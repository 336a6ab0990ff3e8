"""Names, reasons and notes that try to break what shows them: harmless in everything that is said about a plan."""

from __future__ import annotations

import json

from posture.domain.plan import PlanState
from posture.simulator.demo_tenant.names import HOSTILE_NAMES

from .acting_company import Office
from .conftest import TRACEBACK, Done
from .test_hostile_names import assert_harmless

REASON = "left \x1b[2J\x1b]0;owned\x07<script>alert(1)</script> \u202eknil\u2066 [bold]x[/bold]\x9b31m\u2029 end"
NOTE = "fine \x1b[1A\x1b[2K\u202etnedurp\r\nApproved: by root"


def harmless(done: Done, *, code: int = 0) -> str:
    assert (done.code, TRACEBACK in done.err) == (code, False), done.err
    assert_harmless(done.out)
    assert_harmless(done.err)
    return done.out


def test_everything_that_is_said_about_a_plan_is_harmless(office: Office) -> None:
    people = [office.member(number)["id"] for number in range(3)]
    names = [" ".join(HOSTILE_NAMES[at::3]) for at in range(3)]
    plan = office.propose("disable-user", *people, reason=REASON)
    for id, name in zip(people, names, strict=True):
        office.tamper("update plan_targets set resource_name = ? where resource_id = ?", name, id)
    plan = office.application.acting.plan(plan.id)
    approval = ("plans", "approve", plan.id, "--digest", plan.digest, "--note", NOTE)

    said = [
        harmless(office.posture(*approval, by="grace")),
        harmless(office.posture("plans", "list")),
        harmless(office.posture("plans", "dry-run", plan.id)),
        harmless(office.posture("plans", "execute", plan.id, by="grace")),
        harmless(office.posture("plans", "show", plan.id)),
        harmless(office.posture("audit", "list")),
    ]

    shown = said[4]
    assert "<script>alert(1)</script>" in shown
    assert "[bold]x[/bold]" in shown
    assert not [line for line in shown.splitlines() if line.startswith("Approved: by root")]
    assert all(id in shown for id in people)
    assert office.application.acting.plan(plan.id).state is PlanState.DONE


def test_a_document_of_a_plan_keeps_every_text_as_it_is(office: Office) -> None:
    plan = office.propose("disable-user", office.member(0)["id"], reason=REASON)
    office.tamper("update plan_targets set resource_name = ? where plan_id = ?", HOSTILE_NAMES[4], plan.id)

    done = office.posture("plans", "show", plan.id, "--format", "json")

    document = json.loads(harmless(done))
    assert document["reason"] == REASON
    assert HOSTILE_NAMES[4] in json.dumps(document["targets"], ensure_ascii=False).encode().decode("unicode_escape")


def test_names_given_on_the_command_line_are_harmless_when_they_are_refused(office: Office) -> None:
    proposal = ("actions", "propose", "disable-user", "--target", REASON, "--reason", "x", "--param", f"{NOTE}=1")

    done = office.posture(*proposal, by="ada")

    assert done.code in (1, 2)
    harmless(done, code=done.code)
    assert office.writes == []
