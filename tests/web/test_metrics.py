"""What Prometheus is told, and by whom it may be asked."""

from __future__ import annotations

import pytest

from posture.domain.operator import Role, Scope
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import Client, Office


def ask(client: Client, token: str) -> tuple[int, str]:
    answer = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
    return answer.status_code, answer.text


def test_metrics_are_for_an_operator_who_may_read_everything(office: Office, web_client: Client) -> None:
    office.operator()
    _, for_all = office.operator(Role.VIEWER)
    _, for_some = office.operator(Role.VIEWER, ["contoso"])
    _, not_reading = office.operator(Role.ADMIN, scopes=[Scope.DECIDE])

    assert ask(web_client, for_all)[0] == 200
    assert ask(web_client, for_some)[0] == 403
    assert ask(web_client, not_reading)[0] == 403
    assert ask(web_client, "posture_nobody")[0] == 401


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic YTpi"}, {"authorization": "Bearer "}], ids=str)
def test_metrics_are_not_for_everybody(web_client: Client, headers: dict[str, str]) -> None:
    answer = web_client.get("/metrics", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_answers_are_counted_by_the_pattern_of_their_address(
    office: Office, pages: MadeUpPages, web_client: Client
) -> None:
    _, token = office.operator()
    for path in ("/made-up", "/nowhere/1", "/nowhere/2", "/static/posture.css"):
        web_client.get(path)
    web_client.request("BREW", "/sign-in")

    _, told = ask(web_client, token)

    assert 'posture_request_seconds_count{method="GET",route="/made-up",status="303"} 1.0' in told
    assert 'posture_request_seconds_count{method="OTHER"' in told
    assert "nowhere" not in told
    assert "BREW" not in told


def test_failures_that_nobody_foresaw_are_counted(office: Office, pages: MadeUpPages) -> None:
    client = office.signed_in()
    _, token = office.operator(name="prometheus")
    pages.failure = RuntimeError("broken")

    client.get("/made-up")

    assert "posture_unexpected_errors_total 1.0" in ask(client, token)[1]
