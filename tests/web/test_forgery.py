"""Changes that another page asks for in the same browser."""

from __future__ import annotations

from typing import Any

import pytest

from posture.domain.operator import Role
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import URL, Client, Office

SAME = {"sec-fetch-site": "same-origin"}


def bare(client: Client) -> Client:
    """Return the browser without what our own pages send along."""
    for name in ("origin", "x-csrf-token"):
        client.headers.pop(name, None)
    return client


@pytest.mark.parametrize(
    "headers",
    [{"origin": URL}, SAME, {"origin": URL, **SAME}],
    ids=str,
)
def test_a_form_of_our_own_page_is_taken(office: Office, pages: MadeUpPages, headers: dict[str, str]) -> None:
    client = bare(office.signed_in())

    answer = client.post("/made-up", data={"note": "hello", "csrf_token": client.csrf_token}, headers=headers)

    assert answer.status_code == 200
    assert pages.changes == ["hello"]


def test_a_script_of_our_own_page_may_send_the_token_as_a_header(office: Office, pages: MadeUpPages) -> None:
    client = office.signed_in()

    assert client.post("/made-up", data={"note": "hello"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example.com"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8081"},
        {"origin": "https://127.0.0.1:8080"},
        {"origin": "http://127.0.0.1:8080.evil.example.com"},
        {"origin": URL, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
    ids=str,
)
def test_a_form_of_another_page_is_refused_even_with_the_token(
    office: Office, pages: MadeUpPages, headers: dict[str, str]
) -> None:
    client = bare(office.signed_in())

    answer = client.post("/made-up", data={"note": "hello", "csrf_token": client.csrf_token}, headers=headers)

    assert answer.status_code == 403
    assert pages.changes == []


@pytest.mark.parametrize("token", [None, "", "wrong", "\u00e9"])
def test_a_form_without_the_token_of_the_sign_in_is_refused(
    office: Office, pages: MadeUpPages, token: str | None
) -> None:
    client = bare(office.signed_in())
    form = {"note": "hello"} | ({} if token is None else {"csrf_token": token})

    answer = client.post("/made-up", data=form, headers={"origin": URL})

    assert answer.status_code == 403
    assert "load the page anew" in answer.text
    assert pages.changes == []


def test_the_token_of_another_sign_in_is_refused(office: Office, pages: MadeUpPages) -> None:
    client, other = office.signed_in(), office.signed_in(Role.VIEWER)

    answer = client.post("/made-up", data={"note": "hello"}, headers={"x-csrf-token": other.csrf_token})

    assert answer.status_code == 403
    assert pages.changes == []


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"note": "hello", "csrf_token": "TOKEN"}},
        {"content": "note=hello&csrf_token=TOKEN", "headers": {"content-type": "text/plain"}},
        {"params": {"csrf_token": "TOKEN"}, "data": {"note": "hello"}},
    ],
    ids=["json", "plain text", "query"],
)
def test_the_token_counts_in_a_form_or_a_header_only(
    office: Office, pages: MadeUpPages, body: dict[str, Any]
) -> None:
    client = bare(office.signed_in())
    client.headers["origin"] = URL
    told = eval(repr(body).replace("TOKEN", client.csrf_token))  # noqa: S307 - a dictionary of this file

    answer = client.post("/made-up", **told)

    assert answer.status_code == 403
    assert pages.changes == []


def test_a_token_that_is_no_text_is_refused(office: Office, pages: MadeUpPages) -> None:
    client = bare(office.signed_in())
    part = b'--X\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n\\ud800\r\n--X--\r\n'
    headers = {"origin": URL, "content-type": "multipart/form-data; boundary=X; charset=unicode_escape"}

    answer = client.post("/made-up", content=part, headers=headers)

    assert answer.status_code == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_no_method_that_may_change_something_gets_by(office: Office, pages: MadeUpPages, method: str) -> None:
    client = bare(office.signed_in())

    answer = client.request(method, "/made-up", data={"note": "hello"})

    assert answer.status_code in (403, 405)
    assert pages.changes == []


def test_a_cookie_is_no_way_into_the_api(office: Office) -> None:
    assert office.signed_in().get("/api/v1/me").status_code == 401


def test_a_token_is_no_way_onto_the_page(office: Office, pages: MadeUpPages, web_client: Client) -> None:
    _, token = office.operator()

    answer = web_client.get("/made-up", headers={"authorization": f"Bearer {token}"})

    assert answer.status_code == 303


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example.com"}])
def test_another_page_cannot_sign_somebody_in(office: Office, headers: dict[str, str]) -> None:
    _, token = office.operator()

    answer = office.client().post("/sign-in", data={"token": token}, headers=headers)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_another_page_cannot_sign_somebody_out(office: Office, pages: MadeUpPages) -> None:
    client = bare(office.signed_in())

    client.post("/sign-out", headers={"origin": "https://evil.example.com"})

    assert client.get("/made-up").status_code == 200
