"""Requests are made of what is known; what is not known makes none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from posture.domain.action import Step
from posture.domain.request import GraphRequest
from posture.errors import ActionBroken
from posture.usecases.steps import Terms, requests_of
from tests.ports.made_up_tenant import NOW
from tests.usecases.acting_desk import desk


def a_step(path: str, **changes: Any) -> Step:
    fields: dict[str, Any] = {
        "id": "act",
        "method": "POST",
        "path": path,
        "for_each": None,
        "body": None,
        "ok": frozenset({204}),
        "later": frozenset(),
        "passes": 1,
        "may_repeat": False,
        "keep": (),
        "reveal": None,
    }
    return Step(**(fields | changes))


def rendered(step: Step, *, resource_id: str = "u1", **parameters: Any) -> tuple[GraphRequest, ...]:
    terms = Terms(
        resource_id=resource_id,
        parameters=parameters,
        now=NOW,
        approved_at=NOW,
        started_at=NOW,
        graph_root="https://graph.example.com/v1.0",
        secrets={"password": "S3cret"},
    )
    live = desk().open_rows({"users": [{"id": "u1", "display_name": None, "account_enabled": False}]}, now=NOW)
    return requests_of(step, live, terms=terms)


@pytest.mark.parametrize(
    ("id", "path"),
    [
        ("u1", "/users/u1"),
        ("a/b?c#d", "/users/a%2Fb%3Fc%23d"),
        ("ada@example.com", "/users/ada%40example.com"),
        ("../groups", "/users/..%2Fgroups"),
    ],
)
def test_a_value_stays_one_segment_of_the_path(id: str, path: str) -> None:
    (request,) = rendered(a_step("/users/{resource_id}"), resource_id=id)

    assert request.path == path


@pytest.mark.parametrize("id", ["", " ", ".", ".."])
def test_an_empty_segment_would_address_the_collection_above(id: str) -> None:
    with pytest.raises(ActionBroken, match="needs resource_id for its path"):
        rendered(a_step("/users/{resource_id}"), resource_id=id)


def test_a_row_without_the_value_makes_no_request_at_all() -> None:
    step = a_step("/users/{name}", for_each="select display_name as name from users")

    with pytest.raises(ActionBroken, match="needs name for its path, and it is not known"):
        rendered(step)


def test_no_row_no_request() -> None:
    assert rendered(a_step("/users/{id}", for_each="select id from users where account_enabled")) == ()


def test_a_placeholder_alone_keeps_its_type_and_within_a_text_becomes_text() -> None:
    body: Mapping[str, Any] = {
        "minutes": "{minutes}",
        "tags": "{tags}",
        "nested": [{"@odata.id": "{graph}/directoryObjects/{resource_id}"}],
        "fixed": True,
        "password": "{password}",
    }

    (request,) = rendered(a_step("/x", body=body), minutes=60, tags=("a", "b"))

    assert request.body == {
        "minutes": 60,
        "tags": ["a", "b"],
        "nested": [{"@odata.id": "https://graph.example.com/v1.0/directoryObjects/u1"}],
        "fixed": True,
        "password": "S3cret",
    }
    assert "S3cret" in request.secrets


@pytest.mark.parametrize("text", ["{name}", "of {name}"])
def test_a_body_with_something_unknown_is_not_sent(text: str) -> None:
    step = a_step("/x", body={"name": text}, for_each="select display_name as name from users")

    with pytest.raises(ActionBroken, match="needs name, and it is not known"):
        rendered(step)
