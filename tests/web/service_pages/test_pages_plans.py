"""Plans on the page: the queue, reading one, deciding, watching it being carried out, taking it back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from posture.domain.action import Risk
from posture.domain.operator import Role
from posture.domain.plan import PlanState
from tests.domain.plans import a_plan, a_rule, a_target
from tests.web.office import CONTOSO
from tests.web.service_pages.reception import NOTE, Reception, read, rows_of, text_of


def test_the_queue_shows_what_waits_for_this_person_above_everything_else(reception: Reception) -> None:
    page = text_of(reception.admin().get("/plans"))

    assert "Waiting for you" in page
    assert page.index("Waiting for you") < page.index("Said yes")


def test_who_may_not_decide_has_nothing_waiting(reception: Reception) -> None:
    page = text_of(reception.signed_in(Role.VIEWER).get("/plans"))

    assert "Waiting for you" not in page


def test_the_queue_is_narrowed_by_state_and_tenant(reception: Reception) -> None:
    client = reception.admin()
    mine, other = reception.of["contoso"].plan, reception.of["fabrikam"].plan

    in_contoso = read(client.get("/plans?tenant=contoso")).addresses
    approved = text_of(client.get("/plans?state=approved"))

    assert f"/plans/{mine.id}" in in_contoso
    assert f"/plans/{other.id}" not in in_contoso
    assert "No plan is like that" in approved


@pytest.mark.parametrize("query", ["state=nonsense", "cursor=nonsense"])
def test_an_address_that_nobody_gave_out_is_told(reception: Reception, query: str) -> None:
    assert reception.admin().get(f"/plans?{query}").status_code == 422


def test_a_plan_tells_what_is_decided_on(reception: Reception) -> None:
    plan = reception.plan_in_contoso(reason="their laptop was stolen")

    page = text_of(reception.admin().get(f"/plans/{plan.id}"))

    for part in (
        "Sign a user out everywhere",
        "refresh token",  # the effect
        "their laptop was stolen",
        "ada proposed it",
        "the yes of 1 person with the role helpdesk",
        "disruptive",
        "At most 10 targets at once",
        f"POST /users/{plan.targets[0].resource.id}/revokeSignInSessions",
        reception.of["contoso"].finding.message,
        plan.digest,
    ):
        assert part in page


def test_a_plan_of_another_tenant_is_not_there(reception: Reception) -> None:
    client = reception.signed_in(Role.ADMIN, ["fabrikam"])
    plan = reception.of["contoso"].plan

    answers = [
        client.get(f"/plans/{plan.id}"),
        client.get(f"/plans/{plan.id}/progress"),
        client.get(f"/plans/{plan.id}.json"),
        client.post(f"/plans/{plan.id}/approve", data={"digest": plan.digest, "note": NOTE}),
        client.post(f"/plans/{plan.id}/reject", data={"note": NOTE}),
        client.post(f"/plans/{plan.id}/execute"),
        client.post(f"/plans/{plan.id}/undo", data={"reason": NOTE}),
    ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)


def test_a_yes_to_what_was_shown_approves_and_asks_a_worker(reception: Reception) -> None:
    plan, client = reception.plan_in_contoso(), reception.admin()
    shown = read(client.get(f"/plans/{plan.id}")).hidden["digest"]

    answer = client.post(f"/plans/{plan.id}/approve", data={"digest": shown, "note": NOTE})
    page = text_of(client.get(answer.headers["location"]))

    assert (answer.status_code, reception.application.acting.plan(plan.id).state) == (303, PlanState.APPROVED)
    assert "Your yes is on record" in page
    assert "A worker is about to begin" in page
    assert NOTE in page


def test_a_yes_to_something_else_is_refused_and_the_note_kept(reception: Reception) -> None:
    plan, client = reception.plan_in_contoso(), reception.admin()

    answer = client.post(f"/plans/{plan.id}/approve", data={"digest": "0" * 64, "note": NOTE})

    assert answer.status_code == 403
    assert "is not the one that was shown" in text_of(answer)
    assert NOTE in text_of(answer)
    assert reception.application.acting.plan(plan.id).state is PlanState.PROPOSED


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_decision_without_a_reason_is_asked_for_one(reception: Reception, decision: str) -> None:
    plan = reception.plan_in_contoso()

    answer = reception.admin().post(f"/plans/{plan.id}/{decision}", data={"digest": plan.digest, "note": "  "})

    assert answer.status_code == 422
    assert "Say why: the note stays on record." in text_of(answer)
    assert reception.application.acting.plan(plan.id).state is PlanState.PROPOSED


def test_who_signed_in_long_ago_signs_in_again_and_finds_the_form_filled(reception: Reception) -> None:
    plan = reception.plan_in_contoso()
    client = reception.admin(age=timedelta(minutes=16))

    answer = client.post(f"/plans/{plan.id}/approve", data={"digest": plan.digest, "note": NOTE})
    back = reception.admin().get(f"/plans/{plan.id}", params={"note": NOTE})

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in/again?next=%2Fplans%2F")
    assert reception.application.acting.plan(plan.id).state is PlanState.PROPOSED
    assert f">{NOTE}</textarea>" in back.text


def test_a_note_that_is_too_long_for_an_address_leads_back_without_it(reception: Reception) -> None:
    plan = reception.plan_in_contoso()
    client = reception.admin(age=timedelta(minutes=16))

    answer = client.post(f"/plans/{plan.id}/approve", data={"digest": plan.digest, "note": "ü" * 1000})

    assert answer.headers["location"] == f"/sign-in/again?next=%2Fplans%2F{plan.id}"


def test_who_proposed_a_plan_for_one_person_is_told_that_somebody_else_must(reception: Reception) -> None:
    plan = reception.plan_in_contoso(proposed_by="ada")

    page = text_of(reception.admin(name="ada").get(f"/plans/{plan.id}"))

    assert "You cannot approve it: ada proposed this plan; somebody else must approve it" in page
    assert "Reject" in page


def test_a_viewer_is_offered_nothing(reception: Reception) -> None:
    plan = reception.plan_in_contoso()

    page = read(reception.signed_in(Role.VIEWER).get(f"/plans/{plan.id}"))

    assert not [address for address in page.addresses if address.startswith(f"/plans/{plan.id}/")]


def test_the_first_of_two_people_still_waits_for_the_second(reception: Reception) -> None:
    plan = reception.plan_in_contoso(risk=Risk.DESTRUCTIVE, rule=a_rule(people=2))
    client = reception.admin()

    client.post(f"/plans/{plan.id}/approve", data={"digest": plan.digest, "note": NOTE})
    page = text_of(client.get(f"/plans/{plan.id}"))

    assert "It waits for the yes of 1 more person" in page
    assert "has approved this plan already" in page


def test_a_rejected_plan_says_who_and_why(reception: Reception) -> None:
    plan, client = reception.plan_in_contoso(), reception.admin(name="linus")

    answer = client.post(f"/plans/{plan.id}/reject", data={"note": "not without a ticket"})
    page = text_of(client.get(answer.headers["location"]))

    assert "linus: not without a ticket" in page
    assert reception.application.acting.plan(plan.id).state is PlanState.REJECTED


def test_progress_asks_for_itself_while_the_plan_is_carried_out(reception: Reception) -> None:
    plan = reception.approved(reception.plan_in_contoso(targets=(a_target(1), a_target(2))))
    reception.executing(plan, ended=1)

    part = reception.admin().get(f"/plans/{plan.id}/progress")

    assert 'hx-trigger="every 1s"' in part.text
    assert "It is being carried out: 1 of 2 targets" in text_of(part)
    assert "<html" not in part.text


def test_progress_stops_and_fetches_the_results_when_the_plan_has_ended(reception: Reception) -> None:
    plan = reception.approved(reception.plan_in_contoso(targets=(a_target(1),)))
    ended = reception.ended(reception.executing(plan, ended=1))

    part = reception.admin().get(f"/plans/{ended.id}/progress")
    page = reception.admin().get(f"/plans/{ended.id}")

    assert 'hx-trigger="load"' in part.text
    assert "every 1s" not in part.text
    assert "The plan has ended: 1 of 1 target is as wished" in text_of(part)
    assert "hx-trigger" not in page.text


def test_an_approved_plan_that_nobody_carries_out_can_be_handed_to_a_worker(reception: Reception) -> None:
    plan, client = reception.approved(reception.plan_in_contoso()), reception.admin()
    before = client.get(f"/plans/{plan.id}")

    answer = client.post(f"/plans/{plan.id}/execute")
    after = client.get(answer.headers["location"])

    assert "No worker was asked" in text_of(before)
    assert "A worker was asked to carry it out" in text_of(after)
    assert "every 1s" in after.text


def test_a_plan_that_is_not_approved_cannot_be_executed(reception: Reception) -> None:
    plan = reception.plan_in_contoso()

    answer = reception.admin().post(f"/plans/{plan.id}/execute")

    assert answer.status_code == 403
    assert "only an approved plan can be executed" in text_of(answer)


def test_what_is_shown_once_is_left_to_a_terminal(reception: Reception) -> None:
    plan, client = reception.plan_in_contoso(action="issue-temporary-access-pass"), reception.admin()
    page = text_of(client.get(f"/plans/{plan.id}"))

    client.post(f"/plans/{plan.id}/approve", data={"digest": plan.digest, "note": NOTE})
    answer = client.post(f"/plans/{plan.id}/execute")

    assert f"posture plans execute {plan.id[:12]}" in page
    assert "With your yes it goes to the workers" not in page
    assert answer.status_code in (403, 409)
    assert reception.application.acting.plan(plan.id).state is not PlanState.EXECUTING


def test_after_it_was_carried_out_a_scan_is_offered_which_resolves_findings(reception: Reception) -> None:
    ended = reception.ended(reception.executing(reception.approved(reception.plan_in_contoso()), ended=1))

    page = read(reception.admin().get(f"/plans/{ended.id}"))
    of_a_viewer = read(reception.signed_in(Role.VIEWER).get(f"/plans/{ended.id}"))

    assert "/runs" in [given.get("action") for tag, given in page.elements if tag == "form"]
    assert page.hidden["tenant"] == "contoso"
    assert "/runs" not in [given.get("action") for tag, given in of_a_viewer.elements if tag == "form"]


def test_taking_back_what_cannot_be_taken_back_is_refused_in_words(reception: Reception) -> None:
    plan = reception.approved(reception.plan_in_contoso(targets=(a_target(1),)))
    ended = reception.ended(reception.executing(plan, ended=1))

    answer = reception.admin().post(f"/plans/{ended.id}/undo", data={"reason": NOTE})

    assert answer.status_code == 409
    assert "cannot be" in text_of(answer)


def test_an_action_that_left_the_catalog_hides_no_plan_and_is_not_approved(reception: Reception) -> None:
    plan = reception.recorded(a_plan(tenant_id=CONTOSO, action="gone-long-ago"))
    client = reception.admin()

    page = client.get(f"/plans/{plan.id}")
    answer = client.post(f"/plans/{plan.id}/approve", data={"digest": plan.digest, "note": NOTE})

    assert "is not in the catalog any more" in text_of(page)
    assert "gone-long-ago" in text_of(client.get("/plans"))
    assert answer.status_code in (403, 409, 422)
    assert reception.application.acting.plan(plan.id).state is PlanState.PROPOSED


def test_files_have_every_plan_that_the_address_asks_for(reception: Reception) -> None:
    client = reception.admin()

    everything, mine = rows_of(client, "/plans"), client.get("/plans.json?tenant=contoso").json()

    assert {row["tenant"] for row in everything} == {"contoso", "fabrikam"}
    assert {row["tenant"] for row in mine} == {"contoso"}


def test_one_plan_as_a_file_is_what_the_command_line_writes(reception: Reception) -> None:
    plan = reception.of["contoso"].plan

    document = reception.admin().get(f"/plans/{plan.id}.json").json()

    assert (document["schema"], document["digest"]) == ("posture.plan/1", plan.digest)
