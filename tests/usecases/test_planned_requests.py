"""What people approve: the requests as far as they are known before anything is read."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from posture.bootstrap import dictionary
from posture.definitions.catalog import Catalog, load_catalog
from posture.domain.action import Action, Step
from posture.domain.judgement import Resource
from posture.usecases.planned_requests import PlannedRequest, planned_requests
from posture.usecases.writing_down import MASK
from tests.domain.plans import a_plan, a_target


@cache
def catalog() -> Catalog:
    return load_catalog([], dictionary())


def planned(
    steps: tuple[Step, ...], *, resource_id: str = "u1", undoes: str | None = None, **parameters: Any
) -> list[PlannedRequest]:
    action: Action = replace(catalog().action("revoke-sessions").action, steps=steps, secrets=("password",))
    target = a_target(resource=Resource(type="user", id=resource_id, name=None), parameters={"mine": "of the target"})
    return list(planned_requests(a_plan(parameters=parameters, undoes=undoes), target, action))


def a_step(**changes: Any) -> Step:
    return replace(catalog().action("revoke-sessions").action.steps[0], **changes)


def test_what_is_known_stands_in_path_and_body_and_secrets_are_masked() -> None:
    body = {
        "name": "{given}",
        "text": "for {given} by {mine}",
        "list": ["{many}", {"deep": "{password}"}],
        "on": True,
    }
    step = a_step(method="PATCH", path="/users/{resource_id}/x", body=body)

    (request,) = planned((step,), resource_id="a/b?c", given="Ada", many=("x", "y"))

    assert (request.method, request.path) == ("PATCH", "/users/a%2Fb%3Fc/x")
    assert request.body == {
        "name": "Ada",
        "text": "for Ada by of the target",
        "list": [["x", "y"], {"deep": MASK}],
        "on": True,
    }


def test_what_only_the_tenant_knows_still_stands_in_braces() -> None:
    step = a_step(
        for_each="select id from methods", path="/users/{resource_id}/m/{id}", body={"a": "{id}", "b": "x{id}"}
    )

    (request,) = planned((step,))

    assert request.is_for_each
    assert (request.path, request.body) == ("/users/u1/m/{id}", {"a": "{id}", "b": "x{id}"})


def test_a_plan_that_takes_another_back_shows_the_requests_of_undoing() -> None:
    action = catalog().action("disable-user").action

    (request, *_) = planned_requests(a_plan(undoes="p0"), a_target(), action)

    assert action.undo is not None
    assert request.step == action.undo.steps[0].id
    assert planned((a_step(),), undoes="p0") == []


def test_every_action_there_is_can_be_planned() -> None:
    for loaded in catalog().actions:
        requests = planned_requests(a_plan(), a_target(), loaded.action)

        assert [request.step for request in requests] == [step.id for step in loaded.action.steps]
