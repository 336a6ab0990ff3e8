"""What the API answers when it does not do what was asked: one shape, a closed list of types, nothing of inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest
from jsonschema import Draft202012Validator

from posture.domain.operator import Role
from posture.errors import (
    ActionRefused,
    NotAllowed,
    NotAllowedToDecide,
    NotThere,
    PlanInProgress,
    PostureError,
    SettingsError,
    SignInTooOld,
    StoreError,
    UsageError,
    WrongMove,
)
from posture.web.api.problem import ProblemKind, problem_schema
from tests.web.api.made_up_api import MadeUpApi
from tests.web.office import Client, Office

NOTE = {"note": "because"}
JSON = {"Content-Type": "application/json"}


def script(office: Office, role: Role = Role.ADMIN) -> Client:
    """Return a script with the token of a new operator."""
    client = office.client()
    client.headers["Authorization"] = f"Bearer {office.operator(role, name=f'{role}-{uuid4().hex}')[1]}"
    return client


def problem(answer: httpx.Response) -> Mapping[str, Any]:
    """Return the problem that an answer is, after making sure that it is one."""
    assert answer.headers["content-type"] == "application/problem+json"
    found: Mapping[str, Any] = answer.json()
    Draft202012Validator(problem_schema()).validate(found)
    assert found["status"] == answer.status_code
    return found


def test_a_problem_names_the_request(shared_office: Office) -> None:
    answer = script(shared_office).get("/api/v1/nothing-here")

    assert answer.status_code == 404
    assert problem(answer)["instance"] == answer.headers["x-request-id"]


def test_who_has_no_token_is_told_how_to_have_one_wherever_they_knock(shared_office: Office) -> None:
    for path in ("/api/v1/me", "/api/v1/nothing-here", "/api/v1/"):
        answer = shared_office.client().get(path)

        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="posture"')
        assert problem(answer)["type"] == "urn:posture:problem:not-signed-in"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", "bearer\t", "Bearer a b"])
def test_what_is_no_bearer_token_is_refused(shared_office: Office, header: str) -> None:
    answer = shared_office.client().get("/api/v1/me", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_a_token_that_was_revoked_is_refused(shared_office: Office) -> None:
    admin, _ = shared_office.operator()
    operator, token = shared_office.operator(Role.VIEWER)
    bearer = {"Authorization": f"Bearer {token}"}
    before = shared_office.client().get("/api/v1/me", headers=bearer)
    shared_office.application.acting.revoke_operator(operator.name, by=admin)

    after = shared_office.client().get("/api/v1/me", headers=bearer)

    assert (before.status_code, after.status_code) == (200, 401)
    assert 'error="invalid_token"' in after.headers["www-authenticate"]
    assert operator.name not in after.text


def test_whoever_is_signed_in_on_the_page_is_nobody_here(shared_office: Office) -> None:
    browser = shared_office.signed_in(Role.ADMIN)

    assert browser.get("/api/v1/me").status_code == 401


def test_guessing_tokens_ends_in_too_many(office: Office) -> None:
    client = office.client()

    answers = [client.get("/api/v1/me", headers={"Authorization": f"Bearer guess-{n}"}) for n in range(40)]

    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert problem(answers[-1])["type"] == "urn:posture:problem:too-many"


def test_too_many_changes_are_refused_and_looking_goes_on(shared_office: Office) -> None:
    client = script(shared_office)

    answers = [client.post("/api/v1/plans/none/execute") for _ in range(130)]

    assert answers[0].status_code == 404
    assert (answers[-1].status_code, problem(answers[-1])["status"]) == (429, 429)
    assert client.get("/api/v1/me").status_code == 200


def test_the_methods_of_an_address_are_told(shared_office: Office) -> None:
    answer = script(shared_office).request("PUT", "/api/v1/exemptions")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert problem(answer)["type"] == "urn:posture:problem:wrong-method"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND"])
def test_other_methods_are_not_known(shared_office: Office, method: str) -> None:
    assert script(shared_office).request(method, "/api/v1/me").status_code == 405


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml;q=1", "application/json;q=0", "*/*; q=0.000", "image/*, text/*"]
)
def test_who_takes_no_json_gets_a_problem(shared_office: Office, accept: str) -> None:
    answer = script(shared_office).get("/api/v1/me", headers={"Accept": accept})

    assert answer.status_code == 406
    assert problem(answer)["type"] == "urn:posture:problem:not-acceptable"


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/html, */*;q=0.1", "application/json", "APPLICATION/JSON ; q=0.5"]
)
def test_who_takes_json_among_others_gets_it(shared_office: Office, accept: str) -> None:
    assert script(shared_office).get("/api/v1/me", headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"note": ', JSON, 400),
        (b"", JSON, 400),
        (b"\xff\xfe", JSON, 400),
        (b'{"note": "\\ud800"}', JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b'{"note": "because"}', {}, 415),
        (b"note=because", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b'{"note": "because"}', {"Content-Type": "text/plain"}, 415),
        (b"[]", JSON, 422),
        (b"null", JSON, 422),
        (b"{}", JSON, 422),
        (b'{"note": 1}', JSON, 422),
        (b'{"note": ""}', JSON, 422),
        (b'{"note": "a\\u0000b"}', JSON, 422),
        (b'{"note": "because", "times": "2"}', JSON, 422),
        (b'{"note": "because", "times": 10}', JSON, 422),
        (b'{"note": "because", "more": true}', JSON, 422),
    ],
)
def test_a_body_that_is_not_as_the_document_says_is_refused(
    made_up: MadeUpApi, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = made_up.client().post("/made-up", content=body, headers=headers)

    assert (answer.status_code, made_up.asked) == (status, [])
    problem(answer)


def test_every_wrong_part_of_a_body_is_named_but_not_its_value(made_up: MadeUpApi) -> None:
    body = {"note": "", "times": "s3cret", "a/b~c": 1}

    answer = made_up.client().post("/made-up", json=body)

    assert [each["pointer"] for each in problem(answer)["errors"]] == ["/note", "/times", "/a~1b~0c"]
    assert "s3cret" not in answer.text


def test_wrong_parameters_are_named(shared_office: Office) -> None:
    answer = script(shared_office).get("/api/v1/findings?limit=0&sort=colour&unheard-of=1")

    errors = problem(answer)["errors"]
    assert answer.status_code == 422
    assert {(each["parameter"], each["pointer"]) for each in errors} == {
        ("limit", None),
        ("sort", None),
        ("unheard-of", None),
    }


def test_a_body_where_none_is_read_is_refused(shared_office: Office) -> None:
    client = script(shared_office)

    answer = client.post("/api/v1/channels/none/test", json={"to": "somebody else"})

    assert (answer.status_code, problem(answer)["type"]) == (422, "urn:posture:problem:invalid")


def test_a_body_over_a_megabyte_is_refused_as_a_problem(shared_office: Office) -> None:
    answer = script(shared_office).post("/api/v1/exemptions", content=b" " * (1024 * 1024 + 1), headers=JSON)

    assert (answer.status_code, problem(answer)["type"]) == (413, "urn:posture:problem:too-large")


def test_another_host_is_refused_as_a_problem(shared_office: Office) -> None:
    answer = script(shared_office).get("/api/v1/me", headers={"Host": "evil.example.com"})

    assert (answer.status_code, problem(answer)["type"]) == (421, "urn:posture:problem:wrong-host")


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (NotThere("there is no plan x"), 404),
        (UsageError("the end is over"), 422),
        (NotAllowed("vera is viewer"), 403),
        (NotAllowedToDecide("your own plan"), 403),
        (SignInTooOld("sign in again"), 403),
        (ActionRefused("the gate is closed"), 409),
        (PlanInProgress("another worker"), 409),
        (WrongMove("no"), 409),
    ],
)
def test_the_sentence_of_an_expected_failure_is_told(made_up: MadeUpApi, failure: PostureError, status: int) -> None:
    made_up.failure = failure

    answer = made_up.client().post("/made-up", json=NOTE)

    assert (answer.status_code, problem(answer)["detail"]) == (status, str(failure))


@pytest.mark.parametrize(
    ("failure", "status"), [(StoreError("password=hunter2"), 503), (SettingsError("password=hunter2"), 500)]
)
def test_what_is_the_operators_of_the_service_to_mend_is_not_told(
    made_up: MadeUpApi, failure: PostureError, status: int
) -> None:
    made_up.failure = failure

    answer = made_up.client().post("/made-up", json=NOTE)

    assert answer.status_code == status
    assert "hunter2" not in str(problem(answer))


def test_a_surprise_is_a_problem_and_nothing_of_it_is_told(office: Office) -> None:
    def surprise() -> None:
        raise RuntimeError("password=hunter2")

    api = next(route.app for route in office.app.routes if getattr(route, "path", "") == "/api/v1")
    api.add_api_route("/surprise", surprise)

    answer = script(office).get("/api/v1/surprise")

    assert (answer.status_code, problem(answer)["type"]) == (500, "urn:posture:problem:broken")
    assert "hunter2" not in answer.text
    assert problem(answer)["instance"] == answer.headers["x-request-id"]


def test_every_type_of_problem_has_one_status_and_one_title() -> None:
    assert len({kind.uri for kind in ProblemKind}) == len(ProblemKind)
    assert all(kind.title and 400 <= kind.status <= 599 for kind in ProblemKind)


def test_what_has_not_changed_is_not_sent_again(shared_office: Office) -> None:
    client = script(shared_office)
    first = client.get("/api/v1/me")
    tag = first.headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get("/api/v1/me", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    changed = client.get("/api/v1/me", headers={"If-None-Match": '"other"'})

    assert (changed.status_code, changed.content) == (200, first.content)


def test_no_answer_sets_a_cookie_or_may_be_kept_by_a_proxy(shared_office: Office) -> None:
    client = script(shared_office)

    for answer in (
        client.get("/api/v1/me"),
        client.get("/api/v1/nothing-here"),
        shared_office.client().get("/api/v1/me"),
    ):
        assert "set-cookie" not in answer.headers
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
