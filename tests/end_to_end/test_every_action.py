"""Every action, from the proposal to the proof and back, against the simulator over TLS."""

from __future__ import annotations

import pytest

from posture.domain.journal import JournalEntry, SendState
from posture.domain.plan import Plan, PlanState, TargetState
from posture.errors import ActionRefused
from posture.usecases.rehearse import Rehearsed, RehearsedRequest

from . import scenes_of_applications, scenes_of_roles, scenes_of_tenants, scenes_of_users
from .acting_company import Executed, Headquarters, Office, OpenOffice, Sent
from .scenes import SCENES, Scene, SetScene

assert all((scenes_of_applications, scenes_of_roles, scenes_of_tenants, scenes_of_users))
EVERY_SCENE = pytest.mark.parametrize(
    ("action", "set_scene"), SCENES, ids=[f"{action}:{set_scene.__name__}" for action, set_scene in SCENES]
)


def test_every_action_has_a_scene(headquarters: Headquarters) -> None:
    assert {action for action, _ in SCENES} == set(headquarters.catalog.action_ids)


@EVERY_SCENE
def test_an_action_does_what_was_shown_once_and_is_taken_back(
    open_office: OpenOffice, action: str, set_scene: SetScene
) -> None:
    office = open_office()
    scene = set_scene(office)
    assert scene.seen() == scene.before
    plan = office.approve(proposed(office, action, scene))
    branch, same = same_elsewhere(open_office, office, plan)
    (rehearsed,) = office.rehearse(plan)
    assert (office.writes, scene.seen()) == ([], scene.before)

    done = office.execute(plan)
    assert_done_as_shown(office, done, rehearsed, scene)

    office.server.requests.clear()
    assert_not_done_again(branch, branch.execute(same), scene)
    assert_taken_back(office, done.plan, scene)


def proposed(office: Office, action: str, scene: Scene) -> Plan:
    """Propose as a person would: from the finding that offers the action, or for the resource itself."""
    if scene.check is None:
        return office.propose(action, scene.target, **scene.parameters)
    view = office.finding(scene.check, scene.target)
    offered = {str(one.loaded.action.id) for one in office.application.acting.fitting(view)}
    assert action in offered
    return office.propose(action, findings=[view.finding.fingerprint], **scene.parameters)


def same_elsewhere(open_office: OpenOffice, office: Office, plan: Plan) -> tuple[Office, Plan]:
    """Return another office of the company, which knows nothing of the first, and the same plan, approved there."""
    branch = open_office(beside=office)
    (target,) = plan.targets
    values = {**plan.parameters, **target.parameters}
    typed = {name: str(value) for name, value in values.items() if not isinstance(value, bool)}
    return branch, branch.approved(plan.action, target.resource.id, **typed)


def assert_done_as_shown(office: Office, done: Executed, rehearsed: Rehearsed, scene: Scene) -> None:
    assert (done.target.state, done.target.because) == (TargetState.DONE, None)
    assert done.plan.state is PlanState.DONE
    assert office.writes == scene.sent
    assert scene.seen() == scene.after
    assert (rehearsed.refused, rehearsed.is_done_already) == (None, False)
    assert [below_root(one) for one in rehearsed.requests] == (scene.shown or scene.sent)
    journal = office.application.acting.journal(done.plan)
    assert [below_root(entry) for entry in journal] == scene.sent
    assert {entry.state for entry in journal} == {SendState.ANSWERED}
    assert done.revealed.keys() == scene.reveals


def assert_not_done_again(office: Office, again: Executed, scene: Scene) -> None:
    assert (office.writes, scene.seen()) == ([], scene.after)
    if scene.again is None:
        assert (again.target.state, again.target.because) == (TargetState.ALREADY_DONE, None)
    else:
        assert again.target.state is TargetState.REFUSED
        assert scene.again in str(again.target.because)


def assert_taken_back(office: Office, plan: Plan, scene: Scene) -> None:
    office.server.requests.clear()
    if scene.sent_back is None:
        with pytest.raises(ActionRefused, match=f"{plan.action} cannot be undone: "):
            office.propose_undo(plan)
        assert (office.writes, scene.seen()) == ([], scene.after)
        return
    expected = scene.sent_back()
    undone = office.undo(plan)
    assert (undone.target.state, undone.target.because) == (TargetState.DONE, None)
    assert office.writes == expected
    assert scene.seen() == scene.before


def below_root(request: RehearsedRequest | JournalEntry) -> Sent:
    return request.method, f"/{request.path.lstrip('/')}", request.body
