"""The frame of the page: who gets in, what every answer carries, how failures look."""

from __future__ import annotations

from posture.domain.operator import Role
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import Client, Office


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
