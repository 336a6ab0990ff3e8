"""How failures look: one page for all, a sentence, the id of the request, nothing of the inside."""

from __future__ import annotations

import logging
import re

import pytest
from starlette.exceptions import HTTPException

from posture.errors import (
    ActionRefused,
    NotAllowed,
    NotAllowedToDecide,
    NotThere,
    PlanInProgress,
    SettingsError,
    SignInTooOld,
    StoreError,
    UsageError,
    WrongMove,
)
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import URL, Client, Office

SECRET = "postgresql://posture:hunter2@db.example.com"


@pytest.mark.parametrize(
    ("error", "status", "shown"),
    [
        (NotThere('no plan "7"'), 404, True),
        (UsageError("the cursor is not one of ours"), 422, True),
        (NotAllowed("ann is viewer"), 403, True),
        (NotAllowedToDecide("ann proposed it"), 403, True),
        (ActionRefused("actions are stopped"), 409, True),
        (PlanInProgress("another worker executes it"), 409, True),
        (WrongMove("it was rejected"), 409, True),
        (StoreError(SECRET), 503, False),
        (SettingsError(SECRET), 500, False),
        (RuntimeError(SECRET), 500, False),
        (KeyError(SECRET), 500, False),
        (HTTPException(404, SECRET), 404, False),
    ],
    ids=repr,
)
def test_a_failure_is_told_in_a_sentence_and_without_what_nobody_should_see(
    office: Office, pages: MadeUpPages, error: Exception, status: int, shown: bool
) -> None:
    client = office.signed_in()
    pages.failure = error

    answer = client.get("/made-up")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"Request {answer.headers['x-request-id']}" in answer.text
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    assert (str(error)[1:].replace('"', "&#34;") in answer.text) is shown


def test_what_nobody_foresaw_is_in_the_log_under_the_id_of_the_request(
    office: Office, pages: MadeUpPages, caplog: pytest.LogCaptureFixture
) -> None:
    client = office.signed_in()
    pages.failure = RuntimeError("it is broken")

    with caplog.at_level(logging.ERROR, logger="posture"):
        answer = client.get("/made-up")

    [record] = caplog.records
    assert record.request_id == answer.headers["x-request-id"]  # type: ignore[attr-defined]
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "it is broken"


def test_what_was_half_sent_is_cut_off_and_not_ended(office: Office, pages: MadeUpPages) -> None:
    client = office.signed_in(raise_server_exceptions=False)

    with pytest.raises(RuntimeError, match="second half"):
        office.sign_in(office.client(), office.operator()[0]).get("/made-up/half")
    assert client.get("/made-up").status_code == 200  # the page lives on


def test_a_hostile_sentence_is_shown_and_not_run(office: Office, pages: MadeUpPages) -> None:
    client = office.signed_in()
    pages.failure = UsageError("no finding <script>alert(1)</script>\u202e\x1b[31m\r\nset-cookie: a=b")

    answer = client.get("/made-up")

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e\\x1b" in answer.text
    assert "set-cookie" not in answer.headers


def test_an_approval_with_an_old_sign_in_leads_to_a_new_one_and_back_to_the_form(
    office: Office, pages: MadeUpPages
) -> None:
    client = office.signed_in()
    pages.failure = SignInTooOld("ann signed in too long ago")

    answer = client.post("/made-up", data={"note": "yes"}, headers={"referer": f"{URL}/plans/7?tab=targets"})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in/again?next=%2Fplans%2F7%3Ftab%3Dtargets"


@pytest.mark.parametrize("referer", ["https://evil.example.com/plans", "//evil.example.com", "not an address", ""])
def test_an_old_sign_in_never_leads_back_to_another_site(office: Office, pages: MadeUpPages, referer: str) -> None:
    client = office.signed_in()
    pages.failure = SignInTooOld("ann signed in too long ago")

    answer = client.post("/made-up", data={"note": "yes"}, headers={"referer": referer})

    assert answer.headers["location"] == "/sign-in/again?next=%2F"


def test_a_part_of_a_page_that_is_loaded_leads_the_whole_page_to_signing_in(
    pages: MadeUpPages, web_client: Client
) -> None:
    headers = {"hx-request": "true", "hx-current-url": f"{URL}/plans/7"}

    answer = web_client.get("/made-up", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/sign-in?next=%2Fplans%2F7"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/sign-in", 405), ("GET", "/made-up/", 404), ("BREW", "/sign-in", 405)],
)
def test_an_address_that_is_none_is_told_in_the_same_shape(
    pages: MadeUpPages, web_client: Client, method: str, path: str, status: int
) -> None:
    answer = web_client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Request " in answer.text


@pytest.mark.parametrize("path", ["//evil.example.com", "//evil.example.com/%2e%2e/plans"])
def test_an_address_that_somebody_made_up_leads_nobody_to_another_host(office: Office, path: str) -> None:
    answer = office.signed_in().get(f"{URL}{path}")

    assert answer.status_code == 404
    assert [link for link in re.findall('(?:href|action)="([^"]*)"', answer.text) if link.startswith("//")] == []


def test_a_form_that_lacks_something_is_told_without_what_was_sent(office: Office, pages: MadeUpPages) -> None:
    answer = office.signed_in().post("/made-up", data={"password": "hunter2"})

    assert answer.status_code == 422
    assert "hunter2" not in answer.text


def test_the_api_fails_in_its_own_shape(web_client: Client) -> None:
    answer = web_client.get("/api/v1/nowhere", headers={"host": "evil.example.com"})

    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"


def test_health_tells_nothing_but_that(office: Office, web_client: Client) -> None:
    assert web_client.get("/healthz").text == "alive\n"
    assert web_client.get("/readyz").text == "ready\n"

    spoil(office)
    broken = web_client.get("/readyz")

    assert (broken.status_code, broken.text) == (503, "not ready\n")
    assert web_client.get("/healthz").status_code == 200


def test_a_database_that_is_gone_meanwhile_is_told_like_everything_else(office: Office, pages: MadeUpPages) -> None:
    client = office.signed_in()
    pages.before = lambda: spoil(office)
    pages.failure = StoreError("it is gone")

    first, second = client.get("/made-up"), client.get("/made-up")

    assert (first.status_code, second.status_code) == (503, 503)
    assert "Whether actions are stopped cannot be read now" in first.text
    assert first.headers["retry-after"] == "5"


def spoil(office: Office) -> None:
    """Make the database one that cannot be used."""
    office.close()
    for path in office.application.settings.data_dir.glob("posture.db*"):
        path.unlink()
    (office.application.settings.data_dir / "posture.db").write_bytes(b"this is no database" * 100)
