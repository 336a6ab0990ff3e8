"""Executing a plan: what is sent, what is written down, and how it ends when things go wrong."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from posture.domain.audit import AuditKind
from posture.domain.journal import SendState
from posture.domain.operator import Operator, Role
from posture.domain.outcome import Outcome
from posture.domain.plan import PlanState, TargetState
from posture.domain.request import Answered, GraphRequest
from posture.domain.switch import Stop
from posture.errors import ActionRefused, ClaimLost, NotAllowedToDecide, PlanInProgress
from posture.usecases.acting_events import (
    ExecutionStarted,
    RequestEnded,
    ShownOnce,
    TargetEnded,
    TargetStarted,
    Verifying,
)
from posture.usecases.execute import execute_plan
from posture.usecases.operators import token_hash
from tests.domain.plans import HOUR, a_target, an_operator, limits
from tests.ports.made_up_tenant import NOW, MadeUpTenant, answered
from tests.usecases.acting_desk import Office, a_user, action, ended, targets_of

ALL = frozenset(
    {
        "User.EnableDisableAccount.All",
        "User.Read.All",
        "User.ReadWrite.All",
        "UserAuthenticationMethod.ReadWrite.All",
        "UserAuthMethod-TAP.ReadWrite.All",
        "User.RevokeSessions.All",
        "GroupMember.Read.All",
    }
)


def directory(tenant: MadeUpTenant, request: GraphRequest) -> Answered:
    """Change users as Graph does: PATCH a user, create one, delete methods, revoke sessions, issue a pass."""
    parts = request.path.strip("/").split("/")
    users, body = tenant.items["users"], dict(request.body or {})
    if request.method == "POST" and parts == ["users"]:
        made = a_user("new-1", userPrincipalName=body["userPrincipalName"], accountEnabled=body["accountEnabled"])
        users.append({"_of": made["userPrincipalName"], **made})
        return answered(201, {"id": "new-1"})
    if request.method == "POST" and parts[-1] == "temporaryAccessPassMethods":
        number = sum(1 for item in tenant.items["authentication_method_items"] if "Pass" in item["@odata.type"]) + 1
        tenant.items["authentication_method_items"].append(
            a_method(f"tap-{number}", "temporaryAccessPass", isUsable=True)
        )
        return answered(201, {"id": f"tap-{number}", "temporaryAccessPass": f"CODE-{number}"})
    if request.method == "DELETE" and "authentication" in parts:
        methods = tenant.items["authentication_method_items"]
        kept = [item for item in methods if item["id"] != parts[-1]]
        tenant.items["authentication_method_items"] = kept
        return answered(204 if len(kept) < len(methods) else 404)
    user = next(item for item in users if item["id"] == parts[1])
    if request.method == "PATCH":
        user.update(body)
        return answered(204)
    user["signInSessionsValidFromDateTime"] = "2026-03-02T09:00:00Z"
    return answered(200, {"value": True})


def a_method(id: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"_of": "u1", "id": id, "@odata.type": f"#microsoft.graph.{kind}AuthenticationMethod", **more}


def an_office(*users: dict[str, Any], methods: list[dict[str, Any]] | None = None, **changes: Any) -> Office:
    items = {
        "users": list(users) or [a_user("u1", accountEnabled=False)],
        "authentication_method_items": methods or [],
    }
    return Office(tenant=MadeUpTenant(change=directory, items=items, granted=ALL), **changes)


def calls(office: Office) -> list[str]:
    return [f"{request.method} {request.path}" for request in office.tenant.sent]


def test_an_approved_plan_is_carried_out_and_the_tenant_shows_it() -> None:
    office = an_office()

    events = office.execute(office.approved("enable-user", "u1"))

    assert calls(office) == ["PATCH /users/u1"]
    assert office.tenant.items["users"][0]["accountEnabled"] is True
    assert ended(events).state is PlanState.DONE
    assert [type(event) for event in events[:3]] == [ExecutionStarted, TargetStarted, RequestEnded]


def test_intention_and_answer_are_written_down_around_each_request() -> None:
    office = an_office()

    office.execute(office.approved("enable-user", "u1"))

    (entry,) = office.store.journal.values()
    assert (entry.state, entry.status, entry.body) == (SendState.ANSWERED, 204, {"accountEnabled": True})
    kinds = [event.kind for event in office.store.events()]
    assert kinds == [
        AuditKind.EXECUTION_STARTED,
        AuditKind.REQUEST_INTENDED,
        AuditKind.REQUEST_ANSWERED,
        AuditKind.TARGET_ENDED,
        AuditKind.PLAN_ENDED,
    ]


def test_the_audit_tells_what_was_asked_for_without_its_secrets() -> None:
    office = an_office(a_user("u1"))
    office.tenant.items["tenants"] = [{"id": "t1"}]
    office.tenant.items["domains"] = [{"id": "example.com", "isVerified": True, "authenticationType": "Managed"}]
    wanted = {"user_principal_name": "new@example.com", "display_name": "New", "mail_nickname": "new"}

    office.execute(office.approved("create-user", "t1", parameters=wanted))

    (event,) = office.store.events(AuditKind.REQUEST_INTENDED)
    assert event.details["body"] == {
        "accountEnabled": False,
        "displayName": "New",
        "mailNickname": "new",
        "userPrincipalName": "new@example.com",
        "passwordProfile": {"password": "•••", "forceChangePasswordNextSignIn": True},
    }


def test_the_intention_is_on_record_before_the_request_goes_out() -> None:
    office = an_office()
    seen: list[SendState] = []

    def look(tenant: MadeUpTenant, request: GraphRequest) -> Answered:
        seen.extend(entry.state for entry in office.store.journal.values())
        return directory(tenant, request)

    office.tenant.change = look
    office.execute(office.approved("enable-user", "u1"))

    assert seen == [SendState.INTENDED]


def test_what_is_as_wished_already_gets_no_request() -> None:
    office = an_office(a_user("u1", accountEnabled=True))

    events = office.execute(office.approved("enable-user", "u1"))

    assert [target.state for target in targets_of(events)] == [TargetState.ALREADY_DONE]
    assert (calls(office), ended(events).state) == ([], PlanState.DONE)


@pytest.mark.parametrize(
    ("user", "because"),
    [
        (a_user("u1", accountEnabled=None), "state-known: whether the user is blocked is not known"),
        (a_user("u1", accountEnabled=False, onPremisesSyncEnabled=True), "not-synchronised"),
    ],
)
def test_a_guard_that_is_not_true_refuses_with_its_sentence(user: dict[str, Any], because: str) -> None:
    office = an_office(user)

    (target,) = targets_of(office.execute(office.approved("enable-user", "u1")))

    assert target.state is TargetState.REFUSED
    assert because in str(target.because)
    assert calls(office) == []


@pytest.mark.parametrize("outcome", [Outcome.FORBIDDEN, Outcome.FAILED, Outcome.PARTIAL])
def test_what_cannot_be_read_is_not_acted_on(outcome: Outcome) -> None:
    office = an_office()
    office.tenant.unreadable["users"] = outcome

    (target,) = targets_of(office.execute(office.approved("enable-user", "u1")))

    assert (target.state, calls(office)) == (TargetState.REFUSED, [])
    assert "users could not be read" in str(target.because)


def test_a_refused_target_leaves_the_others_alone() -> None:
    office = an_office(a_user("u1", accountEnabled=None), a_user("u2", accountEnabled=False))

    plan = ended(office.execute(office.approved("enable-user", "u1", "u2")))

    assert plan.state is PlanState.PARTLY_DONE
    assert calls(office) == ["PATCH /users/u2"]


def test_a_rule_that_was_loosened_on_record_does_not_count() -> None:
    office = an_office(a_user("u1"), methods=[a_method("m1", "email")])
    plan = office.approved("reset-mfa", "u1")
    with office.store.open_unit() as unit:
        loosened = replace(plan, rule=replace(plan.rule, people=1), approvals=plan.approvals[:1])
        unit.save_plan(loosened, was=plan.state)

    with pytest.raises(NotAllowedToDecide, match="not been approved by enough people"):
        office.execute(loosened)

    assert calls(office) == []


def test_graph_saying_no_fails_the_target_with_graphs_words() -> None:
    office = an_office()
    office.tenant.answers = deque([403])

    (target,) = targets_of(office.execute(office.approved("enable-user", "u1")))

    assert target.state is TargetState.FAILED
    assert str(target.because).startswith(
        "PATCH /users/u1: Graph answered 403. The remediator may lack a directory role"
    )


def test_a_change_that_shows_late_is_waited_for() -> None:
    office = an_office()
    office.tenant.stale_reads = 8

    events = office.execute(office.approved("enable-user", "u1"))

    assert ended(events).state is PlanState.DONE
    assert [event.pause for event in events if isinstance(event, Verifying)][:3] == [
        timedelta(seconds=1),
        timedelta(seconds=2),
        timedelta(seconds=4),
    ]


def test_a_change_that_never_shows_is_unverified_and_never_done() -> None:
    office = an_office()
    office.tenant.change = lambda *_: answered(204)

    (target,) = targets_of(office.execute(office.approved("enable-user", "u1")))

    assert target.state is TargetState.UNVERIFIED
    assert timedelta(minutes=5) <= sum(office.clock.waited, timedelta()) < timedelta(minutes=6)


@pytest.mark.parametrize("moment", ["lost_before", "lost_after"])
def test_a_lost_answer_is_settled_by_looking(moment: str) -> None:
    office = an_office()
    office.tenant.answers = deque([moment])

    (target,) = targets_of(office.execute(office.approved("enable-user", "u1")))

    assert target.state is (TargetState.DONE if moment == "lost_after" else TargetState.UNVERIFIED)
    assert len(calls(office)) == 1


def test_a_code_is_shown_once_and_kept_nowhere() -> None:
    office = an_office(a_user("u1"))

    events = office.execute(office.approved("issue-temporary-access-pass", "u1"))

    (end,) = [event for event in events if isinstance(event, TargetEnded)]
    assert (end.target.state, dict(end.revealed)) == (TargetState.DONE, {"temporaryAccessPass": "CODE-1"})
    assert "CODE-1" not in repr([office.store, events])


def test_a_code_is_shown_even_if_nothing_can_be_written_down_any_more() -> None:
    office = an_office(a_user("u1"))
    plan = office.approved("issue-temporary-access-pass", "u1")
    events = iter(office.executing(plan))

    shown = next(event for event in events if isinstance(event, ShownOnce))
    with office.store.open_unit() as unit:
        unit.claim(office.store.plans[plan.id], was=PlanState.EXECUTING, worker="another")

    assert dict(shown.values) == {"temporaryAccessPass": "CODE-1"}
    with pytest.raises(ClaimLost):
        next(events)
    assert [entry.state for entry in office.store.journal.values()] == [SendState.INTENDED]


def test_a_code_whose_answer_was_lost_is_not_called_done() -> None:
    office = an_office(a_user("u1"))
    office.tenant.answers = deque(["lost_after"])

    (target,) = targets_of(office.execute(office.approved("issue-temporary-access-pass", "u1")))

    assert target.state is TargetState.UNVERIFIED
    assert "code or password was lost" in str(target.because)
    assert len(calls(office)) == 1


def test_a_new_password_is_shown_once_and_masked_everywhere_else() -> None:
    office = an_office(a_user("u1"))
    office.tenant.items["tenants"] = [{"id": "t1"}]
    office.tenant.items["domains"] = [{"id": "example.com", "isVerified": True, "authenticationType": "Managed"}]
    wanted = {"user_principal_name": "new@example.com", "display_name": "New", "mail_nickname": "new"}

    events = office.execute(office.approved("create-user", "t1", parameters=wanted))

    (end,) = [event for event in events if isinstance(event, TargetEnded)]
    assert (end.target.state, dict(end.revealed)) == (TargetState.DONE, {"password": "Correct-Horse-7-Battery"})
    assert "Correct-Horse" not in repr([office.store, events])
    (entry,) = office.store.journal.values()
    assert entry.kept == {"id": "new-1"}
    assert entry.body is not None
    assert entry.body["passwordProfile"] == {"password": "•••", "forceChangePasswordNextSignIn": True}


def test_what_graph_refuses_at_first_is_tried_again_when_the_rest_is_gone() -> None:
    methods = [a_method("pw", "password"), a_method("m1", "phone", phoneType="mobile"), a_method("m2", "fido2")]
    office = an_office(a_user("u1"), methods=methods)
    office.tenant.answers = deque([400])

    plan = ended(office.execute(office.approved("reset-mfa", "u1")))

    assert plan.state is PlanState.DONE
    assert calls(office) == [
        "DELETE /users/u1/authentication/fido2Methods/m2",
        "DELETE /users/u1/authentication/phoneMethods/m1",
        "DELETE /users/u1/authentication/fido2Methods/m2",
        "POST /users/u1/revokeSignInSessions",
    ]


def test_what_graph_goes_on_to_refuse_fails_after_the_last_pass() -> None:
    office = an_office(a_user("u1"), methods=[a_method("pw", "password"), a_method("m2", "fido2")])
    office.tenant.answers = deque([400] * 10)

    (target,) = targets_of(office.execute(office.approved("reset-mfa", "u1")))

    assert target.state is TargetState.FAILED
    assert calls(office) == ["DELETE /users/u1/authentication/fido2Methods/m2"] * 4


# Interruptions


def _interrupt_at(office: Office, number: int) -> None:
    """Let the worker die when it sends its request of this number, after Graph has acted."""
    change = office.tenant.change

    def die(tenant: MadeUpTenant, request: GraphRequest) -> Answered:
        result = change(tenant, request)
        if len(tenant.sent) == number:
            raise KeyboardInterrupt
        return result

    office.tenant.change = die


def test_an_interrupted_plan_goes_on_and_does_nothing_twice() -> None:
    office = an_office(a_user("u1", accountEnabled=False), a_user("u2", accountEnabled=False))
    plan = office.approved("enable-user", "u1", "u2")
    _interrupt_at(office, 1)

    with pytest.raises(KeyboardInterrupt):
        office.execute(plan)
    events = office.execute(office.store.plans[plan.id])

    assert isinstance(events[0], ExecutionStarted)
    assert events[0].is_resumed
    assert calls(office) == ["PATCH /users/u1", "PATCH /users/u2"]
    assert ended(events).state is PlanState.DONE
    assert all(entry.state is not SendState.INTENDED for entry in office.store.journal.values())


def test_a_pass_is_not_issued_a_second_time_after_an_interruption() -> None:
    office = an_office(a_user("u1"))
    plan = office.approved("issue-temporary-access-pass", "u1")
    _interrupt_at(office, 1)

    with pytest.raises(KeyboardInterrupt):
        office.execute(plan)
    (target,) = targets_of(office.execute(office.store.plans[plan.id]))

    assert len(calls(office)) == 1
    assert target.state is TargetState.UNVERIFIED
    assert "take it back and do it anew" in str(target.because)


def test_a_pass_that_may_not_have_been_issued_is_not_issued_blindly() -> None:
    office = an_office(a_user("u1"))
    plan = office.approved("issue-temporary-access-pass", "u1")

    def die(tenant: MadeUpTenant, request: GraphRequest) -> Answered:
        raise KeyboardInterrupt

    office.tenant.change = die
    with pytest.raises(KeyboardInterrupt):
        office.execute(plan)
    office.tenant.change = directory
    (target,) = targets_of(office.execute(office.store.plans[plan.id]))

    assert len(calls(office)) == 1
    assert target.state is TargetState.UNVERIFIED
    assert "nobody knows whether POST" in str(target.because)


def test_half_a_reset_is_brought_to_its_end() -> None:
    methods = [a_method("pw", "password"), a_method("m1", "fido2"), a_method("m2", "softwareOath")]
    office = an_office(a_user("u1"), methods=methods)
    plan = office.approved("reset-mfa", "u1")
    _interrupt_at(office, 1)

    with pytest.raises(KeyboardInterrupt):
        office.execute(plan)
    events = office.execute(office.store.plans[plan.id])

    assert ended(events).state is PlanState.DONE
    assert calls(office) == [
        "DELETE /users/u1/authentication/fido2Methods/m1",
        "DELETE /users/u1/authentication/softwareOathMethods/m2",
        "POST /users/u1/revokeSignInSessions",
    ]


def test_a_worker_whose_plan_was_taken_over_sends_nothing_more() -> None:
    office = an_office(a_user("u1", accountEnabled=False), a_user("u2", accountEnabled=False))
    plan = office.approved("enable-user", "u1", "u2")
    events = iter(office.executing(plan))
    while not isinstance(next(events), RequestEnded):
        pass

    with office.store.open_unit() as unit:
        unit.claim(office.store.plans[plan.id], was=PlanState.EXECUTING, worker="worker-2")

    with pytest.raises(ClaimLost):
        list(events)
    assert calls(office) == ["PATCH /users/u1"]


def test_two_workers_do_not_execute_one_plan() -> None:
    office = an_office()
    plan = office.approved("enable-user", "u1")

    with office.locks.hold(plan.id), pytest.raises(PlanInProgress):
        office.execute(plan)

    assert calls(office) == []


# Gates


def test_an_approval_that_has_ended_is_final_and_sends_nothing() -> None:
    office = an_office()
    plan = office.approved("enable-user", "u1")
    office.clock.at += plan.rule.valid_for

    with pytest.raises(NotAllowedToDecide, match="has ended"):
        office.execute(plan)

    assert (calls(office), office.store.plans[plan.id].state) == ([], PlanState.EXPIRED)


def test_an_approval_that_ends_on_the_way_stops_before_the_next_target() -> None:
    office = an_office(a_user("u1", accountEnabled=False), a_user("u2", accountEnabled=False))
    plan = office.approved("enable-user", "u1", "u2")

    def slow(tenant: MadeUpTenant, request: GraphRequest) -> Answered:
        office.clock.at += plan.rule.valid_for
        return directory(tenant, request)

    office.tenant.change = slow
    first, second = targets_of(office.execute(plan))

    assert (first.state, second.state) == (TargetState.DONE, TargetState.REFUSED)
    assert "approval ended" in str(second.because)


@pytest.mark.parametrize("tenant_id", [None, "t1"])
def test_a_stop_refuses_the_whole_plan(tenant_id: str | None) -> None:
    office = an_office()
    plan = office.approved("enable-user", "u1")
    with office.store.open_unit() as unit:
        unit.set_stop(Stop(tenant_id=tenant_id, by="alan", reason="incident", at=NOW))

    with pytest.raises(ActionRefused, match="stopped by alan: incident"):
        office.execute(plan)

    assert (calls(office), office.store.plans[plan.id].state) == ([], PlanState.APPROVED)
    assert office.store.events(AuditKind.EXECUTION_REFUSED)


def test_a_stop_on_the_way_is_honoured_between_two_targets() -> None:
    office = an_office(a_user("u1", accountEnabled=False), a_user("u2", accountEnabled=False))
    plan = office.approved("enable-user", "u1", "u2")
    events = iter(office.executing(plan))
    while not isinstance(next(events), RequestEnded):
        pass

    with office.store.open_unit() as unit:
        unit.set_stop(Stop(tenant_id=None, by="alan", reason="incident", at=NOW))
    rest = list(events)

    assert [target.state for target in targets_of(rest)] == [TargetState.DONE, TargetState.REFUSED]
    assert calls(office) == ["PATCH /users/u1"]


def test_more_failures_than_allowed_end_the_plan() -> None:
    office = an_office(*(a_user(f"u{n}", accountEnabled=False) for n in range(1, 6)))
    office.tenant.answers = deque([403] * 5)
    plan = office.approved("enable-user", *(f"u{n}" for n in range(1, 6)), limits=limits(failures=1))

    found = targets_of(office.execute(plan))

    assert [target.state.value for target in found] == ["failed", "failed", "refused", "refused", "refused"]
    assert "2 targets failed" in str(found[2].because)


def test_the_daily_limit_counts_what_other_plans_did() -> None:
    office = an_office(*(a_user(f"u{n}", accountEnabled=False) for n in range(1, 4)))
    office.execute(office.approved("enable-user", "u1", id="p1"))

    plan = office.approved("enable-user", "u2", "u3", id="p2", limits=limits(per_day=2))
    found = targets_of(office.execute(plan))

    assert [target.state.value for target in found] == ["done", "refused"]
    assert "within a day; 2 are allowed" in str(found[1].because)


@pytest.mark.parametrize("granted", [None, frozenset({"User.Read.All"})])
def test_without_the_permission_nothing_begins(granted: frozenset[str] | None) -> None:
    office = an_office()
    office.tenant.granted = granted

    with pytest.raises(ActionRefused, match=r"User\.EnableDisableAccount\.All|not known whether they are enough"):
        office.execute(office.approved("enable-user", "u1"))

    assert calls(office) == []


def test_an_action_file_that_was_edited_needs_a_new_approval() -> None:
    office = an_office()

    with pytest.raises(ActionRefused, match="was changed since the plan was approved"):
        office.execute(office.approved("enable-user", "u1", action_version="of yesterday"))

    assert calls(office) == []


def test_targets_exchanged_in_the_database_are_not_what_was_approved() -> None:
    office = an_office(a_user("u1", accountEnabled=False), a_user("u9", accountEnabled=False))
    plan = office.approved("enable-user", "u1")
    forged = office.approved("enable-user", "u9", id="p9", approvals=plan.approvals)
    office.store.plans["p9"] = replace(forged, approvals=plan.approvals)

    with pytest.raises(NotAllowedToDecide, match="not been approved by enough people as it is now"):
        office.execute(office.store.plans["p9"])

    assert calls(office) == []


def test_remediation_switched_off_in_the_settings_sends_nothing() -> None:
    office = an_office(is_switched_on=False)

    with pytest.raises(ActionRefused, match="switched off"):
        office.execute(office.approved("enable-user", "u1"))

    assert calls(office) == []


def test_a_revoked_operator_starts_nothing() -> None:
    office = an_office()

    with pytest.raises(NotAllowedToDecide, match="has ended"):
        office.execute(office.approved("enable-user", "u1"), an_operator(revoked_at=NOW - HOUR))

    assert calls(office) == []


def test_a_failing_plan_keeps_the_image_of_before() -> None:
    office = an_office(a_user("u1", accountEnabled=False))
    office.tenant.answers = deque([503])

    plan = office.approved("enable-user", a_target(1))
    office.execute(plan)

    image = office.store.images[plan.id, 1]
    assert [row["account_enabled"] for row in image.tables["users"]] == [False]


def test_an_interrupted_plan_whose_action_was_changed_since_ends_and_sends_nothing_more() -> None:
    office = an_office(a_user("u1", accountEnabled=False), a_user("u2", accountEnabled=False))
    plan = office.approved("enable-user", "u1", "u2", action_version="of before the upgrade")
    before = replace(action("enable-user"), action=replace(action("enable-user").action, version=plan.action_version))
    _interrupt_at(office, 1)
    with pytest.raises(KeyboardInterrupt):
        list(execute_plan(plan, an_operator(), before, tools=office.tools()))

    events = office.execute(office.store.plans[plan.id])

    done, refused = targets_of(events)
    assert (done.state, refused.state) == (TargetState.DONE, TargetState.REFUSED)
    assert "was changed since" in str(refused.because)
    assert ended(events).state is PlanState.PARTLY_DONE
    assert calls(office) == ["PATCH /users/u1"]
    assert [entry.state for entry in office.store.journal.values()] == [SendState.LOST]


def test_taking_back_a_new_user_finds_who_was_renamed() -> None:
    office = an_office(a_user("u1"))
    office.tenant.items["tenants"] = [{"id": "t1"}]
    office.tenant.items["domains"] = [{"id": "example.com", "isVerified": True, "authenticationType": "Managed"}]
    wanted = {"user_principal_name": "new@example.com", "display_name": "New", "mail_nickname": "new"}
    made = ended(office.execute(office.approved("create-user", "t1", parameters=wanted)))
    office.tenant.items["users"][-1] |= {
        "_of": "new-1",
        "userPrincipalName": "renamed@example.com",
        "lastPasswordChangeDateTime": "2026-03-02T12:00:00Z",
    }

    back = office.approved(
        "create-user",
        a_target(1, resource=made.targets[0].resource, undoes=1),
        id="p2",
        undoes=made.id,
        parameters=wanted,
    )
    (target,) = targets_of(office.execute(back))

    assert target.state is TargetState.REFUSED
    assert "never-used" in str(target.because)


def test_a_success_in_another_number_is_no_failure() -> None:
    office = an_office(a_user("u1"))

    def other(tenant: MadeUpTenant, request: GraphRequest) -> Answered:
        return replace(directory(tenant, request), status=200)

    office.tenant.change = other
    events = office.execute(office.approved("issue-temporary-access-pass", "u1"))

    (end,) = [event for event in events if isinstance(event, TargetEnded)]
    assert (end.target.state, dict(end.revealed)) == (TargetState.DONE, {"temporaryAccessPass": "CODE-1"})


# People whose token ended, and a clock that differs


def on_record(office: Office, *people: Operator) -> None:
    with office.store.open_unit() as unit:
        for person in people:
            unit.add_operator(person, token_hash=token_hash(person.name))


def revoke(office: Office, name: str) -> None:
    with office.store.open_unit() as unit:
        assert unit.revoke_operator(name, at=office.clock.now())


def test_the_yes_of_somebody_who_was_revoked_since_does_not_count() -> None:
    office = an_office()
    on_record(office, an_operator("grace", added_at=NOW - HOUR))
    plan = office.approved("enable-user", "u1")
    revoke(office, "grace")

    with pytest.raises(NotAllowedToDecide):
        office.execute(plan, an_operator("alan"))

    assert calls(office) == []


def test_the_yes_of_somebody_whose_token_ended_in_its_time_counts() -> None:
    office = an_office()
    on_record(office, an_operator("grace", added_at=NOW - HOUR, expires_at=NOW + HOUR))
    plan = office.approved("enable-user", "u1")
    office.clock.at += 2 * HOUR

    assert ended(office.execute(plan, an_operator("alan"))).state is PlanState.DONE


@pytest.mark.parametrize(("who", "because"), [("grace", "was revoked since"), ("alan", "the token of alan")])
def test_revoking_who_approved_or_who_executes_stops_before_the_next_target(who: str, because: str) -> None:
    office = an_office(a_user("u1", accountEnabled=False), a_user("u2", accountEnabled=False))
    grace, alan = (an_operator(name, added_at=NOW - HOUR) for name in ("grace", "alan"))
    on_record(office, grace, alan)
    events = iter(office.executing(office.approved("enable-user", "u1", "u2"), alan))
    while not isinstance(next(events), RequestEnded):
        pass

    revoke(office, who)
    first, second = targets_of(events)

    assert (first.state, second.state) == (TargetState.DONE, TargetState.REFUSED)
    assert because in str(second.because)


def test_what_was_begun_is_only_looked_at_once_its_approval_has_ended() -> None:
    methods = [a_method("pw", "password"), a_method("m1", "fido2"), a_method("m2", "softwareOath")]
    office = an_office(a_user("u1"), methods=methods)
    plan = office.approved("reset-mfa", "u1")
    _interrupt_at(office, 1)
    with pytest.raises(KeyboardInterrupt):
        office.execute(plan)

    office.clock.at += timedelta(days=90)
    (target,) = targets_of(office.execute(office.store.plans[plan.id], an_operator(expires_at=NOW + 100 * 24 * HOUR)))

    assert target.state is TargetState.UNVERIFIED
    assert "the approval ended" in str(target.because)
    assert len(calls(office)) == 1


@pytest.mark.parametrize("change", [{"role": Role.VIEWER}, {"valid_for": 1000 * 24 * HOUR}])
def test_a_role_or_a_time_that_was_loosened_on_record_does_not_count(change: dict[str, Any]) -> None:
    office = an_office()
    plan = office.approved("enable-user", "u1")
    loosened = replace(plan.rule, **change)
    yes = tuple(replace(one, role=change.get("role", one.role)) for one in plan.approvals)
    office.store.plans[plan.id] = replace(plan, rule=loosened, approvals=yes)
    office.clock.at += timedelta(days=2) if "valid_for" in change else timedelta()

    with pytest.raises(NotAllowedToDecide):
        office.execute(plan)

    assert calls(office) == []


def test_what_was_done_before_the_approval_is_not_as_wished_because_a_clock_is_late() -> None:
    # Graph's clock is ten minutes before ours: what it dates 09:05 was done five minutes before the yes of 09:00.
    office = an_office(a_user("u1", signInSessionsValidFromDateTime="2026-03-02T09:05:00Z"))
    office.tenant.clock_skew = timedelta(minutes=10)

    office.execute(office.approved("revoke-sessions", "u1"))

    assert calls(office) == ["POST /users/u1/revokeSignInSessions"]
