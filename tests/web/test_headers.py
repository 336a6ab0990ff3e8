"""What every answer carries, whatever it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posture.web.app import create_app
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import Client, Office

EVERY_KIND = [
    "/sign-in",
    "/made-up",
    "/not/there",
    "/api/v1/me",
    "/static/posture.css",
    "/static/none.css",
    "/healthz",
]


@pytest.mark.parametrize("path", EVERY_KIND)
def test_every_answer_says_what_browsers_may_do_with_it(pages: MadeUpPages, web_client: Client, path: str) -> None:
    headers = web_client.get(path).headers

    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert len(headers["x-request-id"]) == 16
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


def test_no_page_is_kept_by_a_browser_or_a_proxy(office: Office, pages: MadeUpPages) -> None:
    client = office.signed_in()

    assert client.get("/made-up").headers["cache-control"] == "no-store"
    assert client.get("/sign-in").headers["cache-control"] == "no-store"
    assert client.get("/api/v1/me").headers["cache-control"] == "no-store"


def test_files_are_kept_under_an_address_that_names_their_content(web_client: Client) -> None:
    assert "immutable" in web_client.get("/static/posture.css?v=0123456789ab").headers["cache-control"]
    assert web_client.get("/static/posture.css").headers["cache-control"] == "no-cache"


def test_a_page_reached_through_tls_is_never_asked_for_without_again(office: Office) -> None:
    secure = replace(office.service, url="https://posture.example.com")
    app = create_app(office.application, settings=secure)

    with_tls = Client(app, base_url=secure.url).get("/sign-in").headers
    without = office.client().get("/sign-in").headers

    assert with_tls["strict-transport-security"] == "max-age=63072000"
    assert "strict-transport-security" not in without


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/....//app.py",
        "/static/..\\app.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/vendor/../../render.py",
        "/static/",
        "/static",
    ],
)
def test_nothing_but_static_files_is_served_as_such(web_client: Client, path: str) -> None:
    answer = web_client.get(path)

    assert answer.status_code in (404, 405)
    assert "import" not in answer.text
    assert "root:" not in answer.text
