"""The frame of the page: who gets in, and what stands around every page."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute

from posture.domain.operator import Role
from posture.web.pages import PAGES
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import URL, Client, Office


def test_who_is_not_signed_in_is_led_to_signing_in_and_back(pages: MadeUpPages, web_client: Client) -> None:
    answer = web_client.get("/made-up?tenant=contoso")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fmade-up%3Ftenant%3Dcontoso"


def test_an_operators_token_signs_in(office: Office, web_client: Client) -> None:
    _, token = office.operator(Role.VIEWER)

    answer = web_client.post(
        "/sign-in", data={"token": token, "next": "/plans"}, headers={"origin": office.service.url}
    )

    assert (answer.status_code, answer.headers["location"]) == (303, "/plans")
    assert web_client.get("/sign-in").headers["location"] == "/"


def test_people_see_the_tenants_that_they_are_for_and_no_others(office: Office, pages: MadeUpPages) -> None:
    limited, unlimited = office.signed_in(Role.VIEWER, ["contoso"]), office.signed_in()

    assert "fabrikam" not in limited.get("/nowhere").text
    assert "fabrikam" in unlimited.get("/nowhere").text


def test_the_navigation_leads_nobody_to_a_page_that_they_may_not_open(office: Office, pages: MadeUpPages) -> None:
    limited, viewer, admin = (
        office.signed_in(Role.VIEWER, ["contoso"]).get("/nowhere").text,
        office.signed_in(Role.VIEWER).get("/nowhere").text,
        office.signed_in(Role.ADMIN).get("/nowhere").text,
    )

    assert ['href="/channels"' in page for page in (limited, viewer, admin)] == [False, True, True]
    assert ['href="/operators"' in page for page in (limited, viewer, admin)] == [False, False, True]
    assert all('href="/findings"' in page for page in (limited, viewer, admin))


def test_a_stop_is_told_to_whom_it_concerns(office: Office, pages: MadeUpPages) -> None:
    admin, _ = office.operator(name="boss")
    limited, unlimited = office.signed_in(Role.VIEWER, ["contoso"]), office.signed_in(Role.VIEWER)
    acting = office.application.acting
    acting.stop(admin, office.application.tenant_named("fabrikam"), reason="<b>an incident</b>")

    assert "In fabrikam, actions are stopped by boss: &lt;b&gt;an incident" in unlimited.get("/nowhere").text
    assert "actions are stopped" not in limited.get("/nowhere").text

    acting.stop(admin, None, reason="everything")

    assert "Everywhere, actions are stopped by boss: everything" in limited.get("/nowhere").text


def test_who_is_not_signed_in_sees_no_navigation(office: Office, web_client: Client) -> None:
    page = web_client.get("/nowhere").text

    assert "contoso" not in page
    assert "Sign out" not in page


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/admin", "/.env", "/.git/config"])
def test_nothing_is_served_that_nobody_meant_to(web_client: Client, path: str) -> None:
    assert web_client.get(path).status_code == 404


def test_every_page_asks_who_comes(web_client: Client) -> None:
    routes = [route for router in PAGES for route in router.routes if isinstance(route, APIRoute)]

    answers = {
        (method, route.path): web_client.request(method, route.path, headers={"origin": URL})
        for route in routes
        for method in route.methods
    }

    assert len(answers) > 40
    assert {answer.status_code for answer in answers.values()} == {303}
    assert {answer.headers["location"].partition("?")[0] for answer in answers.values()} == {"/sign-in"}


def test_every_change_asks_for_the_token_of_the_sign_in(office: Office) -> None:
    routes = [route for router in PAGES for route in router.routes if isinstance(route, APIRoute)]
    client = office.signed_in()
    client.headers["x-csrf-token"] = "of somebody else"

    answers = {
        (method, route.path): client.request(method, route.path)
        for route in routes
        for method in route.methods - {"GET", "HEAD"}
    }

    assert len(answers) > 15
    assert {answer.status_code for answer in answers.values()} == {403}
