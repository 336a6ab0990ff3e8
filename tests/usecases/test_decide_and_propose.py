"""Proposing and deciding: what goes on record, and what is refused whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from posture.domain.audit import AuditKind
from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.domain.finding import FindingState
from posture.domain.finding_view import FindingView
from posture.domain.judgement import Resource
from posture.domain.operator import Role
from posture.domain.plan import Plan, PlanState
from posture.domain.switch import Stop
from posture.errors import ActionRefused, NotAllowedToDecide, UsageError
from posture.usecases.decide import approve_plan, reject_plan
from posture.usecases.propose import Proposal, propose_plan
from posture.usecases.propose_undo import propose_undo
from tests.domain.builders import a_finding
from tests.domain.plans import HOUR, a_rule, an_operator, limits
from tests.ports.made_up_tenant import NOW, MadeUpClock, MadeUpTenant, answered
from tests.ports.memory_acting import MemoryActing
from tests.usecases.acting_desk import Office, a_user, action, ended

ADA = an_operator("ada")
GRACE = an_operator("grace")


def a_view(id: str = "u1", **changes: Any) -> FindingView:
    resource = Resource(type="user", id=id, name=f"{id}@example.com")
    exemption = changes.pop("exemption", None)
    fields = {"tenant_id": "t1", "resource": resource, "fingerprint": f"{id}-0123456789abcdef"} | changes
    return FindingView(finding=a_finding(**fields), exemption=exemption)


def a_proposal(name: str = "disable-user", **changes: Any) -> Proposal:
    loaded = action(name)
    fields: dict[str, Any] = {
        "tenant_id": "t1",
        "tenant_name": "contoso",
        "loaded": loaded,
        "findings": [a_view()],
        "resources": [],
        "parameters": {},
        "reason": "stolen laptop",
        "rule": loaded.action.approval,
        "limits": limits(per_run=5, per_day=10, share=1.0),
        "population": 1000,
        "closed": None,
    }
    return Proposal(**(fields | changes))


def propose(store: MemoryActing, proposal: Proposal, operator: Any = ADA) -> Plan:
    return propose_plan(proposal, operator, open_unit=store.open_unit, clock=MadeUpClock())


def test_a_proposal_waits_with_everything_that_people_need_to_decide() -> None:
    store = MemoryActing()

    plan = propose(store, a_proposal())

    assert store.plans[plan.id] == plan
    assert (plan.state, plan.proposed_by, plan.reason) == (PlanState.PROPOSED, "ada", "stolen laptop")
    (target,) = plan.targets
    assert (target.number, target.resource.id, target.check) == (1, "u1", CheckId("inactive-users"))
    (event,) = store.events(AuditKind.PLAN_PROPOSED)
    assert event.details["digest"] == plan.digest


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"findings": [a_view(tenant_id="t2")]}, "is of another tenant"),
        ({"findings": [a_view(state=FindingState.RESOLVED)]}, "is resolved; only an open finding"),
        (
            {
                "findings": [
                    a_view(
                        exemption=Exemption(
                            tenant="*",
                            check=None,
                            resource_id="u1",
                            owner="alan",
                            reason="agreed",
                            ends_at=NOW + HOUR,
                            origin="exemptions.yaml",
                        )
                    )
                ]
            },
            "is exempted; only an open finding",
        ),
        (
            {"findings": [a_view(resource=Resource(type="application", id="a1", name=None))]},
            "is for user, but finding u1-012345678[0-9a-f]* is about application",
        ),
        ({"closed": "contoso is read-only"}, "contoso is read-only"),
        ({"findings": [a_view(f"u{n}") for n in range(6)]}, "6 targets are more than the 5"),
        ({"population": None}, "scan it first"),
        ({"limits": limits(share=0.0001), "findings": [a_view("u1"), a_view("u2")]}, "more than 0.0001 of them"),
    ],
)
def test_a_closed_gate_refuses_the_whole_proposal(change: dict[str, Any], sentence: str) -> None:
    store = MemoryActing()

    with pytest.raises(ActionRefused, match=sentence):
        propose(store, a_proposal(**change))

    assert not store.plans
    (event,) = store.events(AuditKind.PROPOSAL_REFUSED)
    assert (event.actor, event.details["action"]) == ("ada", "disable-user")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"findings": []}, "nothing to act on"),
        ({"findings": [a_view(), a_view()]}, "is named twice"),
        ({"findings": [a_view()], "resources": [Resource(type="user", id="U1", name=None)]}, "is named twice"),
        ({"reason": "  "}, "needs a reason"),
        ({"parameters": {"nonsense": "1"}}, "has no parameter nonsense"),
    ],
)
def test_what_makes_no_sense_is_a_question_of_usage(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        propose(MemoryActing(), a_proposal(**change))


def test_a_required_parameter_must_come_from_somewhere() -> None:
    with pytest.raises(UsageError, match="add --param group_id="):
        propose(MemoryActing(), a_proposal("remove-group-member"))

    plan = propose(MemoryActing(), a_proposal("remove-group-member", parameters={"group_id": "g1"}))
    assert plan.parameters == {"group_id": "g1"}


def test_a_finding_fills_the_parameters_that_it_knows() -> None:
    finding = a_view(
        resource=Resource(type="application", id="a1", name="Payroll"), identity={"credential_id": "key-1"}
    )

    plan = propose(MemoryActing(), a_proposal("remove-app-credential", findings=[finding]))

    assert plan.targets[0].parameters == {"key_id": "key-1"}


@pytest.mark.parametrize(("text", "fits"), [("10", True), ("9", False), ("ten", False), ("10.5", False)])
def test_parameters_are_read_as_their_type(text: str, fits: bool) -> None:
    proposal = a_proposal("issue-temporary-access-pass", parameters={"lifetime_minutes": text})

    if fits:
        assert propose(MemoryActing(), proposal).parameters == {"lifetime_minutes": 10}
    else:
        with pytest.raises(UsageError, match="lifetime_minutes"):
            propose(MemoryActing(), proposal)


def test_plans_that_wait_count_towards_the_day() -> None:
    store = MemoryActing()
    small = {"limits": limits(per_run=5, per_day=2, share=1.0)}
    propose(store, a_proposal(**small))
    propose(store, a_proposal(findings=[a_view("u2")], **small))

    with pytest.raises(ActionRefused, match="would make 3 within a day"):
        propose(store, a_proposal(findings=[a_view("u3")], **small))


def test_the_same_is_not_proposed_twice_while_it_waits() -> None:
    store = MemoryActing()
    plan = propose(store, a_proposal())

    with pytest.raises(ActionRefused, match=f"plan {plan.id} is the very same and waits for approval"):
        propose(store, a_proposal(reason="another one"), GRACE)

    assert list(store.plans) == [plan.id]
    (event,) = store.events(AuditKind.PROPOSAL_REFUSED)
    assert (event.actor, plan.id in str(event.details["because"])) == ("grace", True)


@pytest.mark.parametrize(
    "other",
    [
        a_proposal(findings=[a_view("u2")]),
        a_proposal("enable-user"),
        a_proposal(findings=[a_view(tenant_id="t2")], tenant_id="t2"),
    ],
    ids=["target", "action", "tenant"],
)
def test_another_plan_may_wait_beside_it(other: Proposal) -> None:
    store = MemoryActing()
    plan = propose(store, a_proposal())

    beside = propose(store, other)

    assert list(store.plans) == [plan.id, beside.id]


def test_another_parameter_is_another_plan() -> None:
    store = MemoryActing()
    longer = a_proposal("issue-temporary-access-pass", parameters={"lifetime_minutes": "20"})

    propose(store, a_proposal("issue-temporary-access-pass"))
    propose(store, longer)

    assert len(store.plans) == 2


@pytest.mark.parametrize("decision", ["rejected", "forgotten"])
def test_what_waits_no_more_may_be_proposed_anew(decision: str) -> None:
    store, clock = MemoryActing(), MadeUpClock()
    plan = propose(store, a_proposal())
    if decision == "rejected":
        reject_plan(plan, GRACE, note="no", open_unit=store.open_unit, clock=clock)
    else:
        clock.wait(plan.expires_at - plan.proposed_at)

    propose_plan(a_proposal(), ADA, open_unit=store.open_unit, clock=clock)

    assert len(store.plans) == 2


def test_a_viewer_proposes_nothing_and_that_is_on_record() -> None:
    store = MemoryActing()

    with pytest.raises(NotAllowedToDecide, match="needs the role"):
        propose(store, a_proposal(), an_operator("eve", role=Role.VIEWER))

    (event,) = store.events(AuditKind.PROPOSAL_REFUSED)
    assert (event.actor, bool(event.details["because"])) == ("eve", True)


def test_a_stop_refuses_proposals() -> None:
    store = MemoryActing()
    with store.open_unit() as unit:
        unit.set_stop(Stop(tenant_id=None, by="alan", reason="incident", at=NOW))

    with pytest.raises(ActionRefused, match="stopped by alan: incident"):
        propose(store, a_proposal())


# Deciding


def approve(store: MemoryActing, plan: Plan, operator: Any = GRACE, **changes: Any) -> Plan:
    fields = {"digest": plan.digest, "note": "agreed", "missing": None, "clock": MadeUpClock()} | changes
    return approve_plan(plan, operator, open_unit=store.open_unit, **fields)


def test_a_yes_is_on_record_with_its_note() -> None:
    store = MemoryActing()
    plan = propose(store, a_proposal())

    approve(store, plan)

    assert store.plans[plan.id].state is PlanState.APPROVED
    (event,) = store.events(AuditKind.APPROVAL_GIVEN)
    assert (event.actor, event.details["note"]) == ("grace", "agreed")


@pytest.mark.parametrize(
    ("operator", "change", "sentence"),
    [
        (ADA, {}, "ada proposed this plan"),
        (an_operator("eve", role=Role.VIEWER), {}, "needs the role"),
        (GRACE, {"digest": "0" * 64}, "not the one that was shown"),
        (GRACE, {"note": " "}, "needs a note"),
        (GRACE, {"clock": MadeUpClock(at=NOW + timedelta(days=7))}, "has expired"),
    ],
)
def test_a_yes_that_does_not_count_is_on_record_and_changes_nothing(
    operator: Any, change: dict[str, Any], sentence: str
) -> None:
    store = MemoryActing()
    plan = propose(store, a_proposal())

    with pytest.raises(NotAllowedToDecide, match=sentence):
        approve(store, plan, operator, **change)

    assert store.plans[plan.id].state in (PlanState.PROPOSED, PlanState.EXPIRED)
    assert store.plans[plan.id].approvals == ()
    assert [event.actor for event in store.events(AuditKind.APPROVAL_REFUSED)] == [operator.name]


def test_nobody_approves_what_the_remediator_may_not_do() -> None:
    store = MemoryActing()
    plan = propose(store, a_proposal())

    with pytest.raises(ActionRefused, match="lacks permissions"):
        approve(store, plan, missing="the remediator lacks permissions for disable-user")

    assert store.plans[plan.id].approvals == ()


def test_a_decision_is_about_the_plan_as_it_is_now() -> None:
    store = MemoryActing()
    plan = propose(store, a_proposal())
    reject_plan(plan, GRACE, note="wrong person", open_unit=store.open_unit, clock=MadeUpClock())

    with pytest.raises(NotAllowedToDecide, match="is rejected"):
        approve(store, plan)


def test_a_yes_typed_after_its_token_was_revoked_does_not_count() -> None:
    store = MemoryActing()
    grace = an_operator("grace", added_at=NOW - HOUR)
    with store.open_unit() as unit:
        unit.add_operator(grace, token_hash="a" * 64)
    plan = propose(store, a_proposal())
    with store.open_unit() as unit:
        unit.revoke_operator("grace", at=NOW)

    with pytest.raises(NotAllowedToDecide, match="the token of grace has ended"):
        approve(store, plan, grace)
    with pytest.raises(NotAllowedToDecide, match="the token of grace has ended"):
        propose(store, a_proposal(findings=[a_view("u2")]), grace)


def test_the_first_yes_of_two_does_not_count_once_its_giver_was_revoked() -> None:
    store = MemoryActing()
    with store.open_unit() as unit:
        unit.add_operator(an_operator("grace", added_at=NOW - HOUR), token_hash="a" * 64)
    plan = propose(store, a_proposal(rule=a_rule(people=2, role=Role.ADMIN)))
    approve(store, plan)
    with store.open_unit() as unit:
        unit.revoke_operator("grace", at=NOW)

    after = approve(store, plan, an_operator("alan"))

    assert (after.state, [yes.by for yes in after.approvals]) == (PlanState.PROPOSED, ["alan"])


def test_a_rejection_is_final_and_says_why() -> None:
    store = MemoryActing()
    plan = propose(store, a_proposal())

    reject_plan(plan, ADA, note="took the wrong one", open_unit=store.open_unit, clock=MadeUpClock())

    assert store.plans[plan.id].ended_because == "ada: took the wrong one"
    assert store.events(AuditKind.PLAN_REJECTED)


# Undoing


def executed() -> tuple[Office, Plan]:
    def change(tenant: MadeUpTenant, request: Any) -> Any:
        tenant.items["users"][0].update(dict(request.body or {}))
        return answered(204)

    granted = frozenset({"User.EnableDisableAccount.All", "User.Read.All", "User.RevokeSessions.All"})
    office = Office(tenant=MadeUpTenant(change=change, items={"users": [a_user("u1")]}, granted=granted))
    return office, ended(office.execute(office.approved("disable-user", "u1")))


def undo(office: Office, plan: Plan, **changes: Any) -> Plan:
    loaded = action(str(plan.action))
    fields: dict[str, Any] = {
        "reason": "",
        "rule": a_rule(),
        "limits": limits(),
        "closed": None,
        "open_unit": office.store.open_unit,
        "clock": office.clock,
    }
    return propose_undo(plan, loaded, ADA, **(fields | changes))


def test_undoing_is_a_plan_of_its_own_that_somebody_must_approve() -> None:
    office, plan = executed()

    back = undo(office, plan)

    assert (back.undoes, back.state, back.approvals) == (plan.id, PlanState.PROPOSED, ())
    assert [(target.undoes, target.resource.id) for target in back.targets] == [(1, "u1")]
    with pytest.raises(NotAllowedToDecide, match="only an approved plan"):
        office.execute(back)


def test_what_reached_the_limits_of_the_day_can_be_taken_back_on_that_day() -> None:
    office, plan = executed()
    full = limits(per_run=1, per_day=1, share=0.001)

    back = approve(office.store, undo(office, plan, limits=full), clock=office.clock)

    assert ended(office.execute(back)).state is PlanState.DONE


def test_an_approved_undo_gives_back_what_was() -> None:
    office, plan = executed()
    back = approve(office.store, undo(office, plan), clock=office.clock)

    after = ended(office.execute(back))

    assert after.state is PlanState.DONE
    assert office.tenant.items["users"][0]["accountEnabled"] is True


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": PlanState.EXECUTING, "ended_at": None}, "only what was carried out"),
        ({"undoes": "p0"}, "takes another back itself"),
        ({"ended_at": NOW - timedelta(days=31)}, "too long ago"),
        ({"targets": ()}, "changed nothing"),
    ],
)
def test_what_cannot_be_taken_back_is_said(change: dict[str, Any], sentence: str) -> None:
    office, plan = executed()

    with pytest.raises(ActionRefused, match=sentence):
        undo(office, replace(plan, **change))

    (event,) = office.store.events(AuditKind.PROPOSAL_REFUSED)
    assert (event.actor, event.plan_id, event.details["undoes"]) == ("ada", None, plan.id)


def test_an_action_without_a_way_back_says_why() -> None:
    office, plan = executed()
    loaded = action("reset-mfa")

    with pytest.raises(ActionRefused, match="reset-mfa cannot be undone: a removed factor"):
        undo(office, replace(plan, action=loaded.action.id))
